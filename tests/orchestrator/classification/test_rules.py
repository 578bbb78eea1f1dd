"""The rules themselves: readable, sourced, reachable, and never keyed on a count."""

import re

import pytest

from orchestrator.classification.facts import Facts
from orchestrator.classification.families import family
from orchestrator.classification.phrases import normalise, phrase
from orchestrator.classification.pipeline import decide
from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import ALL, rule_book
from orchestrator.classification.rules.repairs import NAMES
from orchestrator.states.reasons import Reason

IDS = [rule.id for rule in ALL]


def test_ids_are_unique() -> None:
    assert sorted(set(IDS)) == sorted(IDS)


@pytest.mark.parametrize("rule", ALL, ids=IDS)
def test_a_rule_is_readable_sourced_and_reachable(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9-]+\.[a-z0-9_-]+", rule.id)
    assert re.search(r"\b20\d\d\b|design section 4|undecidable", rule.source), "no dated source"
    assert rule.codes or rule.contains or rule.statuses, "nothing points at it"
    assert not rule.hint or (rule.hint.endswith(".") and "\n" not in rule.hint)
    assert not rule.revoked or rule.reason is Reason.AUTH
    assert rule.repair is None or rule.repair in NAMES
    # A subject is looked up by its place, so it has one; and what is near needs something.
    assert not rule.near or all("…" not in written for written in rule.contains)
    assert not rule.near or rule.contains


@pytest.mark.parametrize("rule", ALL, ids=IDS)
def test_no_rule_is_keyed_on_digits_that_could_be_a_count(rule: Rule) -> None:
    named = re.compile(r"error code: |\(\d{4}\)|[a-z] ?\d|\d+ ?[a-z]|limit|temperature|\$0|balance")
    for written in (*rule.contains, *rule.near, *rule.also):
        if re.search(r"\d", written):
            assert named.search(written), f"{written!r} is little more than a number"


@pytest.mark.parametrize(
    ("written", "text", "within"),
    [
        ("rate limit", "Rate-limit reached", True),
        ("rate limit", "corporate limitation", False),
        ("rate limit*", "the rate limits", True),
        ("rate limit", "the rate limits", False),
        ("model … not found", "model 'x' was not found", True),
        ("model … not found", "not found: model", False),
        ("余额不足", "账户余额不足，请充值", True),
        ("context length", "context\n  length exceeded", True),
        ("isn't supported", "isn\u2019t supported", True),
        ("got", "forgotten got", True),
        ("*wallet*", "mywallets", True),
    ],
)
def test_phrases_are_whole_words(written: str, text: str, *, within: bool) -> None:
    ready = phrase(written)

    assert ready.within(normalise(text)) is within


def test_a_phrase_without_text_is_refused() -> None:
    with pytest.raises(ValueError, match="no text"):
        phrase(" * … ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai", "openai"),
        ("OpenAI-Codex", "openai"),
        ("openai_work", "openai"),
        ("zhipu", "zai"),
        ("kimi-coding", "moonshot"),
        ("deepseek", "deepseek"),
        ("something-else", "something-else"),
        ("", ""),
    ],
)
def test_a_provider_name_belongs_to_a_vendor(name: str, expected: str) -> None:
    assert family(name) == expected


def test_the_vendors_code_stands_before_general_words() -> None:
    facts = Facts(
        http_status=429,
        status=429,
        codes=frozenset({"1113"}),
        texts=("too many requests, rate limit",),
    )

    vendor, anyone = (decide(rule_book(name), facts)[0] for name in ("zai", ""))

    assert (vendor.reason, anyone.reason) == (Reason.BILLING, Reason.RATE_LIMIT)


def test_the_quick_way_finds_what_reading_every_rule_finds() -> None:
    facts = Facts(http_status=403, status=403, texts=("Key limit exceeded (total limit)",))

    found, _ = decide(rule_book("openrouter"), facts)

    assert found.id == "openrouter.key-limit"
