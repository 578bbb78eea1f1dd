"""What a state asks for when it is entered, and what the call remembers of it."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.states import (
    Call,
    Diagnosed,
    Error,
    Reason,
    Relay,
    Repair,
    Standby,
    Started,
    Streaming,
    Switch,
    Switched,
    Taken,
    Target,
    Timeouts,
    Wait,
    Waited,
    entries,
    step,
)
from orchestrator.states.routing import Due

HERE, OTHER, THIRD = Target("acme", "one"), Target("bolt", "one"), Target("corp", "one")
MARKED, LEFT = Error(Reason.AUTH, "attempt"), Error(Reason.BILLING, "attempt")
SHORT = Target("acme", "one", timeouts=Timeouts(stream_total=60.0))


def sent_from(call: Call, *, at: Target = HERE) -> Call:
    """The call after an arrival took `at`."""
    taken = Taken(at, "key#2")
    entries.attempt(call, Waited(3.0, taken, Standby()), taken)
    return call


def test_tries_are_counted_at_each_target_by_itself() -> None:
    there = Target("bolt", "one")

    assert sent_from(Call((HERE, there), target=HERE, tries=2)).tries == 3
    assert sent_from(Call((HERE, there), target=None, tries=2)).tries == 1
    assert sent_from(Call((HERE, there), target=there, tries=2)).tries == 1


def test_what_was_waited_for_is_over_once_it_is_sent() -> None:
    assert sent_from(Call((HERE,), target=HERE, resume_at=3.0)).resume_at is None


@pytest.mark.parametrize(
    ("facts", "at", "expected"),
    [
        ({}, Target("bolt", "one"), MARKED),
        ({}, HERE, None),
        ({"asked": frozenset({"corp/one"})}, Target("bolt", "one"), None),
        ({"cause": LEFT}, Target("bolt", "one"), LEFT),
    ],
)
def test_a_first_target_that_is_passed_over_is_the_cause(
    facts: dict[str, Any], at: Target, expected: Error | None
) -> None:
    call = Call((HERE, Target("bolt", "one")), passed_over=MARKED, **facts)

    assert sent_from(call, at=at).cause is expected


def test_a_wait_is_remembered_until_the_send() -> None:
    call = Call((HERE, OTHER), target=HERE)
    waiting = entries.retry(call, Waited(1.0, None, Standby()), Due(HERE, 3.0))

    assert waiting == Wait(3.0, HERE)
    assert (call.waits, call.resume_at) == (1, 3.0)


def test_who_was_gone_stays_gone_beside_those_asked_for_now() -> None:
    call = Call((HERE, OTHER, THIRD), target=HERE, asked=frozenset({"acme/one"}))
    call.gone = frozenset({"bolt/one"})
    switched = Switched(1.0, None, Standby(targets=(HERE, OTHER, THIRD)))

    assert entries.eager_fallback(call, switched, (THIRD,)) == Switch((THIRD,))
    assert call.target is None
    assert sorted(call.gone) == ["bolt/one", "corp/one"]


def test_a_repair_is_asked_for_by_name_and_kept_beside_those_made_before() -> None:
    call = Call((HERE,), target=HERE, repaired=frozenset({("acme/one", "drop-a")}))
    error = Error(Reason.BAD_REQUEST, "repair", repair="drop-b")
    plan = Repair("drop-b", HERE)

    assert entries.repair(call, Diagnosed(1.0, error, Standby()), plan) == plan
    assert sorted(call.repaired) == [("acme/one", "drop-a"), ("acme/one", "drop-b")]


def test_a_stream_is_relayed_until_its_own_limit() -> None:
    started = step(Call((SHORT,)), Started(0.0, Taken(SHORT, "key#1"), Standby()))

    assert step(started.call, Streaming(7.0)).command == Relay(67.0)
