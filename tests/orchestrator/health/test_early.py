"""Where nothing at all stands by, benches and circuits are due early."""

from __future__ import annotations

import math

from orchestrator.states.facts import Mark, Taken
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import (
    NOON,
    A,
    B,
    C,
    World,
    benched,
    error,
    pool,
)


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
    world.failed_call(A, error(Reason.RATE_LIMIT, retry_after=300))
    world.failed_call(B, error(Reason.AUTH, revoked=True))
    world.later(299)
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


def test_an_early_probe_that_fails_otherwise_leaves_the_bench_as_it_was() -> None:
    world = World()
    benched(world)
    world.later(15)

    world.failed_call(A, Reason.FORBIDDEN)

    assert world.entry("acme").until == NOON + 300
    assert world.entry("acme", model="one").mark is Mark.BENCH
