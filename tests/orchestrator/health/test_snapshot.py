"""What ``status`` is told, and how records come to an end."""

from __future__ import annotations

from orchestrator.health import BoardRow, MemoryStore
from orchestrator.health.expiry import DEAD_STALE_SECONDS, STALE_SECONDS
from orchestrator.health.session import PRUNE_SECONDS
from orchestrator.states.facts import Mark
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.world import NOON, A, B, C, World, error


def test_every_provider_credential_and_named_target_is_listed() -> None:
    world = World()

    entries = world.board.snapshot([A, B])

    assert entries == (
        BoardRow("acme", retry_tokens=500, retry_budget=500),
        BoardRow("acme", credential="k1"),
        BoardRow("acme", credential="k2"),
        BoardRow("acme", model="one"),
        BoardRow("bolt", retry_tokens=500, retry_budget=500),
        BoardRow("bolt", credential="k1"),
        BoardRow("bolt", model="one"),
        BoardRow("corp", retry_tokens=500, retry_budget=500),
        BoardRow("corp", credential="k1"),
    )


def test_a_marked_target_is_listed_by_a_process_that_never_asked_it() -> None:
    store = MemoryStore()
    World(store=store).failed_call(A, Reason.FORBIDDEN)

    assert World(store=store).entry("acme", model="one").mark is Mark.BENCH


def test_a_credential_cooling_for_one_model_is_listed_for_it() -> None:
    world = World()

    world.failed_call(A, error(Reason.RATE_LIMIT, scope=Scope.MODEL, retry_after=9))

    assert world.entry("acme", credential="k1").mark is None
    assert world.entry("acme", credential="k1", model="one").until == NOON + 9


def test_a_bench_is_in_force_then_due_then_probed() -> None:
    world = World()
    world.failed_call(A, Reason.BILLING)
    found = [world.entry("acme")]
    world.later(300)
    found.append(world.entry("acme"))
    world.call(A).start()
    found.append(world.entry("acme"))

    assert [(entry.due, entry.probed) for entry in found] == [
        (False, False),
        (True, False),
        (False, True),
    ]


def test_a_cooldown_that_ended_is_not_shown() -> None:
    world = World()
    world.failed_call(A, Reason.RATE_LIMIT)
    world.later(1)

    assert world.marked() == []
    assert world.entry("acme", credential="k1").failures == 1


def test_old_records_go_when_something_else_is_written() -> None:
    world = World()
    world.failed_call(A, Reason.BILLING)
    world.failed_call(B, error(Reason.AUTH, revoked=True))
    found = []

    for seconds in (300 + STALE_SECONDS, PRUNE_SECONDS, DEAD_STALE_SECONDS):
        world.later(seconds)
        world.failed_call(C, Reason.UNKNOWN)
        found.append([entry.mark for entry in world.marked()])

    assert found == [[Mark.BENCH, Mark.DEAD], [Mark.DEAD], []]
