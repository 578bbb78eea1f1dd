"""Takes and standbys: the board as a call meets it."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health import HealthBoard, MemoryStore, Pool, PoolCredential
from orchestrator.health.records import Marks
from orchestrator.health.session import Report, Take, TakeFirst
from orchestrator.health.stores.file import FileStore
from orchestrator.pooling import Accounts, Strategy
from orchestrator.secrets import Secret
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark, Standby, Taken, Target
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.world import (
    A2,
    NOON,
    POOLS,
    ROUTE,
    A,
    B,
    C,
    World,
    benched,
    due,
    error,
    pool,
    probing,
)


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


CLEARS = [
    # failures of k1, of k2 and of the target, then the mark that binds and when it ends
    ("both cooling", [("k1", Reason.RATE_LIMIT, 20), ("k2", Reason.RATE_LIMIT, 9)], "cooldown", 9),
    ("one out", [("k1", Reason.AUTH, None), ("k2", Reason.RATE_LIMIT, 200)], "cooldown", 200),
    ("both out", [("k1", Reason.AUTH, None), ("k2", Reason.AUTH, None)], "bench", 300),
    ("bench later", [("k1", Reason.RATE_LIMIT, 20), ("k2", Reason.BILLING, None)], "bench", 300),
    ("pool later", [("k1", Reason.RATE_LIMIT, 900), ("k2", Reason.FORBIDDEN, None)], "bench", 300),
    (
        "what names its end",
        [("k1", Reason.RATE_LIMIT, 900), ("k2", Reason.AUTH, None)],
        "bench",
        60,
    ),
    (
        "a wait first",
        [("k1", Reason.RATE_LIMIT, 900), ("k2", Reason.RATE_LIMIT, 99)],
        "cooldown",
        99,
    ),
    ("two names", [("k1", Reason.RATE_LIMIT, 9000), ("k2", Reason.RATE_LIMIT, 900)], "bench", 60),
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


def keyed(*secrets: str, accounts: Accounts = Accounts.SEPARATE) -> Pool:
    """A pool of so many keys, ``k1`` first."""
    keys = (PoolCredential(f"k{number}", each) for number, each in enumerate(secrets, 1))
    return Pool("acme", "http://acme.test/v1", tuple(keys), accounts=accounts)


ACCOUNTS = [
    (error(Reason.BILLING), Accounts.SEPARATE),
    (error(Reason.BILLING, retry_after=86_400), Accounts.SEPARATE),
    (error(Reason.BILLING, scope=Scope.MODEL), Accounts.SEPARATE),
    (error(Reason.RATE_LIMIT, scope=Scope.ACCOUNT, retry_after=60), Accounts.ONE),
    (error(Reason.RATE_LIMIT, scope=Scope.ACCOUNT, retry_after=86_400), Accounts.ONE),
]


@pytest.mark.parametrize(("failure", "accounts"), ACCOUNTS)
def test_a_bench_of_an_account_ends_with_the_last_of_its_keys(
    failure: Error, accounts: Accounts
) -> None:
    store = MemoryStore()
    old = World(keyed("one", "two", accounts=accounts), store=store)
    old.failed_call(A, failure)
    kept = World(keyed("three", "one", accounts=accounts), store=store)
    funded = World(keyed("three", "two", accounts=accounts), store=store)

    assert kept.call(A).start() is None
    assert funded.call(A).start() == Taken(A, "k1")
    assert funded.marked() == []
    # What stands there for the others is not removed by what the funded account answers.
    call = funded.call(A)
    call.start()
    call.succeed()
    assert old.call(A).start() is None


def test_two_pools_that_are_both_out_of_money_do_not_forget_each_other() -> None:
    store = MemoryStore()
    worlds = [World(keyed(secret), store=store) for secret in ("one", "two")]
    for world in worlds:
        world.failed_call(A, Reason.BILLING)

    assert [world.call(A).start() for world in worlds] == [None, None]


@pytest.mark.parametrize("reason", [Reason.FORBIDDEN, Reason.OVERLOADED])
def test_what_is_not_about_an_account_holds_for_all_keys(reason: Reason) -> None:
    store = MemoryStore()
    World(keyed("one"), store=store).failed_call(A, error(reason, retry_after=7200))

    assert World(keyed("two"), store=store).call(A).start() is None


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
        board.session([Target("acmee", "one")], NOON)


def test_an_unknown_credential_is_named() -> None:
    session = World().call(A).session

    with pytest.raises(ValueError, match=r"no credential 'k9'; it has: 'k1', 'k2'"):
        session.answer(Report(A, "k9", error(Reason.AUTH)), 0.0)


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
    session = HealthBoard(POOLS, MemoryStore()).session([B], started)
    session.answer(TakeFirst(), at)
    throttled = error(Reason.RATE_LIMIT, retry_after=wait)
    clear = session.answer(Report(B, "k1", throttled), at).clear(B)
    assert clear is not None

    before, _ = session.answer(Take([B]), at)
    then, _ = session.answer(Take([B]), clear.at - GRAIN)

    assert before is None
    assert then == Taken(B, "k1", probe=wait > 300)


def test_a_take_that_writes_is_one_turn_of_the_strategy() -> None:
    world = World(pool("acme", "k1", "k2", "k3", strategy=Strategy.ROUND_ROBIN))
    due(world)

    probe = probing(world, A)
    probe.succeed()
    after = world.call(A).start()

    assert probe.taken == Taken(A, "k2", probe=True)
    assert after == Taken(A, "k3")


def test_of_marks_that_end_the_last_binds_and_a_bench_before_a_circuit_that_ends_with_it() -> None:
    world = World(pool("acme", "k1"))
    calls = [world.call(A) for _ in range(5)]
    for call in calls:
        call.start()
    calls[0].fail(error(Reason.BILLING, scope=Scope.KEY))
    world.later(295)
    for call in calls[1:4]:
        call.fail(Reason.OVERLOADED)
        call.close()
    together, later = world.call(A), world.call(A)
    together.take(A)
    calls[4].fail(error(Reason.RATE_LIMIT, retry_after=9))
    later.take(A)

    assert (together.clear(A).mark, together.clear(A).at) == (Mark.BENCH, NOON + 300)
    assert (later.clear(A).mark, later.clear(A).at) == (Mark.COOLDOWN, NOON + 304)


class Untouchable(MemoryStore):
    """A store that nobody may use."""

    @property
    def salt(self) -> str:
        raise AssertionError("the salt is drawn, or read from a file")

    def read(self) -> Marks:
        raise AssertionError("nothing is asked yet")


def test_a_board_is_made_without_reading_or_drawing_anything() -> None:
    def now() -> float:
        raise AssertionError("nothing happens yet")

    dice = Random(1)
    HealthBoard(POOLS, Untouchable(), now, dice)

    assert dice.random() == Random(1).random()


def test_a_file_is_made_at_the_first_call(tmp_path: Path) -> None:
    path = tmp_path / "state" / "health.sqlite3"
    board = HealthBoard(POOLS, FileStore(path))
    assert not path.parent.exists()

    board.session([A], NOON)

    assert path.exists()
    board.close()


def test_all_threads_know_a_credential_by_one_fingerprint() -> None:
    store = MemoryStore()
    with ThreadPoolExecutor(8) as threads:
        salts = set(threads.map(lambda _: store.salt, range(64)))

    assert len(salts) == 1


def test_a_secret_that_changes_starts_clean_and_what_is_under_way_is_about_the_old_one() -> None:
    world = World()
    late, call = world.call(A, A2), world.call(A, A2)
    late.start()
    call.start()
    call.fail(error(Reason.AUTH, revoked=True))
    assert "k1" not in call.standby.credentials

    world.board.renew("acme", "k1", Secret("another"))
    late.fail(error(Reason.AUTH, revoked=True))

    assert late.take(A) == call.take(A) == Taken(A, "k1")


# What targets are asked for besides answers.


def asked_apart(world: World, *, alone: bool = False) -> World:
    """The same world, whose calls ask for something else."""
    other = World()
    other.board = world.board.for_operation("embed", own_store=alone)
    return other


def test_what_a_target_meets_is_kept_apart_by_what_it_is_asked_for() -> None:
    world = World()
    other = asked_apart(world)
    other.failed_call(A, Reason.MODEL_NOT_FOUND)

    assert world.call().start() == Taken(A, "k1")
    assert other.call().start() == Taken(A2, "k1")
    assert [row.model for row in world.board.snapshot() if row.mark] == ["one (embed)"]


def test_what_an_account_or_a_key_meets_holds_whatever_it_is_asked_for() -> None:
    world = World()
    other = asked_apart(world)
    other.failed_call(A, Reason.BILLING)
    world.failed_call(B, Reason.AUTH)

    assert world.call().start() == other.call().start() == Taken(C, "k1")


def test_a_board_that_is_alone_tells_nothing_and_is_told_nothing() -> None:
    world = World()
    other = asked_apart(world, alone=True)
    world.failed_call(A, Reason.BILLING)
    other.failed_call(B, Reason.BILLING)

    assert other.call().start() == Taken(A, "k1")
    assert world.call().start() == Taken(B, "k1")


def test_a_board_apart_is_made_once_and_knows_of_new_secrets() -> None:
    world = World()
    other = asked_apart(world)
    other.failed_call(A, error(Reason.AUTH, revoked=True))
    world.board.renew("acme", "k1", Secret("another"))

    assert world.board.for_operation("embed") is other.board
    assert other.call().start() == Taken(A, "k1")
