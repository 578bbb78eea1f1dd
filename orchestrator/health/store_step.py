"""Steps that have something to write, for a store to run as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import attrs

from orchestrator.health.expiry import pruned
from orchestrator.health.news import mark_news
from orchestrator.health.records import Marks
from orchestrator.health.steps import StepOutcome
from orchestrator.health.stores.store import Store

T = TypeVar("T")

StepAfter = Callable[[float], Callable[[Marks], StepOutcome[T]]]
"""Makes the step of an instant so many seconds after the one that the host's clock tells: a store
of many hosts goes by its own."""


@attrs.define(eq=False)
class StoreStep(Generic[T]):
    """A step that the store runs, maybe several times, until what it comes to is stored.

    What interrupts the wait for the store leaves it decided all the same, so that a call always
    knows what the board has of it: :attr:`outcome` is what is kept.

    Attributes:
        now: The instant that it is decided at (epoch).
        shift: Seconds by which the store has moved that so far.
        outcome: What it came to when it was last run.
    """

    _store: Store
    _build: StepAfter[T]
    now: float
    _is_pruning: bool
    shift: float = attrs.field(default=0.0, init=False)
    outcome: StepOutcome[T] | None = attrs.field(default=None, init=False)

    def __call__(self, marks: Marks) -> StepOutcome[T]:
        """What it comes to on ``marks``: with its news, and at times without stale records."""
        outcome = self._build(self.shift)(marks)
        # Before those are removed: that a mark was forgotten is no recovery.
        if outcome.changes and (news := mark_news(marks, outcome.changes, self.now)):
            outcome = attrs.evolve(outcome, news=news)
        if self._is_pruning:
            outcome = pruned(marks, outcome, self.now)
        self.outcome = outcome
        return outcome

    def move(self, seconds: float) -> None:
        """Be decided so many seconds later."""
        self.now += seconds
        self.shift += seconds

    def perform(self) -> StepOutcome[T]:
        """Ask the store, and wait on this thread."""
        return self._store.update(self)

    async def aperform(self) -> StepOutcome[T]:
        """Ask the store, and let the event loop go on meanwhile."""
        return await self._store.aupdate(self)


class Waiter(Protocol):
    """Whose question a step answers: the session of a call."""

    def learn(self, step: StoreStep[Any]) -> None:
        """Know what ``step`` came to, also where nobody waits for its answer any more."""

    def finish(self, outcome: StepOutcome[Any], now: float) -> Any:
        """What ``outcome`` answers."""


@attrs.frozen(eq=False)
class PendingAnswer:
    """An answer that the store must be asked for: wait for it, or await it."""

    _waiter: Waiter
    _step: StoreStep[Any]

    def wait(self) -> Any:
        """The answer; this thread waits."""
        try:
            outcome = self._step.perform()
        finally:
            self._waiter.learn(self._step)
        return self._waiter.finish(outcome, self._step.now)

    async def wait_async(self) -> Any:
        """The answer; the event loop goes on meanwhile."""
        try:
            outcome = await self._step.aperform()
        finally:
            self._waiter.learn(self._step)
        return self._waiter.finish(outcome, self._step.now)
