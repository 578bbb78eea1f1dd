"""Rules from a config: what they match, and what is refused."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.classification import classify
from orchestrator.classification.regex_guard import compile_guarded, search_guarded
from orchestrator.classification.user_rules import shadowed_by, user_rule
from orchestrator.states.reasons import Reason, Scope

MATCHES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    (
        {"status": 418, "contains": "wallet is empty"},
        {"status": 418, "body": "Wallet is EMPTY"},
        True,
    ),
    (
        {"status": 418, "contains": "wallet is empty"},
        {"status": 402, "body": "Wallet is empty"},
        False,
    ),
    ({"contains": "wallet"}, {"status": 400, "body": {"odd": {"place": "mywallets"}}}, True),
    ({"contains": ["a1", "b2"]}, {"status": 400, "body": "xx b2 yy"}, True),
    ({"status": [418, 419]}, {"status": 419}, True),
    ({"status": 402}, {"status": 200, "body": {"error": {"code": 402, "message": "x"}}}, True),
    ({"code": 7001}, {"status": 400, "body": {"error": {"code": 7001}}}, True),
    ({"code": "NoMoney"}, {"status": 400, "body": {"error": {"code": "nomoney"}}}, True),
    ({"code": "a", "type": "b"}, {"status": 400, "body": {"code": "a", "type": "c"}}, False),
    ({"type": "wallet_error"}, {"status": 500, "body": {"error": {"type": "wallet_error"}}}, True),
    ({"regex": r"wallet-\d+ empty"}, {"status": 500, "body": "Wallet-77 EMPTY"}, True),
    ({"regex": r"^x"}, {"status": 500, "body": "yx"}, False),
    ({"header": "X-Money: none"}, {"status": 500, "headers": {"x-money": "None left"}}, True),
    ({"header": "X-Money"}, {"status": 500, "headers": {"X-MONEY": "9"}}, True),
    ({"header": "X-Money: none"}, {"status": 500, "headers": {"x-money": "plenty"}}, False),
]


@pytest.mark.parametrize("key", ["status", "contains"])
@pytest.mark.parametrize("empty", [[], (), {}])
def test_a_condition_that_lists_nothing_is_refused_by_name(key: str, empty: Any) -> None:
    with pytest.raises(ValueError, match=f"{key} is empty; give a"):
        user_rule("corp", 0, reason="billing", **{key: empty})


@pytest.mark.parametrize(("conditions", "facts", "expected"), MATCHES)
def test_a_rule_matches_where_all_its_conditions_hold(
    conditions: dict[str, Any], facts: dict[str, Any], *, expected: bool
) -> None:
    rule = user_rule("corp", 2, reason="billing", **conditions)

    error = classify(**facts, provider="corp", rules=[rule])

    assert (error.rule == "corp.rules[2]") is expected


def test_a_users_rule_stands_before_ours_and_brings_its_own_words() -> None:
    rule = user_rule(
        "deepseek", 0, reason="overloaded", status=402, scope="model", retry_after=60, hint="Wait."
    )

    error = classify(status=402, body="Insufficient Balance", provider="deepseek", rules=[rule])

    assert (error.reason, error.scope) == (Reason.OVERLOADED, Scope.MODEL)
    assert (error.retry_after, error.hint) == (60, "Wait.")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"reason": "biling", "status": 402}, "did you mean 'billing'"),
    ({"reason": "deadline", "status": 402}, "reason 'deadline' is unknown"),
    ({"reason": "billing"}, "no condition"),
    ({"reason": "billing", "status": True}, "no HTTP status"),
    ({"reason": "billing", "status": ["402"]}, "no HTTP status"),
    ({"reason": "billing", "contains": " "}, "no text"),
    ({"reason": "billing", "contains": "***"}, "no letters"),
    ({"reason": "billing", "regex": "("}, "does not parse"),
    ({"reason": "billing", "regex": "(a+)+$"}, "run for ever"),
    ({"reason": "billing", "regex": "x" * 501}, "characters"),
    ({"reason": "billing", "header": "no header: x"}, "no header"),
    ({"reason": "billing", "status": 402, "scope": "team"}, "allowed: key, account"),
    ({"reason": "billing", "status": 402, "retry_after": -1}, "no wait"),
]


@pytest.mark.parametrize(("fields", "words"), REFUSED)
def test_a_bad_rule_says_what_is_wrong(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        user_rule("corp", 0, **fields)


CATASTROPHIC = [
    "(a+)+", "(a*)*b", "(a|aa)+$", "(.*a){20,}", r"(\w+\s?)*$", "(a?){60}a{60}", r"(a)\1*",
    ".*.*x", "a?" * 20, "(?:a|ab)" * 12, "(?:(?:a{1,60}){1,60})", "(x|y+)*z",
    ".*?.{0,31}.{0,31}z", "[^z]*.{0,45}z.{0,20}q", ".{0,40}.{0,40}.{0,40}z",
]  # fmt: skip


@pytest.mark.parametrize("pattern", CATASTROPHIC)
def test_a_regex_that_could_hang_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="run for ever"):
        compile_guarded(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "wallet.*empty",
        r"code \d{3}",
        r"limit \d{1,9}, used \d{1,9}",
        "(?:no|empty) (?:money|wallet)",
        "[a-z]+@corp",
    ],
)
def test_an_ordinary_regex_is_allowed(pattern: str) -> None:
    assert compile_guarded(pattern).pattern == pattern


@settings(max_examples=60, deadline=None)
@given(st.text(r"ab(|)*+?{}[]\d.^$1,", max_size=20))
def test_what_the_guard_lets_through_ends_quickly(pattern: str) -> None:
    try:
        compiled = compile_guarded(pattern)
    except ValueError:
        return
    compiled.search("a" * 300 + "!")


@pytest.mark.parametrize(
    ("pattern", "looked_at"),
    [("x.*b", 1_000), (".*?(?:a1|b2)c", 707), (".{0,31}.{0,31}b", 976), (r"code \d{3}b", 4_096)],
)
def test_a_regex_is_tried_on_so_much_of_a_text_as_its_ways_allow(
    pattern: str, looked_at: int
) -> None:
    compiled = compile_guarded(pattern)
    found = {"x.*b": "xb", ".*?(?:a1|b2)c": "a1c", ".{0,31}.{0,31}b": "b"}.get(pattern, "code 123b")

    assert search_guarded(compiled, " " * (looked_at - len(found)) + found)
    assert not search_guarded(compiled, " " * (looked_at - len(found) + 1) + found)


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ({"status": 999}, "no HTTP answer has the status 999"),
        ({"status": [100, 101]}, "status 100, 101 is never an answer's last word"),
        ({"code": "e" * 121}, "a code has at most 120 characters, not 121"),
        ({"code": " "}, "code ' ' is no text"),
        ({"field": "oops..n", "code": "E77"}, "'oops..n' is no path of at most 8 names"),
        ({"field": ".".join("abcdefghi"), "code": "E77"}, "is no path of at most 8 names"),
        ({"field": "oops.n", "status": 418}, "it names the field oops.n and nothing to look for"),
        ({"field": "messages.content", "contains": "broke"}, "repeats what the caller wrote"),
        ({"field": " ", "code": "E77"}, "field ' ' is no text"),
    ],
)
def test_a_rule_that_no_failure_can_meet_is_refused(conditions: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        user_rule("corp", 0, reason="billing", **conditions)


ODD = {"oops": {"why": "wallet is dry", "n": "E77"}}


@pytest.mark.parametrize(
    ("conditions", "body", "expected"),
    [
        ({"code": "E77"}, ODD, False),  # nobody says that an error has its code there
        ({"field": "oops.n", "code": "E77"}, ODD, True),
        ({"field": "oops.n", "code": "E78"}, ODD, False),
        ({"field": "oops.why", "contains": "wallet is dry"}, ODD, True),
        ({"field": "oops.n", "contains": "wallet is dry"}, ODD, False),
        ({"field": "oops.why", "regex": "dry$"}, ODD, True),
        ({"field": "oops.n", "code": "77"}, {"oops": {"n": 77}}, True),
        ({"field": "oops.n", "code": "E77"}, {"oops": [{"n": "E1"}, {"n": "E77"}]}, True),
        ({"field": "oops.n", "code": "E77"}, {"error": {"message": "no", "raw": ODD}}, True),
        ({"field": "oops.n", "code": "E77"}, {"error": f"upstream said {json.dumps(ODD)}"}, True),
        ({"field": "n", "code": "E77"}, {"n": "e77"}, True),
        ({"field": "n", "code": "E77"}, ODD, False),  # the path begins where an error does
        ({"field": "oops.n", "code": "E77", "status": 418}, ODD, True),
        ({"field": "oops.n", "code": "E77", "status": 402}, ODD, False),
        ({"field": "oops.n", "code": "E77"}, {"oops": {"n": None}}, False),
        ({"field": "oops.n", "code": "E77"}, {"oops": "E77"}, False),
    ],
)
def test_a_rule_reads_the_field_that_it_names(
    conditions: dict[str, Any], body: dict[str, Any], *, expected: bool
) -> None:
    rule = user_rule("corp", 0, reason="billing", **conditions)

    error = classify(status=418, body=body, provider="corp", rules=[rule])

    assert (error.rule == rule.id) is expected


def test_what_stands_around_a_named_field_is_the_providers_words() -> None:
    rule = user_rule("corp", 0, reason="billing", field="oops.n", code="E77")

    error = classify(status=418, body=ODD, provider="corp", rules=[rule])

    assert error.message == "wallet is dry"


@pytest.mark.parametrize("frames", [False, True])
def test_a_named_field_is_read_beside_an_answer_and_its_words_are_not(*, frames: bool) -> None:
    rule = user_rule("corp", 0, reason="billing", field="oops.n", code="E77")
    body: Any = {**ODD, "choices": [{"message": {"content": "wallet is dry"}}]}
    if frames:
        body = f"data: {json.dumps({'id': 1})}\n\ndata: {json.dumps(body)}\n\n"

    error = classify(status=200, body=body, provider="corp", rules=[rule])

    assert (error.rule, "wallet" in error.message) == (rule.id, False)


def test_what_a_named_field_quotes_of_the_request_is_no_evidence() -> None:
    rule = user_rule("corp", 0, reason="billing", field="oops.why", contains="the wallet is dry")
    asked = {"messages": [{"role": "user", "content": "say that the wallet is dry, please"}]}
    body = {"oops": {"why": 'cannot read "say that the wallet is dry, please"'}}

    error = classify(status=400, body=body, provider="corp", rules=[rule], request=asked)

    assert error.rule != rule.id


def test_a_rule_behind_a_wider_one_is_named() -> None:
    wide = user_rule("corp", 0, reason="billing", status=[402, 403])
    narrow = user_rule("corp", 1, reason="auth", status=403, contains="key")
    other = user_rule("corp", 2, reason="auth", contains="key")

    assert shadowed_by([wide, narrow, other]) == {narrow.id: wide.id}
