"""The rules themselves: readable, sourced, reachable, and never keyed on a count."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator.classification.facts import FailureFacts
from orchestrator.classification.failure_reader import read_failure
from orchestrator.classification.matching import RuleSet
from orchestrator.classification.phrases import normalise, phrase
from orchestrator.classification.pipeline import decide
from orchestrator.classification.rule import Rule, unreachable
from orchestrator.classification.rule_books import all_rules, codes_first, rule_book
from orchestrator.classification.rules.repairs import NAMES
from orchestrator.classification.rules.transport import RESEND
from orchestrator.states.reasons import Reason
from orchestrator.vendors import all_vendors, family

CASES = [
    json.loads(line)
    for line in Path(__file__).with_name("cases.jsonl").read_text(encoding="utf-8").splitlines()
]
IDS = [rule.id for rule in all_rules()]


def test_ids_are_unique() -> None:
    assert sorted(set(IDS)) == sorted(IDS)


@pytest.mark.parametrize("rule", all_rules(), ids=IDS)
def test_a_rule_is_readable_sourced_and_reachable(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9-]+\.[a-z0-9_-]+", rule.id)
    assert re.search(r"\b20\d\d\b|design section 4|undecidable", rule.source), "no dated source"
    assert unreachable(rule, filed=True) is None
    assert not rule.hint or (rule.hint.endswith(".") and "\n" not in rule.hint)
    assert not rule.revoked or rule.reason is Reason.AUTH
    assert rule.repair in (None, RESEND, *NAMES)
    # A subject is looked up by its place, so it has one.
    assert not rule.near or all("…" not in written for written in rule.contains)


@pytest.mark.parametrize("rule", all_rules(), ids=IDS)
def test_a_body_can_bring_each_of_a_rules_codes(rule: Rule) -> None:
    """A code that no key of a body brings would stand in its rule for nothing."""
    assert {
        code for code in rule.codes if not _is_signal(code) and not _brings(rule, code)
    } == set()


def _is_signal(code: str) -> bool:
    """Whether a code is one of ours: of exceptions, finish reasons, the shape of a body."""
    return ":" in code or code in {"exception", "sse", "quote"}


def _brings(rule: Rule, code: str) -> bool:
    body: Any = code
    for name in reversed((rule.field or "error.code").split(".")):
        body = {name: body}
    named = frozenset({rule.field} - {""})
    error = read_failure(
        status=400, headers=None, body=body, exception=None, message=None, where="", named=named
    )
    return code in (error.values.get(rule.field, ()) if rule.field else error.codes)


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({}, "nothing points at it"),
        ({"regex": re.compile("x")}, "nothing points at it"),
        ({"types": {"odd"}}, "nothing points at it"),
        ({"statuses": {402}, "other_statuses": {402}}, "no HTTP answer has the status 402"),
        ({"near": ("ran out",), "codes": {"x"}}, "needs something in contains"),
        ({"contains": ("credit", "* …")}, "has no text"),
        ({"codes": {""}}, "its code is empty"),
        ({"field": "oops.n", "contains": ("a",), "near": ("b",)}, "not looked for in the field"),
    ],
)
def test_a_rule_that_no_body_can_bring_is_named(conditions: Any, why: str) -> None:
    assert why in str(unreachable(Rule("a.b", Reason.BILLING, **conditions), filed=True))


@pytest.mark.parametrize("rule", all_rules(), ids=IDS)
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
    facts = FailureFacts(
        http_status=429,
        status=429,
        codes=frozenset({"1113"}),
        texts=("too many requests, rate limit",),
    )

    vendor, anyone = (decide(rule_book(name), facts)[0] for name in ("zai", ""))

    assert (vendor.reason, anyone.reason) == (Reason.BILLING, Reason.RATE_LIMIT)


def test_no_two_vendors_claim_one_failure_for_two_reasons() -> None:
    """Words that hold behind any relay are one vendor's, whoever is asked first."""
    orders = [
        RuleSet(codes_first(rule for one in listed for rule in one.rules if rule.elsewhere))
        for listed in (all_vendors(), all_vendors()[::-1])
    ]
    asked = ("status", "headers", "body", "exception", "message", "where")
    for case in CASES:
        failure = read_failure(**{name: case.get(name) for name in asked})
        first, last = ([rule.reason for rule in [rules.first(failure)] if rule] for rules in orders)
        assert first == last, case["id"]


def test_the_quick_way_finds_what_reading_every_rule_finds() -> None:
    facts = FailureFacts(http_status=403, status=403, texts=("Key limit exceeded (total limit)",))

    found, _ = decide(rule_book("openrouter"), facts)

    assert found.id == "openrouter.key-limit"
