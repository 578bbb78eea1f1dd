"""What a target was seen to need until its first content, and the patience that it earns."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health import MemoryStore, Store
from orchestrator.health.latency import estimate, learned
from orchestrator.health.records import Marks
from orchestrator.health.session import NoteFirstToken
from orchestrator.health.stores.file import FileStore
from orchestrator.health.stores.store import C
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.world import A2, NOON, A, World, error

HOUR = 3600.0
silences = st.floats(0.0, 1e6)
instants = st.floats(0.0, 1e6)


def patience(world: World) -> float | None:
    """What a call that takes ``A`` now is told."""
    call = world.call(A)
    taken = call.start()
    assert taken is not None
    return taken.seen_first_token


def saw(world: World, seconds: float) -> None:
    call = world.call(A)
    call.start()
    world.later(seconds)
    call.session.answer(NoteFirstToken(A, seconds), call.at)
    call.succeed()
    call.close()


class Counted(MemoryStore):
    """A store that counts what is written to it."""

    writes = 0

    def update(self, step: Callable[[Marks], C]) -> C:
        outcome = super().update(step)
        self.writes += bool(outcome.changes)
        return outcome


def test_nothing_is_known_of_a_target_that_was_never_slow() -> None:
    store = Counted()
    world = World(store=store)
    for _ in range(20):
        saw(world, 5.0)

    assert patience(world) is None
    assert store.writes == 0


def test_a_slow_target_earns_twice_what_it_needed() -> None:
    world = World()

    saw(world, 40.0)

    assert patience(world) == pytest.approx(80.0)


def test_another_model_of_the_provider_earns_nothing() -> None:
    world = World()
    saw(world, 40.0)
    call = world.call(A2)

    taken = call.start()

    assert taken is not None
    assert taken.seen_first_token is None


def test_the_patience_is_bounded_however_silent_a_target_was() -> None:
    world = World()
    for _ in range(10):
        saw(world, (patience(world) or 60.0) * 0.99)

    # What is longer by less than a quarter is not written, so it may stay that much below.
    assert 120.0 / 1.25 <= (patience(world) or 0.0) <= 120.0


def test_what_was_seen_is_halved_every_hour() -> None:
    world = World()
    saw(world, 40.0)

    world.later(HOUR)

    assert patience(world) == pytest.approx(40.0)


def test_quicker_answers_do_not_hide_the_slow_one() -> None:
    world = World()
    saw(world, 40.0)

    saw(world, 8.0)

    assert patience(world) == pytest.approx(80.0, rel=0.01)


def test_a_limit_that_fired_changes_nothing() -> None:
    world = World()
    saw(world, 40.0)
    before = patience(world)

    world.failed_call(A, Reason.TIMEOUT)

    assert patience(world) == before


def test_a_target_that_is_as_slow_as_before_is_not_written_again() -> None:
    store = Counted()
    world = World(store=store)
    saw(world, 40.0)

    for _ in range(5):
        saw(world, 41.0)

    assert store.writes == 1


def test_a_store_is_shared_by_boards(tmp_path: Path) -> None:
    def store() -> Store:
        return FileStore(tmp_path / "health.sqlite3")

    one, other = World(store=store()), World(store=store())

    saw(one, 40.0)
    other.now = one.now

    assert patience(other) == pytest.approx(80.0)
    one.board.close()
    other.board.close()


def test_a_reset_forgets_it_and_counts_no_mark() -> None:
    world = World()
    saw(world, 40.0)

    removed = world.board.reset("acme")

    assert removed == 0
    assert patience(world) is None


def test_it_is_no_mark_and_no_failure() -> None:
    world = World()
    saw(world, 40.0)

    entry = world.entry("acme", model="one")

    assert (entry.mark, entry.failures, entry.unknown) == (None, 0, 0)


def test_it_goes_when_nobody_has_been_slow_for_a_week() -> None:
    world = World()
    saw(world, 40.0)
    world.later(8 * 24 * HOUR)

    world.failed_call(A2, Reason.BILLING)

    assert all("first_token" not in key for key in world.store.read())


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0, 0.0])
def test_what_is_no_silence_is_not_learned(seconds: float) -> None:
    assert learned(None, seconds, NOON) is None


def test_a_standby_tells_of_what_needs_longer_than_usual() -> None:
    world = World()
    before = world.call(A, A2)
    before.start()
    saw(world, 40.0)
    call = world.call(A, A2)

    call.start()
    world.later(2 * HOUR)
    later = world.call(A, A2)
    later.start()

    assert before.standby.seen == ()
    ((name, seconds),) = call.standby.seen
    assert name == A.name
    assert seconds == pytest.approx(80.0)
    # By then it has earned 20 s, and after another hour no more than what every target gets.
    assert dict(later.standby.seen) == {A.name: pytest.approx(20.0)}
    world.later(HOUR)
    latest = world.call(A, A2)
    latest.start()
    assert latest.standby.seen == ()


def test_a_target_that_is_out_is_not_told_of() -> None:
    world = World()
    saw(world, 40.0)
    world.failed_call(A, Reason.BILLING)
    call = world.call()

    call.start()

    assert call.standby.seen == ()


def opened(world: World, cut: float | None) -> None:
    """Let the circuit of ``A`` open, by waits of which the last was cut."""
    for limit in (None, None, cut):
        call = world.call(A)
        call.start()
        call.fail(Reason.TIMEOUT, limit)
        call.close()


def cut_told(world: World) -> tuple[bool, float | None]:
    """What the next call that takes ``A`` is told of the last cut, and whether it probes."""
    call = world.call(A)
    taken = call.start()
    call.close()
    assert taken is not None
    return taken.probe, taken.cut_first_token


def test_the_probe_of_a_target_whose_wait_was_cut_is_told_of_the_limit() -> None:
    world = World()
    opened(world, 12.0)
    world.later(5)

    assert cut_told(world) == (True, 12.0)


def test_only_a_probe_is_told_of_a_cut() -> None:
    world = World()
    call = world.call(A)
    call.start()
    call.fail(Reason.TIMEOUT, 12.0)
    call.close()

    assert cut_told(world) == (False, None)


@pytest.mark.parametrize(("cut", "told"), [(24.0, 24.0), (None, 12.0)])
def test_the_last_cut_is_told_until_a_success(cut: float | None, told: float) -> None:
    world = World()
    opened(world, 12.0)
    world.later(5)
    probe = world.call(A)
    probe.start()
    probe.fail(Reason.TIMEOUT, cut)
    probe.close()
    world.later(10)

    again = cut_told(world)
    call = world.call(A)
    call.start()
    call.succeed()
    call.close()
    opened(world, None)
    world.later(5)

    assert again == (True, told)
    assert cut_told(world) == (True, None)


def test_a_cut_that_a_caller_is_to_blame_for_teaches_nothing() -> None:
    world = World()
    opened(world, None)
    call = world.call(A)
    world.later(5)
    call.start()
    call.fail(error(Reason.TIMEOUT, scope=Scope.REQUEST), 1.0)
    call.close()

    assert cut_told(world) == (True, None)


@given(st.lists(st.tuples(silences, instants), max_size=12))
def test_patience_is_bounded_and_never_less_than_the_last_silence_earned(
    seen: list[tuple[float, float]],
) -> None:
    record, now = None, 0.0
    for seconds, later in seen:
        now += later
        record = learned(record, seconds, now) or record
        known = estimate(record, now)

        assert known is None or 0.0 <= known <= 120.0
        # 12 s are borne anyway; a quarter less is not worth a write.
        assert max(known or 0.0, 12.0) >= min(120.0, 2.0 * seconds) / 1.25 - 1e-9


@given(silences, instants, instants)
def test_patience_only_falls_while_nothing_is_seen(
    seconds: float, sooner: float, later: float
) -> None:
    record = learned(None, seconds, 0.0)
    first, last = sorted((sooner, later))

    assert (estimate(record, last) or 0.0) <= (estimate(record, first) or 0.0)
