"""Who is to blame: the caller, the key, the account, a relay, or nobody."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from orchestrator.pooling import Accounts
from orchestrator.states.facts import Mark, Taken
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.world import A2, NOON, A, World, error, pool

PROVIDER, TARGET, KEY, KEY_MODEL = (
    ("acme", None, None),
    ("acme", None, "one"),
    ("acme", "k1", None),
    ("acme", "k1", "one"),
)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize(
    "harmless", [{"scope": Scope.REQUEST}, {"empty": True}], ids=["the caller's", "empty"]
)
def test_what_a_caller_is_to_blame_for_and_an_empty_answer_mark_nothing(
    reason: Reason, harmless: dict[str, Any]
) -> None:
    world = World()
    failure = attrs.evolve(error(reason, retry_after=7200, revoked=True), **harmless)

    for _ in range(4):
        world.failed_call(A, failure)

    assert world.marked() == []
    assert all(entry.failures == 0 for entry in world.board.snapshot())


def test_a_caller_in_a_hurry_gives_a_probe_back() -> None:
    world = World()
    world.failed_call(A, Reason.BILLING)
    world.later(300)

    world.failed_call(A, error(Reason.TIMEOUT, scope=Scope.REQUEST))

    assert world.call(A).start() == Taken(A, "k1", probe=True)


@pytest.mark.parametrize("reason", [Reason.AUTH, Reason.RATE_LIMIT])
def test_a_key_or_a_limit_that_a_relay_quotes_counts_against_the_target(reason: Reason) -> None:
    world = World()

    for _ in range(3):
        world.failed_call(A, error(reason, quoted=True, revoked=True))

    (entry,) = world.marked()
    assert (entry.provider, entry.credential, entry.model) == TARGET
    assert (entry.mark, entry.until) == (Mark.CIRCUIT, NOON + 5)


@pytest.mark.parametrize("reason", [Reason.FORBIDDEN, Reason.MODEL_NOT_FOUND, Reason.CONNECTION])
def test_other_failures_mark_alike_whoever_quotes_them(reason: Reason) -> None:
    quoted, plain = World(), World()

    for world, failure in ((quoted, error(reason, quoted=True)), (plain, error(reason))):
        for _ in range(3):
            world.failed_call(A, failure)
            world.later(300)

    marks = [
        [(each.credential, each.model, each.mark, each.until) for each in world.marked()]
        for world in (quoted, plain)
    ]
    assert marks[0] == marks[1] != []


@pytest.mark.parametrize(
    ("scope", "retry_after", "marked", "mark"),
    [
        (Scope.ACCOUNT, 20, PROVIDER, Mark.COOLDOWN),
        (Scope.ACCOUNT, None, PROVIDER, Mark.COOLDOWN),
        (Scope.ACCOUNT, 7200, PROVIDER, Mark.BENCH),
        (Scope.KEY, 20, KEY, Mark.COOLDOWN),
        (Scope.MODEL, 20, KEY_MODEL, Mark.COOLDOWN),
        (None, 20, KEY, Mark.COOLDOWN),
    ],
)
def test_where_the_keys_share_an_account_a_limit_of_it_marks_the_provider(
    scope: Scope | None,
    retry_after: float | None,
    marked: tuple[str, str | None, str | None],
    mark: Mark,
) -> None:
    world = World(pool("acme", "k1", "k2", accounts=Accounts.ONE), pool("bolt", "k1"))

    standby = world.failed_call(A, error(Reason.RATE_LIMIT, scope=scope, retry_after=retry_after))

    (entry,) = world.marked()
    assert (entry.provider, entry.credential, entry.model) == marked
    assert entry.mark is mark
    assert (standby.credentials == ()) == (marked == PROVIDER)
    assert (world.call(A2).start() is None) == (marked == PROVIDER)


def test_a_model_that_is_reset_beside_a_healthy_one_is_learnt() -> None:
    world = World(pool("acme", "k1"))
    for _ in range(3):
        call = world.call(A, A2)
        call.start()
        call.fail(error(Reason.CONNECTION, scope=Scope.MODEL))
        call.take(A2)
        call.succeed()
        call.close()

    (entry,) = world.marked()

    assert (entry.provider, entry.credential, entry.model) == TARGET
    assert entry.mark is Mark.CIRCUIT
    assert world.call(A, A2).start() == Taken(A2, "k1")


@pytest.mark.parametrize("answered", [None, *(r for r in Reason if r is not Reason.CONNECTION)])
def test_whoever_answers_can_be_reached(answered: Reason | None) -> None:
    world = World()
    for _ in range(2):
        world.failed_call(A, Reason.CONNECTION)
    call = world.call(A2)
    call.start()
    if answered is None:
        call.succeed()
    else:
        call.fail(answered)
    call.close()
    world.later(300)

    world.failed_call(A, Reason.CONNECTION)

    assert Mark.CIRCUIT not in [entry.mark for entry in world.marked()]


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.STREAM_INTERRUPTED, Reason.UNKNOWN])
def test_what_brought_no_answer_proves_nothing(reason: Reason) -> None:
    world = World()
    for _ in range(2):
        world.failed_call(A, Reason.CONNECTION)

    world.failed_call(A2, attrs.evolve(error(reason), status=None))
    world.failed_call(A, Reason.CONNECTION)

    assert world.entry("acme").mark is Mark.CIRCUIT


def test_a_probe_that_is_answered_shows_that_the_provider_can_be_reached() -> None:
    world = World(pool("acme", "k1", "k2"))
    for _ in range(3):
        world.failed_call(A, Reason.CONNECTION)
    world.later(5)
    call = world.call(A)

    taken = call.start()
    standby = call.fail(error(Reason.RATE_LIMIT, retry_after=60))

    assert taken == Taken(A, "k1", probe=True)
    assert standby.credentials == ("k2",)
