"""Health board: what is known across calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from random import Random
from random import random as draw

from orchestrator.health.balance_board import BalanceBoard
from orchestrator.health.expiry import reset
from orchestrator.health.pool import Pool, PoolTable
from orchestrator.health.portable_session import PortableSession, SessionState
from orchestrator.health.records import CLAIM_SECONDS, Marks, parts
from orchestrator.health.session import BoardState, Session
from orchestrator.health.snapshot import BoardRow, board_rows
from orchestrator.health.stores.store import MemoryStore, Store
from orchestrator.secrets import Secret
from orchestrator.states.facts import Target


class HealthBoard:
    """What is known across calls about providers, credentials and targets.

    Safe to share between threads and event loops; with a file store, between
    processes too. Every operation is synchronous and short.

    Args:
        pools: The credential pool of every provider entry that a route names.
        store: Keeps the marks.
        clock: Wall-clock seconds (epoch), for :meth:`snapshot` only; calls bring
            their own time.
        random: Draws for the strategy ``random``; a seeded one makes it repeatable, without
            one the module's own is used.
        claim_seconds: How long a granted probe belongs to one call.

    Attributes:
        balances: What vendors said of the money of each provider entry.

    Raises:
        ValueError: Two pools are of the same provider entry.
    """

    def __init__(
        self,
        pools: Iterable[Pool],
        store: Store,
        clock: Callable[[], float] = time.time,
        random: Random | None = None,
        *,
        claim_seconds: float = CLAIM_SECONDS,
    ) -> None:
        # Without a generator of its own, since to make one is to draw a seed.
        dice = draw if random is None else random.random
        self._state = BoardState(PoolTable(pools, dice), store, claim_seconds)
        self._clock = clock
        self.balances = BalanceBoard(self._state, clock)
        self._by_operation: dict[str, HealthBoard] = {}

    def for_operation(self, operation: str, *, own_store: bool = False) -> HealthBoard:
        """The board of what targets are asked for besides answers; the same one each time.

        What providers and credentials met is known to both. What a target met is kept apart: a
        model that makes no vectors may well answer.

        Args:
            operation: What they are asked for; targets are marked under it.
            own_store: True where nothing that the one learns holds for the other.
        """
        known = self._by_operation.get(operation)
        if known is None:
            state, new = self._state, copy(self)
            store = MemoryStore() if own_store else state.store
            new._state = BoardState(  # noqa: SLF001 - a copy of this one
                state.table, store, state.claim_seconds, operation
            )
            # Two threads may make it at once; setdefault lets the first one stay.
            known = self._by_operation.setdefault(operation, new)
        return known

    def session(self, route: Sequence[Target], started: float) -> Session:
        """A call's session; release it in every ending of the call.

        Args:
            route: Every target that the call may go to, in the route's order.
            started: Wall-clock seconds (epoch) of the call's ``Started``.

        Raises:
            ValueError: A target's provider has no pool here.
        """
        return Session(self._state, self._state.prepared(route), started)

    def resume(
        self, route: Sequence[Target], started: float, holder: str, state: SessionState | None
    ) -> PortableSession:
        """The session of a call that any process may go on with.

        Args:
            route: As for :meth:`session`.
            started: As for :meth:`session`.
            holder: The call's id, which claims are held by.
            state: :attr:`.PortableSession.state` after the last answer; ``None`` at first.

        Raises:
            ValueError: A target's provider has no pool here.
        """
        prepared = self._state.prepared(route)
        return PortableSession(self._state, prepared, started, holder, state)

    def admit(self, pool: Pool) -> None:
        """Know the pool of one more provider entry."""
        self._state.table.admit(pool)

    def renew(self, provider: str, label: str, secret: Secret) -> None:
        """Know the credential ``label`` of ``provider`` by a new secret: it starts clean."""
        self._state.table.renew(provider, label, secret)

    def snapshot(self, targets: Iterable[Target] = ()) -> tuple[BoardRow, ...]:
        """What is known now of every provider, credential and target.

        Args:
            targets: Targets to list besides those that calls of this board named and
                those that are marked.

        Raises:
            ValueError: A target's provider has no pool here.
        """
        marks = self._state.store.read()
        # Other processes, or calls before a restart, may have marked targets that no call of this
        # board has named yet.
        for target in (*targets, *_named(marks, self._state.table.pools)):
            self._state.place(target)
        return board_rows(marks, self._state.places, self._state.providers(), self._clock())

    def now(self) -> float:
        """The wall clock (epoch) that instants on this board are read by."""
        return self._clock()

    def reset(self, provider: str | None = None) -> int:
        """Remove every mark, or those of one provider entry; how many were removed.

        Counts of failures that are not yet a mark go too, uncounted; the counts of
        unknown failures stay.
        """
        return self._state.store.update(lambda marks: reset(marks, provider)).answer

    @property
    def store(self) -> Store:
        """What keeps the marks."""
        return self._state.store

    def close(self) -> None:
        """Let go of the store's files."""
        self._state.store.close()


def _named(marks: Marks, pools: Collection[str]) -> list[Target]:
    """The targets that records name."""
    found = set()
    for name in marks:
        _, scope, identity = parts(name)
        if scope.names_model and identity[0] in pools:
            found.add((identity[0], identity[-1]))
    return [Target(provider, model) for provider, model in sorted(found)]
