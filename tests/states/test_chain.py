"""Arrivals that come back empty, event by event: races that a scripted world does not draw."""

from __future__ import annotations

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
    Repaired,
    Rotated,
    Standby,
    Started,
    Step,
    StoppedBy,
    Switched,
    Taken,
    Target,
    Wait,
    Waited,
    step,
)
from orchestrator.states.chain import retry_at, unused_credentials
from orchestrator.states.guards import retry_allowed

HERE, OTHER = Target("acme", "one"), Target("bolt", "one")
TOOK_HERE, TOOK_OTHER = Taken(HERE, "key#1"), Taken(OTHER, "key#1")
ALL = Standby(("key#1", "key#2"), (HERE, OTHER))
OTHER_STANDS = Standby(targets=(OTHER,))


def cooling(here: float, other: float) -> Standby:
    return Standby(
        clears=(Clear(HERE, Mark.COOLDOWN, here), Clear(OTHER, Mark.COOLDOWN, other)),
    )


def said(at: float, reason: Reason, standby: Standby = ALL, repair: str | None = None) -> Event:
    return Diagnosed(at, Error(reason, "chain", repair=repair), standby)


def walk(policy: Policy, *events: Event) -> Step:
    """The last step of a call over both targets."""
    first, *rest = events
    stepped = step(Call((HERE, OTHER), policy), first)
    for event in rest:
        stepped = step(stepped.call, event)
    return stepped


SENT = (Started(0.0, TOOK_HERE, ALL), Failed(1.0))


def test_what_clears_first_is_waited_for() -> None:
    later = walk(Policy(), Started(0.0, None, cooling(9.0, 4.0)))
    sooner = walk(Policy(), Started(0.0, None, cooling(4.0, 9.0)))

    assert later.command == Wait(4.0, OTHER)
    assert sooner.command == Wait(4.0, HERE)


@pytest.mark.parametrize(
    ("mark", "probed", "row"),
    [
        (Mark.COOLDOWN, False, "started_wait"),
        (Mark.CIRCUIT, False, "started_wait"),
        (Mark.BENCH, False, "started_terminal"),
        (Mark.DEAD, False, "started_terminal"),
        (Mark.BENCH, True, "started_wait"),
        (Mark.CIRCUIT, True, "started_wait"),
    ],
)
def test_a_bench_is_not_waited_for_but_another_calls_probe_is(
    *, mark: Mark, probed: bool, row: str
) -> None:
    marked = Standby(clears=(Clear(HERE, mark, 4.0, probed=probed),))

    assert row == walk(Policy(), Started(0.0, None, marked)).row


def test_waits_are_at_most_as_many_as_attempts() -> None:
    waits = [Waited(float(at), None, cooling(at + 1.0, 50.0)) for at in (1, 2, 3)]
    started = Started(0.0, None, cooling(1.0, 50.0))

    assert walk(Policy(max_attempts=3), started, *waits[:2]).row == "waited_wait"
    assert walk(Policy(max_attempts=3), started, *waits).row == "waited_terminal"


def test_no_try_is_waited_for_once_all_were_spent() -> None:
    empty = Rotated(1.0, None, Standby(clears=(Clear(HERE, Mark.COOLDOWN, 4.0),)))
    rotating = (*SENT, said(1.0, Reason.AUTH))

    assert walk(Policy(attempts_per_target=2), *rotating, empty).row == "rotated_wait"
    assert walk(Policy(attempts_per_target=1), *rotating, empty).row == "rotated_terminal"


def test_a_way_back_that_an_arrival_plans_is_taken_once_too() -> None:
    policy = Policy(attempts_per_target=1)
    left = (*SENT, said(1.0, Reason.OVERLOADED), Switched(1.0, None, cooling(3.0, 9.0)))
    again = (Waited(3.0, TOOK_HERE, ALL), Failed(4.0), said(4.0, Reason.OVERLOADED))
    last = (Switched(4.0, TOOK_OTHER, ALL), Failed(5.0), said(5.0, Reason.FORBIDDEN))

    assert walk(policy, *left).command == Wait(3.0, HERE)
    assert walk(policy, *left, *again).row == "fallback"
    assert walk(policy, *left, *again, *last).row == "terminal"


def test_a_target_that_is_waited_for_does_not_hide_the_way_back_that_clears_sooner() -> None:
    started = Started(0.0, Taken(OTHER, "key#1"), cooling(5.0, 9.0))
    failed = (Failed(1.0), said(1.0, Reason.OVERLOADED, standby=ALL))
    lost = (Switched(1.0, None, cooling(5.0, 9.0)), Waited(5.0, None, cooling(20.0, 9.0)))

    waits = [walk(Policy(attempts_per_target=1), started, *failed, *lost[:n]) for n in (1, 2)]

    assert [wait.command for wait in waits] == [Wait(5.0, HERE), Wait(9.0, OTHER)]


def test_an_arrival_falls_back_only_where_the_policy_lets_the_error_fall_back() -> None:
    repairing = (*SENT, said(1.0, Reason.BAD_REQUEST, repair="drop-a"))
    falling = Policy(on={**DEFAULT_MOVES, Reason.BAD_REQUEST: frozenset({Move.FALLBACK})})
    empty = Repaired(1.0, None, OTHER_STANDS)
    both_cool = Repaired(1.0, None, cooling(400.0, 9.0))

    assert walk(Policy(), *repairing, empty).row == "repaired_terminal"
    assert walk(falling, *repairing, empty).row == "repaired_fallback"
    assert walk(Policy(), *repairing, both_cool).row == "repaired_terminal"
    assert walk(falling, *repairing, both_cool).command == Wait(9.0, OTHER)


def test_an_arrival_goes_back_only_where_the_policy_lets_the_error_fall_back() -> None:
    at_other = (
        *SENT,
        said(1.0, Reason.RATE_LIMIT, OTHER_STANDS),
        Switched(1.0, TOOK_OTHER, ALL),
        Failed(2.0),
        said(2.0, Reason.CONTENT_POLICY, repair="drop-a"),
    )
    falling = Policy(on={**DEFAULT_MOVES, Reason.CONTENT_POLICY: frozenset({Move.FALLBACK})})
    empty = Repaired(2.0, None, cooling(9.0, 400.0))

    assert walk(Policy(), *at_other, empty).row == "repaired_terminal"
    assert walk(falling, *at_other, empty).command == Wait(9.0, HERE)


def test_what_stands_by_again_is_taken_again_without_a_sleep() -> None:
    empty = Waited(2.0, None, Standby(("key#1",), (HERE,)))
    waiting = (*SENT, said(1.0, Reason.OVERLOADED, Standby(("key#1",), (HERE,))))

    assert walk(Policy(), *waiting, empty).command == Wait(2.0, HERE)


@pytest.mark.parametrize(
    ("policy", "at", "expected"),
    [
        (Policy(), 299.0, StoppedBy.EXHAUSTED),
        (Policy(), 300.0, StoppedBy.DEADLINE),
        (Policy(max_attempts=1), 299.0, StoppedBy.ATTEMPTS),
        (Policy(max_attempts=1), 300.0, StoppedBy.DEADLINE),
    ],
)
def test_it_says_what_was_spent(policy: Policy, at: float, expected: StoppedBy) -> None:
    stopped = walk(policy, *SENT, said(at, Reason.CONTENT_POLICY)).call

    assert stopped.stopped_by is expected
    assert stopped.cause == Error(Reason.CONTENT_POLICY, "chain")


def test_an_empty_route_ends_at_once_and_knows_no_cause() -> None:
    ended = step(Call(()), Started(0.0, None, Standby())).call

    assert (ended.cause, ended.stopped_by) == (None, StoppedBy.EXHAUSTED)


def test_a_call_that_is_nowhere_has_nothing_to_try_again() -> None:
    nowhere = Call((HERE, OTHER), Policy(on={Reason.AUTH: frozenset({Move.ROTATE})}))
    nowhere.error = Error(Reason.AUTH, "chain")
    diagnosed = Diagnosed(1.0, nowhere.error, Standby())

    assert unused_credentials(nowhere, diagnosed) == ()
    assert retry_at(nowhere, diagnosed) is None
    assert not retry_allowed(nowhere, diagnosed)
