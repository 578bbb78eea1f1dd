"""What a send changes in the call, and how long it may stay silent (`first_token = "auto"`)."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from orchestrator.states import (
    Call,
    Error,
    Policy,
    Reason,
    Send,
    Standby,
    Started,
    Step,
    Taken,
    Target,
    Timeouts,
    Waited,
    step,
)
from orchestrator.states.attempt import enter

HERE, OTHER = Target("acme", "one"), Target("bolt", "one")
MARKED, LEFT = Error(Reason.AUTH, "attempt"), Error(Reason.BILLING, "attempt")
THINKER = attrs.evolve(HERE, reasoning=True)
FIXED = attrs.evolve(HERE, timeouts=Timeouts(first_token=3.0))


def first_token(
    taken: Taken, *, standing: tuple[Target, ...] = (), reasoning: bool = False
) -> float | None:
    call = Call((taken.target, OTHER), Policy(deadline=977.0), reasoning=reasoning)
    stepped: Step = step(call, Started(0.0, taken, Standby(("key",), standing)))
    assert isinstance(stepped.command, Send)
    assert (stepped.command.number, stepped.command.ends_at) == (1, 977.0)
    limits = stepped.command.timeouts
    assert limits == attrs.evolve(taken.target.timeouts, first_token=limits.first_token)
    return limits.first_token


@pytest.mark.parametrize(
    ("target", "standing", "reasoning", "seen", "expected"),
    [
        (HERE, (HERE, OTHER), False, None, 12.0),
        (HERE, (OTHER,), False, 5.0, 12.0),
        (HERE, (OTHER,), False, 20.0, 20.0),
        (HERE, (HERE,), False, None, 120.0),
        (HERE, (), False, 20.0, 120.0),
        (HERE, (OTHER,), True, None, 120.0),
        (THINKER, (OTHER,), False, None, 120.0),
        (THINKER, (OTHER,), True, 200.0, 200.0),
        (FIXED, (OTHER,), True, 200.0, 3.0),
    ],
)
def test_silence_is_borne_for(
    *,
    target: Target,
    standing: tuple[Target, ...],
    reasoning: bool,
    seen: float | None,
    expected: float,
) -> None:
    taken = Taken(target, "key", seen_first_token=seen)

    assert expected == first_token(taken, standing=standing, reasoning=reasoning)


@pytest.mark.parametrize(
    ("cut", "expected"), [(None, 12.0), (5.0, 12.0), (12.0, 24.0), (24.0, 48.0), (50.0, 60.0)]
)
def test_a_probe_bears_twice_the_silence_that_was_cut(cut: float | None, expected: float) -> None:
    taken = Taken(HERE, "key", probe=True, cut_first_token=cut)

    assert expected == first_token(taken, standing=(OTHER,))


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (Taken(HERE, "key"), 30.0),
        (Taken(HERE, "key", seen_first_token=40.0), 40.0),
        (Taken(FIXED, "key"), 3.0),
    ],
)
def test_who_says_that_it_is_at_work_is_borne_for(taken: Taken, expected: float) -> None:
    stepped = step(Call((taken.target, OTHER)), Started(0.0, taken, Standby(("key",), (OTHER,))))

    assert isinstance(stepped.command, Send)
    assert expected == stepped.command.kept_alive


@pytest.mark.parametrize(
    ("deadline", "standing", "expected"),
    [
        (300.0, (OTHER,), (5.0, 12.0, 120.0, 240.0)),
        (60.0, (OTHER,), (5.0, 12.0, 30.0, 30.0)),
        (60.0, (), (5.0, 60.0, 60.0, 60.0)),
        (6.0, (OTHER,), (3.0, 3.0, 3.0, 3.0)),
    ],
)
def test_the_limits_leave_time_for_who_stands_by(
    deadline: float, standing: tuple[Target, ...], expected: tuple[float, ...]
) -> None:
    call = Call((HERE, OTHER), Policy(deadline=deadline))
    send = step(call, Started(0.0, Taken(HERE, "key"), Standby(("key",), standing))).command

    assert isinstance(send, Send)
    limits = send.timeouts
    assert (limits.connect, limits.first_token, limits.total, send.until) == expected


def sent_from(call: Call, *, at: Target = HERE) -> Call:
    """The call after an arrival took `at`."""
    enter(call, Waited(3.0, Taken(at, "key#2"), Standby()))
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
