"""Guards at their limits: what a call that is nowhere, or has no waits left, may still do."""

from __future__ import annotations

import attrs
import pytest

from orchestrator.states import (
    DEFAULT_MOVES,
    Call,
    Clear,
    Diagnosed,
    Error,
    Event,
    Failed,
    Mark,
    Move,
    Policy,
    Reason,
    Standby,
    Started,
    Switched,
    Taken,
    Target,
    Waited,
    step,
)
from orchestrator.states.guards import a_repair_is_known, a_retry_is_worth_it

HERE, OTHER = Target("acme", "one"), Target("bolt", "one")
ALL = Standby(("key#1",), (HERE, OTHER))
ALONE = Standby(("key#1",), (HERE,))
HERE_COOLS = Standby(("key#1",), (OTHER,), (Clear(HERE, Mark.COOLDOWN, 9.0),))
BOTH_COOL = Standby(clears=(Clear(HERE, Mark.COOLDOWN, 2.0), Clear(OTHER, Mark.COOLDOWN, 50.0)))


def said(at: float, reason: Reason, standby: Standby) -> tuple[Event, ...]:
    return Failed(at), Diagnosed(at, Error(reason, "guard"), standby)


def row(policy: Policy, *events: Event) -> str:
    """The last row of a call over both targets."""
    call, taken = Call((HERE, OTHER), policy), ""
    for event in events:
        stepped = step(call, event)
        call, taken = stepped.call, stepped.row
    return taken


LEFT_THROTTLED: tuple[Event, ...] = (
    Started(0.0, Taken(HERE, "key#1"), ALL),
    *said(1.0, Reason.RATE_LIMIT, HERE_COOLS),
    Switched(1.0, Taken(OTHER, "key#1"), HERE_COOLS),
)


def test_a_call_that_is_nowhere_has_nothing_to_repair() -> None:
    diagnosed = Diagnosed(1.0, Error(Reason.BAD_REQUEST, "guard", repair="drop-a"), ALL)

    assert a_repair_is_known(Call((HERE,)), diagnosed) is None


@pytest.mark.parametrize(("standby", "expected"), [(ALONE, "terminal"), (ALL, "fallback")])
@pytest.mark.parametrize("reason", [Reason.SERVER_ERROR, Reason.RATE_LIMIT, Reason.UNKNOWN])
def test_a_retry_that_cannot_be_paid_for_is_none_and_nothing_else_changes(
    reason: Reason, standby: Standby, expected: str
) -> None:
    sent = Started(0.0, Taken(HERE, "key#1"), standby)
    unpaid = attrs.evolve(standby, retry_affordable=False)

    assert row(Policy(), sent, *said(1.0, reason, standby)) == "retry"
    assert row(Policy(), sent, *said(1.0, reason, unpaid)) == expected


@pytest.mark.parametrize(
    ("reason", "repair", "expected"),
    [(Reason.AUTH, None, "rotate"), (Reason.RATE_LIMIT, None, "rotate"),
     (Reason.BAD_REQUEST, "drop-a", "repair"), (Reason.BILLING, None, "billing_fallback")],
)  # fmt: skip
def test_what_is_no_retry_needs_no_budget(
    reason: Reason, repair: str | None, expected: str
) -> None:
    unpaid = Standby(("key#1", "key#2"), (HERE, OTHER), retry_affordable=False)
    diagnosed = Diagnosed(1.0, Error(reason, "guard", repair=repair), unpaid)

    assert expected == row(
        Policy(), Started(0.0, Taken(HERE, "key#1"), ALL), Failed(1.0), diagnosed
    )


def test_a_retry_that_is_not_allowed_finds_nothing() -> None:
    call = Call((HERE,), Policy(on={}), target=HERE, error=Error(Reason.TIMEOUT, "guard"))
    diagnosed = Diagnosed(1.0, Error(Reason.TIMEOUT, "guard"), ALL)

    assert a_retry_is_worth_it(call, diagnosed) is None


@pytest.mark.parametrize(("attempts", "expected"), [(3, "retry"), (2, "terminal")])
def test_a_failure_is_not_retried_once_all_waits_are_spent(attempts: int, expected: str) -> None:
    waits = (Started(0.0, None, BOTH_COOL), Waited(1.0, None, BOTH_COOL))
    alone = Standby(("key#1",), (HERE,))
    sent = (Waited(2.0, Taken(HERE, "key#1"), alone), *said(3.0, Reason.OVERLOADED, alone))

    assert expected == row(Policy(max_attempts=attempts), *waits, *sent)


@pytest.mark.parametrize(("attempts", "expected"), [(4, "way_back"), (3, "terminal")])
def test_a_call_does_not_go_back_once_all_waits_are_spent(attempts: int, expected: str) -> None:
    waits = [Waited(float(at), None, BOTH_COOL) for at in (1, 2)]
    sent = (Waited(3.0, Taken(HERE, "key#1"), ALL), *said(4.0, Reason.FORBIDDEN, BOTH_COOL))
    policy = Policy(max_attempts=attempts)

    assert expected == row(policy, Started(0.0, None, BOTH_COOL), *waits, *sent)


@pytest.mark.parametrize(
    ("moves", "expected"), [(frozenset[Move](), "terminal"), ({Move.FALLBACK}, "way_back")]
)
def test_going_back_is_a_fallback_and_needs_one_allowed(
    moves: frozenset[Move], expected: str
) -> None:
    policy = Policy(patience=0.0, on={**DEFAULT_MOVES, Reason.CONTENT_POLICY: frozenset(moves)})

    assert expected == row(policy, *LEFT_THROTTLED, *said(2.0, Reason.CONTENT_POLICY, BOTH_COOL))
