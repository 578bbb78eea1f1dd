"""Long waits: an expectation with due dates, at each of which one call may look."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health import MemoryStore
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark, Taken, Target
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.world import (
    A2,
    NOON,
    A,
    B,
    World,
    error,
    pool,
    probing,
)

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WEEKLY = error(Reason.RATE_LIMIT, retry_after=7 * DAY, message="weekly limit reached")
MONTHLY = error(Reason.BILLING, retry_after=20 * DAY)
BUSY = error(Reason.OVERLOADED, retry_after=2 * HOUR)
EMPTY = error(Reason.BILLING)


def small(*, store: MemoryStore | None = None) -> World:
    return World(pool("acme", "k1"), pool("bolt", "k1"), store=store)


def dues(world: World, first: Error, *more: Error) -> list[float]:
    """Minutes between the failures, each of which is the probe of the bench before it."""
    found = []
    world.failed_call(A, first)
    for failure in more:
        (entry,) = world.marked()
        assert entry.mark is Mark.BENCH
        assert entry.until is not None
        found.append((entry.until - world.now) / MINUTE)
        world.now = entry.until
        world.failed_call(A, failure)
    return found


@pytest.mark.parametrize(
    ("failure", "again", "minutes"),
    [
        (WEEKLY, error(Reason.RATE_LIMIT), [1, 5, 10, 20, 40, 60, 60, 60]),
        (BUSY, error(Reason.OVERLOADED), [1, 5, 10, 20, 40, 44, 60, 60]),
        (MONTHLY, EMPTY, [5, 10, 20, 40, 60, 60, 60, 60]),
        (EMPTY, EMPTY, [5, 10, 20, 40, 60, 60, 60, 60]),
        (error(Reason.RATE_LIMIT, retry_after=8 * MINUTE), WEEKLY, [1, 5, 10, 20, 40, 60, 60]),
        (
            error(Reason.RATE_LIMIT, retry_after=8 * MINUTE),
            error(Reason.RATE_LIMIT),
            [1, 5, 2, 20, 40, 60],
        ),
        (
            error(Reason.BILLING, retry_after=8 * MINUTE),
            error(Reason.BILLING, retry_after=299.0),
            [5, 3, 20, 40, 60, 60],
        ),
    ],
    ids=["weekly", "busy", "monthly", "empty", "longer", "soon", "billed soon"],
)
def test_a_bench_is_due_at_growing_intervals_and_at_the_instant_that_was_named(
    failure: Error, again: Error, minutes: list[float]
) -> None:
    found = dues(small(), failure, *[again] * len(minutes))

    assert found == pytest.approx(minutes)


def test_the_expected_end_is_told_beside_the_next_due_instant() -> None:
    world = small()
    world.failed_call(A, WEEKLY)
    world.later(10)
    call = world.call(A, B)
    call.start()

    clear, entry = call.clear(A), world.entry("acme", credential="k1")

    assert (clear.mark, clear.at, clear.expected) == (Mark.BENCH, NOON + 60, NOON + 7 * DAY)
    assert (entry.mark, entry.until, entry.expected) == (clear.mark, clear.at, clear.expected)
    assert call.standby.clears[0].expected == 7 * DAY - 10


def test_what_names_no_long_wait_is_expected_at_no_instant() -> None:
    world = small()
    for failure in (error(Reason.RATE_LIMIT, retry_after=300), EMPTY):
        world.failed_call(A, failure)
        world.later(400)

    assert [entry.expected for entry in world.marked()] == [None]


def test_an_end_that_was_expected_and_is_over_is_told_to_nobody() -> None:
    world = small()
    world.failed_call(A, error(Reason.RATE_LIMIT, retry_after=400))
    world.later(500)
    probing(world, A)
    other = world.call(A, B)
    other.start()

    assert (other.clear(A).probed, other.clear(A).expected) == (True, None)
    assert world.entry("acme", credential="k1").expected is None


def test_a_probe_that_fails_otherwise_leaves_what_was_expected() -> None:
    world = small()
    dues(world, error(Reason.RATE_LIMIT, retry_after=400), error(Reason.RATE_LIMIT))
    world.later(300)

    world.failed_call(A, Reason.OVERLOADED)

    entry = world.entry("acme", credential="k1")
    assert (entry.until, entry.expected) == (NOON + 400, NOON + 400)


def test_at_each_due_date_one_call_of_all_processes_probes() -> None:
    store = MemoryStore()
    worlds = [small(store=store) for _ in range(3)]
    worlds[0].failed_call(A, WEEKLY)
    found = []
    for wait in (60, 300):
        for world in worlds:
            world.later(wait)
        calls = [world.call(A, B) for world in worlds for _ in range(3)]
        taken = [call.start() for call in calls]
        found.append([each == Taken(A, "k1", probe=True) for each in taken])
        for call in calls:
            if call.taken is not None and call.taken.probe:
                call.fail(Reason.RATE_LIMIT)
            call.close()

    assert found == [[True, *[False] * 8]] * 2


@pytest.mark.parametrize("failure", [WEEKLY, MONTHLY, BUSY])
def test_a_success_of_any_process_ends_it_at_once_and_the_next_begins_anew(failure: Error) -> None:
    store = MemoryStore()
    here, there = small(store=store), small(store=store)
    first = dues(here, failure, *[failure] * 3)
    there.now = here.now + HOUR
    probing(there, A).succeed()

    after = here.marked()
    again = dues(here, failure, *[failure] * 3)

    assert after == []
    assert again == first


@pytest.mark.parametrize(
    ("first", "next_", "expected"),
    [
        (WEEKLY, error(Reason.RATE_LIMIT, retry_after=DAY), DAY),
        (WEEKLY, error(Reason.RATE_LIMIT, retry_after=30 * DAY), 30 * DAY),
        (WEEKLY, error(Reason.RATE_LIMIT), 7 * DAY - 60),
        (MONTHLY, EMPTY, 20 * DAY - 300),
        (EMPTY, MONTHLY, 20 * DAY),
        (BUSY, error(Reason.SERVER_ERROR, retry_after=HOUR), HOUR),
        (BUSY, error(Reason.TIMEOUT), 2 * HOUR - 60),
    ],
)
def test_a_failed_probe_that_names_a_new_instant_replaces_what_was_expected(
    first: Error, next_: Error, expected: float
) -> None:
    world = small()
    dues(world, first, next_)

    (entry,) = world.marked()

    assert entry.expected == world.now + expected
    assert entry.since == NOON


@pytest.mark.parametrize("late", [False, True])
def test_a_probe_that_meets_a_short_wait_makes_it_the_usual_mark(*, late: bool) -> None:
    world = small()
    limited, busy = world.call(A), world.call(B)
    for call, failure in ((limited, WEEKLY), (busy, BUSY)):
        call.start()
        call.fail(failure)
        call.close()
    world.later(60 if late else 30)

    world.failed_call(A, error(Reason.RATE_LIMIT, retry_after=20))
    world.failed_call(B, error(Reason.OVERLOADED, retry_after=20))

    found = [(entry.mark, entry.until, entry.expected) for entry in world.marked()]
    assert found == [
        (Mark.COOLDOWN, world.now + 20, None),
        (Mark.CIRCUIT, world.now + 5, None),
    ]


def test_calls_that_fail_together_expect_the_latest_end_and_move_no_due_date() -> None:
    world = small()
    calls = [world.call(A) for _ in range(4)]
    for call in calls:
        call.start()

    for call, wait in zip(calls, (20, DAY, HOUR, None), strict=True):
        call.fail(error(Reason.RATE_LIMIT, retry_after=wait))
        world.later(1)

    (entry,) = world.marked()
    assert (entry.mark, entry.until, entry.expected) == (
        Mark.BENCH,
        NOON + 1 + 60,
        NOON + 1 + DAY,
    )


def test_where_nothing_else_stands_by_a_long_wait_is_looked_at_every_fifteen_seconds() -> None:
    world = small()
    world.failed_call(A, WEEKLY)
    sent = []
    while world.now < NOON + 70:
        world.later(1)
        call = world.call(A)
        if call.start() is not None:
            sent.append(world.now - NOON)
            call.fail(WEEKLY)
        call.close()

    # The due date after a minute comes as it would have come, and counts as a failed probe.
    assert sent == [15, 30, 45, 60]
    assert world.entry("acme", credential="k1").until == NOON + 60 + 300


def test_an_early_probe_may_change_what_is_expected_but_lengthens_nothing() -> None:
    world = small()
    dues(world, WEEKLY, WEEKLY, WEEKLY)
    world.later(15)
    due = world.entry("acme", credential="k1").until

    world.failed_call(A, error(Reason.RATE_LIMIT, retry_after=400))

    entry = world.entry("acme", credential="k1")
    assert due == world.now - 15 + 600
    assert (entry.until, entry.expected) == (world.now + 400, world.now + 400)


@given(
    failure=st.sampled_from([WEEKLY, MONTHLY, EMPTY, BUSY]),
    words=st.sampled_from(["alike", "nothing"]),
    every=st.sampled_from([7.0, 20.0, 59.0]),
)
def test_a_dead_account_with_a_fallback_sees_a_handful_of_requests_an_hour(
    failure: Error, words: str, every: float
) -> None:
    store = MemoryStore()
    worlds = [small(store=store) for _ in range(2)]
    again = failure if words == "alike" else attrs.evolve(failure, retry_after=None)
    sent: list[float] = []
    at = 0.0
    while at < 4 * HOUR:
        for world in worlds:
            world.now = NOON + at
            call = world.call(A, B)
            taken = call.start()
            if taken is not None and taken.target == A:
                sent.append(at)
                call.fail(failure if len(sent) == 1 else again)
                call.take(B)
            call.succeed()
            call.close()
        at += every

    assert sum(each < HOUR for each in sent) <= 5
    assert max(sum(hour <= each < hour + HOUR for each in sent) for hour in sent[5:] or [0]) <= 2


def test_a_call_probes_once_while_anything_else_stands_by() -> None:
    world = World(pool("acme", "k1"), pool("bolt", "k1"), pool("corp", "k1", "k2"))
    for target in (A, B):
        world.failed_call(target, EMPTY)
    key = world.call(Target("corp", "one"))
    key.start()
    key.fail(Reason.AUTH)
    key.close()
    world.later(300)
    c = Target("corp", "one")
    call = world.call(A, B, c)

    first = call.start()
    call.fail(EMPTY)
    second = call.take(B, c)
    call.fail(Reason.OVERLOADED)
    third = call.take(B)

    assert first == Taken(A, "k1", probe=True)
    # Not B, and of C not the key that must be probed, although both come first.
    assert second == Taken(c, "k2")
    assert third == Taken(B, "k1", probe=True)


def test_it_is_the_target_alone_that_a_busy_one_leaves() -> None:
    world = World()

    world.failed_call(A, BUSY)

    assert world.call(A2).start() == Taken(A2, "k1")
    call = world.call(A, A2)
    assert call.start() == Taken(A2, "k1")
    assert call.clear(A).expected == NOON + 2 * HOUR


def test_a_long_wait_ends_the_count_of_failing_calls() -> None:
    world = small()
    for failure in (error(Reason.OVERLOADED), BUSY):
        world.failed_call(A, failure)

    (entry,) = world.marked()

    assert (entry.mark, entry.until, entry.failures) == (Mark.BENCH, NOON + 60, 2)


def test_a_credential_that_waits_for_one_model_only_serves_the_others() -> None:
    world = small()

    world.failed_call(A, error(Reason.RATE_LIMIT, scope=Scope.MODEL, retry_after=DAY))

    assert world.call(A2).start() == Taken(A2, "k1")
    assert world.entry("acme", credential="k1", model="one").expected == NOON + DAY
