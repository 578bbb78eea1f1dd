"""The health board, and a call's visit to it."""

from __future__ import annotations

import difflib
import itertools
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from random import Random
from typing import TypeVar

from orchestrator.health import steps
from orchestrator.health.look import Route, Viewer
from orchestrator.health.pool import Pool, Turns
from orchestrator.health.records import Marks, Place, parts
from orchestrator.health.snapshot import Entry, entries
from orchestrator.health.store import Store
from orchestrator.health.upkeep import pruned, reset
from states.error import Error
from states.standby import Standby, Taken
from states.target import Target

CLAIM_SECONDS = 130.0
"""How long a granted probe belongs to one call: longer than an attempt with the default
timeouts (5 s to connect + 120 s in total), so that it expires only after a crash."""

T = TypeVar("T")


class HealthBoard:
    """What is known across calls about providers, credentials and targets.

    Safe to share between threads and event loops; with a file store, between
    processes too. Every operation is synchronous and short.

    Args:
        pools: The credential pool of every provider entry that a route names.
        store: Keeps the marks.
        clock: Wall-clock seconds (epoch), for :meth:`snapshot` and :meth:`reset` only;
            calls bring their own time.
        random: Draws for the strategy ``random``; a seeded one makes it repeatable.
        claim_seconds: How long a granted probe belongs to one call.

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
        self._pools: dict[str, Pool] = {}
        for pool in pools:
            if self._pools.setdefault(pool.provider, pool) is not pool:
                raise ValueError(f"provider {pool.provider!r} has two pools; name each one once")
        self._store = store
        self._clock = clock
        self._turns = Turns(self._pools.values(), random or Random())
        self._claim_seconds = claim_seconds
        self._places: dict[tuple[str, str], Place] = {}
        self._numbers = itertools.count()
        self._token = secrets.token_hex(8)

    def visit(self, route: Sequence[Target], started: float) -> Visit:
        """A call's visit; close it in every ending of the call.

        Args:
            route: Every target that the call may go to, in the route's order.
            started: Wall-clock seconds (epoch) of the call's ``Started``.

        Raises:
            ValueError: A target's provider has no pool here.
        """
        # The process id keeps two calls apart whose process was forked from this one.
        holder = f"{self._token}-{os.getpid()}-{next(self._numbers)}"
        return Visit(self, tuple((target, self.place(target)) for target in route), started, holder)

    def snapshot(self, targets: Iterable[Target] = ()) -> tuple[Entry, ...]:
        """What is known now of every provider, credential and target.

        Args:
            targets: Targets to list besides those that calls of this board named and
                those that are marked.
        """
        for target in targets:
            self.place(target)
        marks = self._store.read()
        for provider, model in _models(marks, self._pools):
            self.place(Target(provider, model))
        return entries(marks, tuple(self._places.values()), self._all_pools(), self._clock())

    def reset(self, provider: str | None = None) -> int:
        """Remove every mark, or those of one provider entry; how many were removed.

        Counts of failures that are not yet a mark go too, uncounted; the counts of
        unknown failures stay.
        """
        return self._store.update(lambda marks: reset(marks, provider)).answer

    def close(self) -> None:
        """Let go of the store's files."""
        self._store.close()

    def place(self, target: Target) -> Place:
        """The place of ``target``; for the visits of this board."""
        place = self._places.get((target.provider, target.model))
        if place is None:
            place = Place.of(self._pool(target), target.model, self._store.salt)
            # Two threads may make it at once; the first one stays, places are compared by identity.
            place = self._places.setdefault((target.provider, target.model), place)
        return place

    def step(self, step: Callable[[Marks], steps.Outcome[T]], now: float) -> steps.Outcome[T]:
        """Run ``step`` as one atomic step over the store; for the visits of this board."""
        outcome = step(self._store.read())
        if not outcome.changes:
            return outcome
        return self._store.update(lambda marks: pruned(marks, step(marks), now))

    def wanted(self, route: Route, used: Collection[str]) -> steps.Wanted:
        """What a take may give: each pool's order is drawn once, though a step may run twice."""
        drawn: dict[str, Sequence[str]] = {}

        def order(pool: Pool) -> Sequence[str]:
            if pool.provider not in drawn:
                drawn[pool.provider] = self._turns.order(pool)
            return drawn[pool.provider]

        return steps.Wanted(route, used, order, self._claim_seconds)

    def took(self, place: Place, label: str) -> None:
        """Count a take for the strategies; for the visits of this board."""
        self._turns.took(place.pool, label)

    def _pool(self, target: Target) -> Pool:
        pool = self._pools.get(target.provider)
        if pool is None:
            near = difflib.get_close_matches(target.provider, self._pools, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            known = ", ".join(sorted(self._pools)) or "none"
            raise ValueError(
                f"target {target.name!r}: no pool for provider {target.provider!r}; "
                f"known providers: {known}{meant}"
            )
        return pool

    def _all_pools(self) -> tuple[Place, ...]:
        return tuple(Place.of(pool, "", self._store.salt) for pool in self._pools.values())


class Visit:
    """One call's dealings with the board. Not to be shared between threads.

    Each operation is one atomic step over the store, also across processes. ``at`` is
    seconds since the call's ``Started``, and so are the instants in the answers.
    """

    __slots__ = ("_board", "_route", "_started", "_state")

    def __init__(self, board: HealthBoard, route: Route, started: float, holder: str) -> None:
        self._board = board
        self._route = route
        self._started = started
        self._state = steps.State(Viewer(holder))

    def start(self, at: float = 0.0) -> tuple[Taken | None, Standby]:
        """Take the first target of the route that can be sent to now.

        If none stands by, benches and open circuits count as due 15 s after the last
        request there, for this and all later takes of this visit.
        """
        asking, wanted = self._asking(at), self._board.wanted(self._route, ())
        return self._arrive(
            lambda marks, state: steps.start(marks, state, asking, wanted), asking.now
        )

    def take(
        self, targets: Sequence[Target], at: float, *, used: Collection[str] = ()
    ) -> tuple[Taken | None, Standby]:
        """Take the first of ``targets`` that can be had.

        Args:
            targets: In order of preference.
            at: The instant.
            used: Labels of credentials not to take.

        Raises:
            ValueError: A target's provider has no pool here.
        """
        route = tuple((target, self._board.place(target)) for target in targets)
        asking, wanted = self._asking(at), self._board.wanted(route, used)
        return self._arrive(
            lambda marks, state: steps.take(marks, state, asking, wanted), asking.now
        )

    def report(self, target: Target, credential: str, error: Error, at: float) -> Standby:
        """Mark what ``error`` says, and tell what stands by after it.

        Args:
            target: Where the attempt was sent.
            credential: The label of the credential that was really sent.
            error: The classified failure, its message masked.
            at: The instant.

        Raises:
            ValueError: The pool has no credential of that label.
        """
        place, asking, state = self._sent(target, credential), self._asking(at), self._state
        outcome = self._board.step(
            lambda marks: steps.report(marks, state, asking, place, credential, error), asking.now
        )
        self._state = outcome.state
        return outcome.answer

    def succeed(self, target: Target, credential: str, at: float) -> None:
        """Remove the marks that an answer from ``target`` disproves.

        Raises:
            ValueError: The pool has no credential of that label.
        """
        place, now, state = self._sent(target, credential), self._started + at, self._state
        outcome = self._board.step(
            lambda marks: steps.succeed(marks, state, place, credential, now), now
        )
        self._state = outcome.state

    def close(self, at: float) -> None:
        """Count what is pending and give back an unused probe. May be called again."""
        now, state = self._started + at, self._state
        outcome = self._board.step(lambda marks: steps.close(marks, state, now), now)
        self._state = outcome.state

    def _arrive(
        self, step: Callable[[Marks, steps.State], steps.Arrived], now: float
    ) -> tuple[Taken | None, Standby]:
        state = self._state
        outcome = self._board.step(lambda marks: step(marks, state), now)
        self._state = outcome.state
        taken, standby = outcome.answer
        if taken is not None:
            self._board.took(self._board.place(taken.target), taken.credential)
        return taken, standby

    def _asking(self, at: float) -> steps.Asking:
        return steps.Asking(self._route, self._started, self._started + at)

    def _sent(self, target: Target, credential: str) -> Place:
        place = self._board.place(target)
        if credential not in place.labels:
            known = ", ".join(map(repr, place.labels)) or "none"
            raise ValueError(
                f"provider {target.provider!r} has no credential {credential!r}; it has: {known}"
            )
        return place


def _models(marks: Marks, pools: Collection[str]) -> set[tuple[str, str]]:
    """Provider and model of every record that names a model."""
    found = set()
    for name in marks:
        _, subject, identity = parts(name)
        if subject.names_model and identity[0] in pools:
            found.add((identity[0], identity[-1]))
    return found
