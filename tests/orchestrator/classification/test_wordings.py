"""Sentences that nobody sent: the kinds of failures in other words, and in other languages."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.classification import classify
from orchestrator.classification.phrases import normalise
from orchestrator.classification.rules import languages
from orchestrator.states.reasons import Reason

TABLE = Path(__file__).with_name("wordings.jsonl")
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['status']}-{at}" for at, row in enumerate(ROWS)])
def test_a_wording_that_no_vendor_documents_is_understood(row: dict[str, Any]) -> None:
    error = classify(status=row["status"], body=row["body"], headers=row.get("headers"))

    assert error.reason == row["reason"], row["body"]


def test_accents_of_latin_letters_do_not_count() -> None:
    assert normalise("Épuisé, ĐÃ HẾT, çok büyük") == normalise("epuise, da het, cok buyuk")


def test_what_looks_like_an_accent_in_other_scripts_does() -> None:
    assert normalise("が й") == "が й"


@pytest.mark.parametrize(
    ("text", "same"),
    [("it doesn't", "it does not"), ("we can't", "we cannot"), ("isn\u2019t", "is not")],
)
def test_a_contraction_is_the_words_that_it_stands_for(text: str, same: str) -> None:
    assert normalise(text) == normalise(same)


LISTS = {name: words for name, words in vars(languages).items() if name.isupper()}


@pytest.mark.parametrize("name", sorted(LISTS))
def test_a_stem_is_written_as_texts_are_read(name: str) -> None:
    for written in LISTS[name]:
        assert normalise(written.strip("*")) == written.strip("*")


OFFERED = "Your plan ended."


@pytest.mark.parametrize("status", [400, 403, 429])
@pytest.mark.parametrize("kind", ["rate_limit_error", "overloaded_error", "permission_error", ""])
def test_no_type_stands_before_the_words_below_it(status: int, kind: str) -> None:
    body = {"error": {"type": kind, "message": OFFERED}}

    assert classify(status=status, body=body).reason is Reason.BILLING


@pytest.mark.parametrize("words", ["All keys rest", "the model is busy", "at capacity", ""])
def test_a_429_that_asks_for_a_wait_limits_the_rate(words: str) -> None:
    asked = classify(status=429, body={"message": words}, headers={"Retry-After": "90000"})

    assert (asked.reason, asked.retry_after) == (Reason.RATE_LIMIT, 90_000)


@pytest.mark.parametrize("value", ["0", "-1", ""])
def test_no_wait_is_no_question(value: str) -> None:
    body = {"message": "The model is overloaded"}

    asked = classify(status=429, body=body, headers={"Retry-After": value})

    assert asked.reason is Reason.OVERLOADED


def test_a_402_without_a_window_is_money_whatever_it_asks_for() -> None:
    body = {"message": "Payment required"}

    assert classify(status=402, body=body, headers={"Retry-After": "20"}).reason is Reason.BILLING
