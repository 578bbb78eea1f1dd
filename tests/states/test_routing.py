"""Where a call may still go: races that a scripted world does not draw, then each question."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given

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
    OnInterrupted,
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
from orchestrator.states.guards import a_retry_is_worth_it, another_key_is_free
from orchestrator.states.routing import (
    Due,
    clears_at,
    kept_back,
    may_retry,
    next_clear,
    other_credential,
    retry,
    unasked,
    way_back,
)
from tests.states_strategies import calls, instants

HERE, OTHER, THIRD = Target("acme", "one"), Target("bolt", "one"), Target("corp", "one")
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


HERE = Target("acme", "one")
TRIED = Call((HERE,), target=HERE, tries=1, number=1, asked=frozenset({HERE.name}))


@pytest.mark.parametrize(
    ("changes", "reason", "expected"),
    [
        ({}, Reason.SERVER_ERROR, True),
        ({}, Reason.AUTH, True),  # of another key that cools
        ({}, Reason.BILLING, False),
        ({}, Reason.BAD_REQUEST, False),
        ({"tries": 3}, Reason.SERVER_ERROR, False),
        ({"tries": 2}, Reason.UNKNOWN, False),
        ({"waits": 16}, Reason.SERVER_ERROR, False),
        ({"number": 16}, Reason.SERVER_ERROR, False),
    ],
)
def test_nothing_is_set_aside_for_a_retry_that_is_none_whatever_stands_by(
    changes: dict[str, Any],
    reason: Reason,
    expected: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert expected == may_retry(attrs.evolve(TRIED, **changes), Error(reason, "table"))


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

    assert another_key_is_free(nowhere, diagnosed) is None
    assert retry(nowhere, diagnosed) is None
    assert a_retry_is_worth_it(nowhere, diagnosed) is None


def test_another_calls_probe_is_looked_at_again_long_before_its_claim_expires() -> None:
    probed = Clear(HERE, Mark.BENCH, 134.0, probed=True)

    assert clears_at(probed, 4.0) == 14.0
    assert clears_at(probed, 130.0) == 134.0
    assert walk(Policy(), Started(0.0, None, Standby(clears=(probed,)))).command == Wait(10.0, HERE)


# The questions one at a time, of calls that no walk leads to easily.

SAME, NEXT = Standby(("key#1",), (HERE,)), Standby(("key#2",), (HERE,))
ONLY_COOLING = Standby(clears=(Clear(HERE, Mark.COOLDOWN, 12.0),))
BROKEN = Standby(clears=(Clear(HERE, Mark.CIRCUIT, 12.0),))
CALL = Call(
    (HERE, OTHER, THIRD),
    target=HERE,
    credential="key#1",
    number=1,
    tries=1,
    asked=frozenset({"acme/one"}),
    not_before=20.0,
)


def failed(reason: Reason, standby: Standby, at: float = 10.0) -> Diagnosed:
    return Diagnosed(at, Error(reason, "answer"), standby)


def marked(*clears: tuple[Target, Mark, float]) -> Standby:
    return Standby(clears=tuple(Clear(*clear) for clear in clears))


def test_whether_another_credential_is_ready_or_only_marked() -> None:
    cases = {
        (Reason.OVERLOADED, SAME): False,
        (Reason.OVERLOADED, NEXT): True,
        (Reason.OVERLOADED, ONLY_COOLING): True,
        (Reason.OVERLOADED, BROKEN): False,
        (Reason.RATE_LIMIT, NEXT): True,
        (Reason.RATE_LIMIT, ONLY_COOLING): False,
    }

    assert cases == {case: other_credential(CALL, failed(*case)) for case in cases}
    assert other_credential(Call((HERE,)), failed(Reason.OVERLOADED, ONLY_COOLING)) is False


def due(reason: Reason, standby: Standby) -> float | None:
    found = retry(CALL, failed(reason, standby))
    return found.at if found is not None else None


def test_a_retry_after_is_a_floor_unless_it_binds_a_credential_that_is_set_aside() -> None:
    cases = {
        (Reason.RATE_LIMIT, NEXT): 10.5,
        (Reason.RATE_LIMIT, SAME): 20.0,
        (Reason.RATE_LIMIT, ONLY_COOLING): 12.0,
        (Reason.OVERLOADED, NEXT): 20.0,
        (Reason.OVERLOADED, ONLY_COOLING): 20.0,
    }

    assert cases == {case: due(*case) for case in cases}


BACK: dict[str, tuple[dict[str, Any], Standby, Due | None]] = {
    "to what was passed over, when it clears": (
        {},
        marked((THIRD, Mark.COOLDOWN, 0.7)),
        Due(THIRD, 0.7),
    ),
    "past what stands by": (
        {},
        Standby(targets=(OTHER,), clears=(Clear(THIRD, Mark.COOLDOWN, 5.0),)),
        Due(THIRD, 5.0),
    ),
    "past a bench": (
        {},
        marked((OTHER, Mark.BENCH, 3.0), (THIRD, Mark.CIRCUIT, 5.0)),
        Due(THIRD, 5.0),
    ),
    "not to what was asked and left for another reason": (
        {"asked": frozenset({"acme/one", "bolt/one"})},
        marked((OTHER, Mark.COOLDOWN, 3.0)),
        None,
    ),
    "not to who has billed": (
        {"billed": frozenset({"bolt"}), "returnable": frozenset({("bolt/one", 0.0)})},
        Standby(targets=(OTHER,)),
        None,
    ),
}


@pytest.mark.parametrize("case", BACK)
def test_the_way_back_leads(case: str) -> None:
    facts, standby, expected = BACK[case]

    assert expected == way_back(attrs.evolve(CALL, **facts), Waited(0.5, None, standby))


CLEARS: dict[str, tuple[dict[str, Any], Standby, Due | None]] = {
    "another, where the tries here are spent": (
        {"tries": 3},
        marked((OTHER, Mark.COOLDOWN, 3.0)),
        Due(OTHER, 3.0),
    ),
    "nobody who was asked": (
        {"asked": frozenset({"acme/one", "bolt/one"})},
        marked((OTHER, Mark.COOLDOWN, 3.0)),
        None,
    ),
    "nobody who has billed": (
        {"billed": frozenset({"bolt"})},
        marked((OTHER, Mark.COOLDOWN, 3.0)),
        None,
    ),
    "nobody at the deadline": ({}, marked((OTHER, Mark.COOLDOWN, 300.0)), None),
    "somebody before it": ({}, marked((OTHER, Mark.COOLDOWN, 299.0)), Due(OTHER, 299.0)),
}


@pytest.mark.parametrize("case", CLEARS)
def test_without_a_way_back_who_clears_first_is(case: str) -> None:
    facts, standby, expected = CLEARS[case]
    call = attrs.evolve(CALL, went_back=True, **facts)

    assert expected == next_clear(call, Waited(0.5, None, standby))


# How much of a call's time is kept back for the targets that it has not asked.

ROUTE = (HERE, OTHER, THIRD)
HOLD = Policy(on_interrupted=OnInterrupted.HOLD)
STAYS = Policy(on={**DEFAULT_MOVES, Reason.TIMEOUT: frozenset({Move.RETRY})})


def kept(*standing: Target, at: float = 0.0, seen: tuple[Any, ...] = (), **facts: Any) -> float:
    call = Call(ROUTE, asked=frozenset({HERE.name}))
    standby = Standby(targets=standing, seen=seen)
    call, event = attrs.evolve(call, **facts), Waited(at, None, standby)
    return kept_back(call, event, unasked(call, event))


@pytest.mark.parametrize(
    ("standing", "facts", "expected"),
    [
        ((), {}, 0.0),
        ((HERE,), {}, 0.0),
        ((HERE, OTHER), {}, 60.0),
        ((OTHER, THIRD), {}, 120.0),
        ((OTHER, THIRD), {"streamed": True}, 30.0),
        ((OTHER,), {"streamed": True, "policy": HOLD}, 60.0),
        ((attrs.evolve(OTHER, stream=False), THIRD), {"streamed": True}, 75.0),
        ((attrs.evolve(OTHER, stream=True), THIRD), {}, 75.0),
        ((OTHER, THIRD), {"at": 200.0}, 50.0),
        ((OTHER, THIRD), {"at": 301.0}, 0.0),
        ((OTHER,), {"streamed": True, "seen": ((OTHER.name, 40.0),)}, 40.0),
        ((OTHER,), {"streamed": True, "seen": ((OTHER.name, 2.0), (THIRD.name, 90.0))}, 15.0),
        ((OTHER,), {"stream_ends_at": 700.0}, 0.0),
        ((OTHER,), {"billed": frozenset({"bolt"})}, 0.0),
        ((OTHER,), {"policy": STAYS}, 0.0),
    ],
)
def test_seconds_kept_back(
    standing: tuple[Target, ...], facts: dict[str, Any], expected: float
) -> None:
    assert expected == kept(*standing, **facts)


@given(call=calls(), at=instants)
def test_half_of_what_is_left_is_never_kept_back(call: Call, at: float) -> None:
    event = Waited(at, None, Standby(targets=call.route))
    seconds = kept_back(call, event, unasked(call, event))

    assert 0.0 <= 2 * seconds <= max(0.0, call.ends_at - at)
