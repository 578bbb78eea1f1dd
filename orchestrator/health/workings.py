"""What a board and its sessions share: pools, places, the store, the strategies' turns."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Iterable
from random import Random
from typing import TypeVar

from orchestrator.health.look import Route
from orchestrator.health.pool import Choose, Pool, Turns
from orchestrator.health.records import Marks, Place
from orchestrator.health.steps import Outcome, Wanted
from orchestrator.health.stores.store import Store
from orchestrator.health.upkeep import pruned
from orchestrator.states.facts import Target

PRUNE_SECONDS = 1.0
"""Stale records are looked for no more often: that reads them all, and none is in a hurry."""

T = TypeVar("T")


class Workings:
    """The parts behind one :class:`~orchestrator.health.board.HealthBoard`.

    Raises:
        ValueError: Two pools are of the same provider entry.
    """

    def __init__(
        self, pools: Iterable[Pool], store: Store, random: Random, claim_seconds: float
    ) -> None:
        self.store = store
        self.pools: dict[str, Pool] = {}
        for pool in pools:
            if self.pools.setdefault(pool.provider, pool) is not pool:
                raise ValueError(f"provider {pool.provider!r} has two pools; name each one once")
        self._turns = Turns(self.pools.values(), random)
        self._claim_seconds = claim_seconds
        self._places: dict[tuple[str, str], Place] = {}
        self._pruned_at = -math.inf

    @property
    def places(self) -> tuple[Place, ...]:
        """The places of all targets that were asked about."""
        return tuple(self.place(Target(*name)) for name in tuple(self._places))

    def providers(self) -> tuple[Place, ...]:
        """One place of every provider entry, whatever its model."""
        return tuple(Place.of(pool, "", self.store.salt) for pool in self.pools.values())

    def place(self, target: Target) -> Place:
        """The place of ``target``, by identity; another one once a secret of its pool changes.

        Raises:
            ValueError: Its provider has no pool here.
        """
        name, pool = (target.provider, target.model), self._pool(target)
        place = self._places.get(name)
        if place is None:
            # Two threads may make it at once; setdefault lets the first one stay.
            place = Place.of(pool, target.model, self.store.salt)
            return self._places.setdefault(name, place)
        if place.pool is not pool:
            place = self._places[name] = Place.of(pool, target.model, self.store.salt)
        return place

    def renew(self, provider: str, label: str, fingerprint: str) -> None:
        """Know the credential ``label`` of ``provider`` by a new secret. Not from two threads."""
        self.pools[provider] = self.pools[provider].renewed(label, fingerprint)

    def step(self, step: Callable[[Marks], Outcome[T]], now: float) -> Outcome[T]:
        """Run ``step`` as one atomic step over the store. Without changes, nothing is written."""
        outcome = step(self.store.read())
        if not outcome.changes:
            return outcome
        return self.store.update(lambda marks: self._pruned(marks, step(marks), now))

    def wanted(self, route: Route, used: Collection[str]) -> Wanted:
        """What a take may give; a pool's turn is drawn once, though the step may run twice."""
        drawn: dict[str, Choose] = {}

        def choose(pool: Pool) -> Choose:
            if pool.provider not in drawn:
                drawn[pool.provider] = self._turns.draw(pool)
            return drawn[pool.provider]

        return Wanted(route, used, choose, self._claim_seconds)

    def _pruned(self, marks: Marks, outcome: Outcome[T], now: float) -> Outcome[T]:
        """``outcome`` with stale records removed besides, where that was not done just before."""
        if abs(now - self._pruned_at) < PRUNE_SECONDS:
            return outcome
        self._pruned_at = now
        return pruned(marks, outcome, now)

    def took(self, target: Target, label: str) -> None:
        """Count a take for the strategies."""
        self._turns.took(self._pool(target), label)

    def _pool(self, target: Target) -> Pool:
        pool = self.pools.get(target.provider)
        if pool is not None:
            return pool
        near = difflib.get_close_matches(target.provider, self.pools, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        known = ", ".join(sorted(self.pools)) or "none"
        raise ValueError(
            f"target {target.name!r}: no pool for provider {target.provider!r}; "
            f"known providers: {known}{meant}"
        )
