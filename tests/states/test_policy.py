"""What a policy allows, and what it refuses to allow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from orchestrator.states import DEFAULT_MOVES, Move, Policy, Reason, Timeouts
from tests.states_strategies import moves, policies, reasons

BY_DEFAULT: dict[str, list[Reason]] = {
    "rotate retry fallback": [Reason.RATE_LIMIT],
    "rotate fallback": [Reason.AUTH],
    "retry fallback": [
        Reason.OVERLOADED,
        Reason.SERVER_ERROR,
        Reason.TIMEOUT,
        Reason.STREAM_INTERRUPTED,
        Reason.INVALID_RESPONSE,
        Reason.CONNECTION,
        Reason.UNKNOWN,
    ],
    "fallback": [
        Reason.BILLING,
        Reason.FORBIDDEN,
        Reason.MODEL_NOT_FOUND,
        Reason.CONTEXT_OVERFLOW,
        Reason.PAYLOAD_TOO_LARGE,
        Reason.OUTPUT_TRUNCATED,
    ],
    "": [Reason.CONTENT_POLICY, Reason.BAD_REQUEST, Reason.CANCELLED, Reason.DEADLINE],
}


def test_the_default_moves_are_those_of_the_design() -> None:
    expected = {
        reason: frozenset(Move(word) for word in words.split())
        for words, listed in BY_DEFAULT.items()
        for reason in listed
    }

    assert expected == dict(DEFAULT_MOVES)
    assert set(Reason) == set(DEFAULT_MOVES)


def test_the_defaults_are_those_of_the_design() -> None:
    policy, limits = Policy(), Timeouts()

    assert (policy.max_attempts, policy.attempts_per_target) == (16, 3)
    assert (policy.deadline, policy.patience, policy.on_interrupted) == (300.0, 10.0, "fail")
    assert (limits.connect, limits.first_token, limits.idle) == (5.0, None, 30.0)
    assert (limits.total, limits.stream_total) == (120.0, 600.0)


@given(listed=moves)
def test_billing_may_list_fallback_and_nothing_else(listed: frozenset[Move]) -> None:
    if listed <= {Move.FALLBACK}:
        policy = Policy(on={Reason.BILLING: listed})
        assert policy.moves(Reason.BILLING, first_target=True) == listed
    else:
        extra = sorted(listed - {Move.FALLBACK})
        with pytest.raises(ValueError, match=f"billing may not list {', '.join(extra)}: "):
            Policy(on={Reason.BILLING: listed})


def test_billing_that_lists_more_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="billing") as refused:
        Policy(on={Reason.BILLING: frozenset(Move)})

    assert str(refused.value) == (
        "billing may not list retry, rotate: the account has no money, so neither another of "
        "its keys nor a wait can help; allowed: fallback"
    )


def test_a_policy_can_be_a_key_though_its_moves_cannot() -> None:
    assert hash(Policy(on={})) == hash(Policy(on={}))


def test_a_bad_request_at_a_later_target_may_fall_back_besides_what_is_listed() -> None:
    policy = Policy(on={Reason.BAD_REQUEST: frozenset({Move.RETRY})})

    assert policy.moves(Reason.BAD_REQUEST, first_target=True) == {Move.RETRY}
    assert policy.moves(Reason.BAD_REQUEST, first_target=False) == {Move.RETRY, Move.FALLBACK}


def test_a_deadline_may_be_short() -> None:
    assert Policy(deadline=0.5).deadline == 0.5


@given(policy=policies(), reason=reasons)
def test_a_reasons_moves_are_those_listed(policy: Policy, reason: Reason) -> None:
    listed = policy.on.get(reason, frozenset())
    later = {Move.FALLBACK} if reason is Reason.BAD_REQUEST else set()

    assert policy.moves(reason, first_target=True) == listed
    assert policy.moves(reason, first_target=False) == listed | later


def test_a_reason_that_is_not_listed_allows_nothing() -> None:
    assert Policy(on={}).moves(Reason.RATE_LIMIT, first_target=True) == frozenset()


def test_a_resolved_first_token_leaves_the_other_limits() -> None:
    assert Timeouts(1, None, 3, 4, 5).with_first_token(2.0) == Timeouts(1, 2.0, 3, 4, 5)


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        ("max_attempts", 0),
        ("attempts_per_target", 0),
        ("max_attempts", float("inf")),
        ("attempts_per_target", float("inf")),
        ("patience", float("inf")),
        ("patience", -1),
        ("patience", float("nan")),
        ("deadline", 0),
        ("deadline", float("inf")),
    ],
)
def test_a_bound_that_bounds_nothing_is_refused(bound: str, value: float) -> None:
    bounds: dict[str, Any] = {bound: value}

    with pytest.raises(ValueError, match=f"{bound} is {value!r}; allowed"):
        Policy(**bounds)
