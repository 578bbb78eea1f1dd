"""A health board with a clock that tests move, and calls that read like the driver's."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

import attrs

from orchestrator.health import (
    BoardRow,
    HealthBoard,
    MemoryStore,
    Pool,
    PoolCredential,
    Session,
    Store,
)
from orchestrator.health.session import Release, Report, Succeed, Take, TakeFirst
from orchestrator.pooling import Accounts, Strategy
from orchestrator.states.error import Error
from orchestrator.states.facts import Clear, Standby, Taken, Target
from orchestrator.states.reasons import Reason, Scope

A = Target("acme", "one")
A2 = Target("acme", "two")
B = Target("bolt", "one")
C = Target("corp", "one")
ROUTE = (A, A2, B, C)
NOON = 1_800_000_000.0


def pool(
    provider: str,
    *labels: str,
    strategy: Strategy = Strategy.FILL_FIRST,
    accounts: Accounts = Accounts.SEPARATE,
) -> Pool:
    credentials = tuple(PoolCredential(label, f"{provider}-{label}") for label in labels)
    return Pool(provider, f"http://{provider}.test/v1", credentials, strategy, accounts)


POOLS = (pool("acme", "k1", "k2"), pool("bolt", "k1"), pool("corp", "k1"))


def error(
    reason: Reason,
    *,
    scope: Scope | None = None,
    retry_after: float | None = None,
    revoked: bool = False,
    quoted: bool = False,
    empty: bool = False,
    message: str = "no",
) -> Error:
    return Error(
        reason,
        "test",
        None if reason is Reason.CONNECTION else 400,
        message,
        scope=scope,
        retry_after=retry_after,
        revoked=revoked,
        quoted=quoted,
        empty=empty,
    )


@attrs.define
class Call:
    """One call: a session, the world's clock, and what was taken last."""

    world: World
    session: Session
    started: float
    taken: Taken | None = None
    standby: Standby = Standby()

    @property
    def at(self) -> float:
        return self.world.now - self.started

    def start(self) -> Taken | None:
        self.taken, self.standby = self.session.answer(TakeFirst(), self.at)
        return self.taken

    def take(self, *targets: Target, used: Collection[str] = ()) -> Taken | None:
        self.taken, self.standby = self.session.answer(Take(targets, used), self.at)
        return self.taken

    def fail(self, failure: Error | Reason, cut_first_token: float | None = None) -> Standby:
        assert self.taken is not None
        if isinstance(failure, Reason):
            failure = error(failure)
        target, label = self.taken.target, self.taken.credential
        self.standby = self.session.answer(Report(target, label, failure, cut_first_token), self.at)
        return self.standby

    def succeed(self) -> None:
        assert self.taken is not None
        self.session.answer(Succeed(self.taken.target, self.taken.credential), self.at)

    def close(self) -> None:
        self.session.answer(Release(), self.at)

    def clear(self, target: Target) -> Clear:
        """The clear of ``target``, on the world's clock."""
        found = self.standby.clear(target)
        assert found is not None
        expected = None if found.expected is None else found.expected + self.started
        at, since = found.at + self.started, found.since + self.started
        return attrs.evolve(found, at=at, since=since, expected=expected)


class World:
    def __init__(
        self,
        *pools: Pool,
        store: Store | None = None,
        random: Random | None = None,
        claim_seconds: float = 130.0,
    ) -> None:
        self.now = NOON
        self.store = store or MemoryStore()
        self.board = HealthBoard(
            pools or POOLS, self.store, lambda: self.now, random, claim_seconds=claim_seconds
        )

    def call(self, *route: Target) -> Call:
        return Call(self, self.board.session(route or ROUTE, self.now), self.now)

    def failed_call(self, target: Target, failure: Error | Reason) -> Standby:
        """A call that sends to ``target`` once, fails there and ends."""
        call = self.call(target)
        assert call.start() is not None
        standby = call.fail(failure)
        call.close()
        return standby

    def later(self, seconds: float) -> None:
        self.now += seconds

    def entry(
        self, provider: str, *, credential: str | None = None, model: str | None = None
    ) -> BoardRow:
        return next(
            entry
            for entry in self.board.snapshot()
            if (entry.provider, entry.credential, entry.model) == (provider, credential, model)
        )

    def marked(self) -> list[BoardRow]:
        return [entry for entry in self.board.snapshot() if entry.mark is not None]


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
