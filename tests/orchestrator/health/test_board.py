"""Takes, probes, claims and standbys: the board as a call meets it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health import HealthBoard, MemoryStore, Pool, PoolCredential, Strategy
from states.reasons import Reason, Scope
from states.standby import Mark, Standby, Taken
from states.target import Target
from tests.orchestrator.health.world import (
    A2,
    NOON,
    POOLS,
    ROUTE,
    A,
    B,
    C,
    Call,
    World,
    error,
    pool,
)


def benched(world: World, target: Target = A, reason: Reason = Reason.BILLING) -> None:
    world.failed_call(target, reason)


def due(world: World, target: Target = A, reason: Reason = Reason.BILLING) -> None:
    """Bench ``target`` and let the bench end."""
    benched(world, target, reason)
    world.later(300)


def probing(world: World, *route: Target) -> Call:
    call = world.call(*(route or ROUTE))
    taken = call.start()
    assert taken is not None
    assert taken.probe
    return call


def test_with_nothing_marked_the_first_target_is_taken() -> None:
    call = World().call()

    taken = call.start()

    assert taken == Taken(A, "k1")
    assert call.standby == Standby(("k1", "k2"), ROUTE, ())


def test_a_benched_provider_is_passed_over_and_remembered() -> None:
    world = World()
    failure = error(Reason.BILLING, message="Insufficient Balance")
    world.failed_call(A, failure)
    world.later(60)
    call = world.call()

    taken = call.start()

    assert taken == Taken(B, "k1")
    assert call.standby.targets == (B, C)
    first = call.standby.clears[0]
    assert (first.target, first.mark, first.at, first.since) == (A, Mark.BENCH, 240, -60)
    assert (first.error, first.probed) == (failure, False)


def test_the_take_that_fails_tells_the_one_target_it_was_about() -> None:
    world = World()
    call = world.call(A, B)
    call.start()
    call.fail(Reason.RATE_LIMIT)

    taken = call.take(A, used={"k1", "k2"})

    assert taken is None
    assert call.standby.credentials == ("k2",)


def test_the_take_that_fails_for_several_targets_tells_no_credentials() -> None:
    world = World()
    benched(world)
    call = world.call(A, A2)

    taken = call.take(A, A2)

    assert taken is None
    assert call.standby.credentials == ()


def test_a_used_label_is_not_taken_although_ready() -> None:
    call = World().call(A)

    taken = call.take(A, used={"k1"})

    assert taken == Taken(A, "k2")


def test_a_cooldown_simply_ends() -> None:
    world = World()
    world.failed_call(B, error(Reason.RATE_LIMIT, retry_after=7))
    early, late = world.call(B), world.call(B)

    before = early.start()
    clear = early.clear(B)
    world.later(7)
    after = late.start()

    assert before is None
    assert (clear.mark, clear.at) == (Mark.COOLDOWN, NOON + 7)
    assert after == Taken(B, "k1", probe=False)


@pytest.mark.parametrize("reason", [Reason.BILLING, Reason.AUTH, Reason.FORBIDDEN])
def test_one_call_probes_when_a_bench_ends(reason: Reason) -> None:
    world = World(pool("acme", "k1"), pool("bolt", "k1"))
    due(world, A, reason)
    prober, other = world.call(A, B), world.call(A, B)

    first, second = prober.start(), other.start()

    assert first == Taken(A, "k1", probe=True)
    assert prober.standby.targets == (A, B)
    assert second == Taken(B, "k1")
    clear = other.clear(A)
    assert (clear.mark, clear.probed, clear.at) == (Mark.BENCH, True, world.now + 10)


def test_a_probe_that_succeeds_restores_the_preferred_target_at_once() -> None:
    world = World()
    due(world)
    prober = probing(world)

    prober.succeed()

    assert world.call().start() == Taken(A, "k1")
    assert world.marked() == []


def test_a_probe_that_fails_alike_makes_the_bench_longer() -> None:
    world = World()
    due(world)
    prober = probing(world)

    prober.fail(Reason.BILLING)

    (entry,) = world.marked()
    assert (entry.since, entry.until, entry.probed) == (NOON, world.now + 600, False)


def test_a_probe_that_fails_otherwise_keeps_the_length_and_marks_besides() -> None:
    world = World()
    due(world)
    prober = probing(world)

    prober.fail(error(Reason.RATE_LIMIT, retry_after=20))

    assert world.entry("acme").until == world.now + 300
    assert world.entry("acme", credential="k1").until == world.now + 20


@pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.DEADLINE])
def test_a_probe_that_we_cut_short_says_nothing(reason: Reason) -> None:
    world = World()
    due(world)
    probing(world).fail(reason)

    taken = world.call().start()

    assert taken == Taken(A, "k1", probe=True)


def test_a_claim_that_is_not_used_is_given_back_on_close() -> None:
    world = World()
    due(world)
    probing(world).close()

    taken = world.call().start()

    assert taken == Taken(A, "k1", probe=True)


def test_a_claim_that_is_not_used_is_given_back_on_the_next_take() -> None:
    world = World()
    due(world)
    probing(world).take(B)

    taken = world.call().start()

    assert taken == Taken(A, "k1", probe=True)


def test_the_claim_of_a_crashed_call_ends_by_itself() -> None:
    world = World(claim_seconds=40)
    due(world)
    probing(world)

    world.later(39)
    before = world.call().start()
    world.later(1)
    after = world.call().start()

    assert before == Taken(B, "k1")
    assert after == Taken(A, "k1", probe=True)


def test_a_late_prober_does_not_take_the_claim_of_its_successor() -> None:
    world = World(claim_seconds=40)
    due(world)
    late = probing(world)
    world.later(40)
    probing(world)

    late.close()

    assert world.call().start() == Taken(B, "k1")


def test_each_credential_is_probed_by_itself() -> None:
    world = World(pool("acme", "k1", "k2"))
    for used in ((), ("k1",)):
        call = world.call(A)
        call.take(A, used=used)
        call.fail(Reason.AUTH)
        call.close()
    world.later(300)

    first, second, third = (world.call(A).start() for _ in range(3))

    assert first == Taken(A, "k1", probe=True)
    assert second == Taken(A, "k2", probe=True)
    assert third is None


def test_when_nothing_stands_by_a_bench_is_due_after_fifteen_seconds() -> None:
    world = World()
    benched(world, A)
    world.later(5)
    benched(world, B)
    benched(world, C)

    world.later(9)
    hot = world.call()
    nothing = hot.start()
    world.later(1)
    one, other = world.call(), world.call()

    assert nothing is None
    assert hot.standby.targets == ()
    assert one.start() == Taken(A, "k1", probe=True)
    assert one.standby.credentials == ("k1", "k2")
    assert other.start() is None


def test_an_early_visit_stays_early_for_its_later_takes() -> None:
    world = World()
    for target in (A, B):
        benched(world, target)
    world.later(15)
    call = world.call(A, B)
    call.start()

    standby = call.fail(Reason.BILLING)
    taken = call.take(B)

    assert standby.targets == (B,)
    assert taken == Taken(B, "k1", probe=True)


def test_a_failed_early_probe_does_not_lengthen_the_bench_and_is_not_hammered() -> None:
    world = World()
    benched(world)
    world.later(15)
    call = world.call(A)
    call.start()
    call.fail(Reason.BILLING)
    call.close()

    world.later(14)
    soon = world.call(A).start()
    world.later(1)
    then = world.call(A).start()

    assert world.entry("acme").until == NOON + 300
    assert soon is None
    assert then == Taken(A, "k1", probe=True)


def test_a_failed_early_probe_keeps_the_level() -> None:
    world = World()
    benched(world)
    world.later(15)
    world.failed_call(A, Reason.BILLING)
    world.now = NOON + 300

    world.failed_call(A, Reason.BILLING)

    assert world.entry("acme").until == world.now + 600


def test_cooldowns_and_revoked_keys_are_never_due_early() -> None:
    world = World(pool("acme", "k1"), pool("bolt", "k1"))
    world.failed_call(A, error(Reason.RATE_LIMIT, retry_after=3600))
    world.failed_call(B, error(Reason.AUTH, revoked=True))
    world.later(1000)
    call = world.call(A, B)

    taken = call.start()

    assert taken is None
    assert [clear.mark for clear in call.standby.clears] == [Mark.COOLDOWN, Mark.DEAD]
    assert call.standby.clears[1].at == math.inf


def test_benches_are_not_due_early_while_anything_stands_by() -> None:
    world = World()
    benched(world)
    world.later(100)

    assert world.call(A, C).start() == Taken(C, "k1")


CLEARS = [
    # failures of k1, of k2 and of the target, then the mark that binds and when it ends
    ("both cooling", [("k1", Reason.RATE_LIMIT, 20), ("k2", Reason.RATE_LIMIT, 9)], "cooldown", 9),
    ("one out", [("k1", Reason.AUTH, None), ("k2", Reason.RATE_LIMIT, 400)], "cooldown", 400),
    ("both out", [("k1", Reason.AUTH, None), ("k2", Reason.AUTH, None)], "bench", 300),
    ("bench later", [("k1", Reason.RATE_LIMIT, 20), ("k2", Reason.BILLING, None)], "bench", 300),
    ("pool later", [("k1", Reason.RATE_LIMIT, 900), ("k2", Reason.FORBIDDEN, None)], "bench", 300),
    (
        "cooldown ends last",
        [("k1", Reason.RATE_LIMIT, 900), ("k2", Reason.RATE_LIMIT, 800), ("", Reason.BILLING, 30)],
        "cooldown",
        800,
    ),
    (
        "a bench before a cooldown that ends with it",
        [("k1", Reason.RATE_LIMIT, 300), ("k2", Reason.RATE_LIMIT, 300), ("", Reason.FORBIDDEN, 0)],
        "bench",
        300,
    ),
]


@pytest.mark.parametrize(("failures", "mark", "at"), [case[1:] for case in CLEARS])
def test_the_binding_mark(
    failures: list[tuple[str, Reason, float | None]], mark: str, at: float
) -> None:
    world = World()
    calls = [world.call(A) for _ in failures]
    for call, (label, _, _) in zip(calls, failures, strict=True):
        assert call.take(A, used={"k1", "k2"} - {label or "k1"}) is not None
    for call, (_, reason, wait) in zip(calls, failures, strict=True):
        call.fail(error(reason, retry_after=wait))

    clear = calls[-1].clear(A)

    assert (clear.mark, clear.at - NOON) == (mark, at)


def test_a_pool_without_credentials_is_never_sent_to() -> None:
    call = World(pool("acme"), pool("bolt", "k1")).call(A, B)

    taken = call.start()

    assert taken == Taken(B, "k1")
    assert (call.clear(A).mark, call.clear(A).at) == (Mark.DEAD, math.inf)


def test_a_changed_secret_starts_clean() -> None:
    world = World(pool("acme", "k1"))
    world.failed_call(A, error(Reason.AUTH, revoked=True))
    changed = Pool("acme", "http://acme.test/v1", (PoolCredential("k1", "another"),))

    after = World(changed, store=world.store)

    assert world.call(A).start() is None
    assert after.call(A).start() == Taken(A, "k1")


def test_a_provider_at_another_address_starts_clean() -> None:
    store = MemoryStore()
    here = World(pool("acme", "k1"), store=store)
    here.failed_call(A, Reason.BILLING)
    moved = Pool("acme", "http://elsewhere.test", (PoolCredential("k1", "acme-k1"),))

    there = World(moved, store=store)

    assert here.call(A).start() is None
    assert there.call(A).start() is not None


def test_reset_removes_the_marks_of_one_provider_or_of_all() -> None:
    world = World()
    world.failed_call(B, Reason.UNKNOWN)
    world.failed_call(A, Reason.SERVER_ERROR)
    for target in (A, B, C):
        benched(world, target)

    one = world.board.reset("acme")
    rest = world.board.reset()
    none = world.board.reset()

    assert (one, rest, none) == (1, 2, 0)
    assert world.call().start() == Taken(A, "k1")
    assert world.entry("acme", model="one").failures == 0
    assert world.entry("bolt", model="one").unknown == 1


def test_an_unknown_provider_is_named_with_its_nearest() -> None:
    board = HealthBoard(POOLS, MemoryStore())

    with pytest.raises(ValueError, match=r"'acmee'.*acme, bolt, corp.*did you mean 'acme'"):
        board.visit([Target("acmee", "one")], NOON)


def test_an_unknown_credential_is_named() -> None:
    visit = World().call(A).visit

    with pytest.raises(ValueError, match=r"no credential 'k9'; it has: 'k1', 'k2'"):
        visit.report(A, "k9", error(Reason.AUTH), 0.0)


def test_two_pools_of_one_provider_are_refused() -> None:
    with pytest.raises(ValueError, match="'acme' has two pools"):
        HealthBoard([pool("acme", "k1"), pool("acme", "k2")], MemoryStore())


GRAIN = 2.0**-22
"""Between one epoch instant and the next in a float: what a driver's sums may lose."""


@given(
    started=st.floats(min_value=0.0, max_value=4e9),
    wait=st.floats(min_value=0.001, max_value=1e5),
    at=st.floats(min_value=0.0, max_value=300.0),
)
def test_a_target_can_be_had_at_the_very_instant_of_its_clear(
    started: float, wait: float, at: float
) -> None:
    visit = HealthBoard(POOLS, MemoryStore()).visit([B], started)
    visit.start(at)
    clear = visit.report(B, "k1", error(Reason.RATE_LIMIT, retry_after=wait), at).clear(B)
    assert clear is not None

    before, _ = visit.take([B], at)
    then, _ = visit.take([B], clear.at - GRAIN)

    assert before is None
    assert then == Taken(B, "k1")


def test_an_early_probe_that_fails_otherwise_leaves_the_bench_as_it_was() -> None:
    world = World()
    benched(world)
    world.later(15)

    world.failed_call(A, Reason.FORBIDDEN)

    assert world.entry("acme").until == NOON + 300
    assert world.entry("acme", model="one").mark is Mark.BENCH


def test_a_take_that_writes_is_one_turn_of_the_strategy() -> None:
    world = World(pool("acme", "k1", "k2", "k3", strategy=Strategy.ROUND_ROBIN))
    due(world)

    probe = probing(world, A)
    probe.succeed()
    after = world.call(A).start()

    assert probe.taken == Taken(A, "k2", probe=True)
    assert after == Taken(A, "k3")


def test_a_probe_under_way_is_shown_before_what_is_merely_due() -> None:
    world = World()
    older = [world.call(A) for _ in range(3)]
    for call in older:
        call.start()
    due(world)
    probing(world, A)
    for call in older:
        call.fail(Reason.CONNECTION)
        call.close()
    world.later(5)

    entry = world.entry("acme")

    assert (entry.mark, entry.probed) == (Mark.BENCH, True)


def test_a_bench_binds_before_a_circuit_that_ends_with_it() -> None:
    world = World(pool("acme", "k1"))
    calls = [world.call(A) for _ in range(4)]
    for call in calls:
        call.start()
    for call in calls[1:]:
        call.fail(Reason.OVERLOADED)
        call.close()

    calls[0].fail(error(Reason.BILLING, scope=Scope.KEY, retry_after=5))

    clear = calls[0].clear(A)
    assert (clear.mark, clear.at) == (Mark.BENCH, NOON + 5)
