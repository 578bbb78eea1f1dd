"""Probes and their claims: one call tries what was benched, and what comes of it."""

from __future__ import annotations

import pytest

from orchestrator.health.records import CLAIM_SECONDS
from orchestrator.states.facts import Mark, Taken
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import (
    NOON,
    A,
    B,
    World,
    due,
    error,
    pool,
    probing,
)


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
    assert (clear.mark, clear.probed, clear.at) == (Mark.BENCH, True, world.now + CLAIM_SECONDS)


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


def test_who_has_probed_is_offered_no_other_key_that_is_due_while_others_stand_by() -> None:
    world = World()
    call = world.call()
    for label in ("k1", "k2"):
        call.take(A, used=() if label == "k1" else ("k1",))
        call.fail(error(Reason.AUTH))
    call.close()
    world.later(301)
    call = world.call()
    call.take(A)

    call.fail(error(Reason.AUTH))

    assert call.standby.credentials == ()
    assert B in call.standby.targets
