"""A clock that was set back, and rows that no clock wrote: nothing outlives its own length."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health.clock_skew import LONGEST_CLAIM, SKEW, corrected
from orchestrator.health.penalties import LONGEST, YEAR
from orchestrator.health.records import Claim, MarkKind, MarkScope, Record, decoded, encoded, key
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark, Taken
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.world import NOON, A, B, World, benched, error, pool, probing

DAY = 86_400.0
shifts = st.sampled_from([2.0, 100.0, 4000.0, DAY, 40 * 366 * DAY])
failures = st.builds(
    error,
    reason=st.sampled_from([*Reason]),
    scope=st.sampled_from([None, *Scope]),
    retry_after=st.sampled_from([None, 20.0, 300.0, 4000.0, 1e6]),
)


@given(failure=failures, ahead=shifts, fails=st.integers(1, 3))
def test_what_was_marked_while_the_clock_was_ahead_ends_by_its_own_length(
    failure: Error, ahead: float, fails: int
) -> None:
    world = World(pool("acme", "k1"), pool("bolt", "k1"))
    world.later(ahead)
    calls = [world.call(A) for _ in range(3 * fails)]
    for call in calls:
        call.start()
    for call in calls:
        call.fail(failure)
        call.close()
    lengths = [
        entry.until - world.now
        for entry in world.marked()
        if entry.until is not None and entry.mark is not Mark.DEAD
    ]
    world.later(-ahead)

    world.call(A, B).start()
    world.later(max(lengths, default=0.0) + SKEW)

    assert world.call(A).take(A) is not None


def test_after_the_clock_was_set_back_the_only_target_is_looked_at_after_fifteen_seconds() -> None:
    world = World(pool("acme", "k1"))
    world.later(DAY)
    benched(world)
    world.later(-DAY)

    at_once = world.call(A).start()
    world.later(15)

    assert at_once is None
    assert world.call(A).start() == Taken(A, "k1", probe=True)


def test_a_claim_from_the_future_ends_by_its_own_length() -> None:
    world = World(pool("acme", "k1"), pool("bolt", "k1"), claim_seconds=40)
    world.later(DAY)
    benched(world)
    world.later(300)
    probing(world, A, B)
    world.later(-DAY)

    soon = world.call(A, B).start()
    world.later(40 + 300)

    assert soon == Taken(B, "k1")
    assert world.call(A, B).start() == Taken(A, "k1", probe=True)


def test_status_shows_what_can_be_although_nobody_has_asked_since() -> None:
    world = World()
    world.later(DAY)
    benched(world)
    world.later(-DAY)

    (entry,) = world.marked()

    assert (entry.since, entry.until) == (NOON, NOON + 300)


instants = st.sampled_from([-1e18, 0.0, NOON - 9.0, NOON, NOON + 9.0, NOON + DAY, 1e18])
spans = st.sampled_from([-1e18, -1.0, 0.0, 5.0, 300.0, 1e5, 1e18])
claims = st.builds(Claim, holder=st.just("x"), expires=instants, early=st.booleans(), seconds=spans)
records = st.builds(
    Record,
    mark=st.sampled_from([None, *Mark]),
    since=instants,
    until=instants,
    failed=instants,
    requested=instants,
    level=st.sampled_from([-(2**60), -1, 0, 3, 2**60]),
    seconds=spans,
    failures=st.sampled_from([0, 1, 2**60]),
    claim=st.none() | claims,
    error=st.none() | failures,
    expected=st.none() | instants,
    cut_first_token=st.none() | spans,
)
places = st.sampled_from([(kind, scope) for kind in MarkKind for scope in MarkScope])


@given(records)
def test_nothing_in_a_record_is_in_the_future_but_its_end_which_is_near(record: Record) -> None:
    sound = corrected(record, NOON)

    assert max(sound.since, sound.failed, sound.requested) <= NOON + SKEW
    assert sound.seconds >= 0.0
    if sound.mark is not None and sound.mark in LONGEST:
        assert sound.until <= NOON + min(sound.seconds, LONGEST[sound.mark]) + SKEW
    assert sound.claim is None or sound.claim.expires <= NOON + LONGEST_CLAIM + SKEW
    assert sound.expected is None or sound.expected <= NOON + YEAR + SKEW
    assert corrected(sound, NOON) is sound


@given(record=records, place=places, later=st.sampled_from([0.0, 15.0, 4000.0]))
def test_no_row_keeps_anybody_out_for_longer_than_an_hour_or_fails_a_call(
    record: Record, place: tuple[MarkKind, MarkScope], later: float
) -> None:
    world = World(pool("acme", "k1"), pool("bolt", "k1"))
    names = world.board._state.place(A).identity(place[1], "k1")  # noqa: SLF001
    stored = decoded(key(*place, *names), encoded(record))
    assert stored == record
    world.store.update(lambda _: Changed({key(*place, *names): record}))
    world.later(later)

    call = world.call(A, B)
    assert call.start() is not None
    call.fail(Reason.TIMEOUT)
    call.take(B)
    call.fail(Reason.BILLING)
    call.close()
    world.board.snapshot([A])
    world.later(3600.0 + 130.0 + SKEW)

    assert record.mark is Mark.DEAD or world.call(A).take(A) is not None


@attrs.frozen
class Changed:
    changes: dict[str, Record | None]


def test_a_sound_record_is_itself() -> None:
    record = Record(Mark.BENCH, NOON, NOON + 300, NOON, NOON, seconds=300.0)

    assert corrected(record, NOON) is record
    assert corrected(record, NOON + DAY) is record


@pytest.mark.parametrize("name", ["", "[]", "x", '["billing"]', '["billing", "provider", "a"]'])
def test_a_row_that_is_no_record_of_ours_is_none(name: str) -> None:
    assert decoded(name, encoded(Record(None, NOON, NOON, NOON, NOON))) is None


@pytest.mark.parametrize("value", ["", "{}", "[]", "null", b"{}", 5, None, 1.5])
def test_a_value_that_is_no_record_is_none(value: object) -> None:
    assert decoded(key(MarkKind.BILLING, MarkScope.PROVIDER, "a", "b"), value) is None
