"""Gates: lines wait here until the provider that they ask takes one more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from orchestrator.batch.pace import Pace, fixed
from orchestrator.batch.window_headers import window_of

_ALL = ""
"""The gate's name where one number was chosen for all providers together."""

LEAST_HOLD = 0.05
"""Seconds between two looks at a window that is used up."""


@attrs.define
class _Gate:
    pace: Pace
    running: int = 0
    waiting: deque[asyncio.Future[None]] = attrs.field(factory=deque)
    timer: asyncio.TimerHandle | None = None

    def open_up(self, now: Callable[[], float]) -> None:
        """Let in as many as there is room for; where a window is used up, look again later."""
        while self.waiting and self.pace.has_room(self.running, now()):
            waiter = self.waiting.popleft()
            if not waiter.done():
                self.running += 1
                self.pace.begin()
                waiter.set_result(None)
        held = self.pace.seconds_held(now())
        if self.waiting and held > 0 and self.timer is None:
            loop = asyncio.get_running_loop()
            self.timer = loop.call_later(max(LEAST_HOLD, held), self._look_again, now)

    def _look_again(self, now: Callable[[], float]) -> None:
        self.timer = None
        self.open_up(now)


class Gates:
    """One gate for each provider; of one event loop.

    Args:
        clock: What tells the passing time in seconds.
        limit: Lines at once of all providers together; ``None`` finds it out for each.
    """

    def __init__(self, clock: Callable[[], float], limit: int | None = None) -> None:
        self.now, self._limit = clock, limit
        self._gates: dict[str, _Gate] = {}

    def _gate(self, provider: str) -> _Gate:
        name = provider if self._limit is None else _ALL
        if name not in self._gates:
            self._gates[name] = _Gate(Pace() if self._limit is None else fixed(self._limit))
        return self._gates[name]

    @property
    def limits(self) -> dict[str, int]:
        """How many lines at once each provider takes, as far as it is known."""
        return {name: int(gate.pace.limit) for name, gate in self._gates.items()}

    async def enter(self, provider: str) -> LinePlace:
        """Wait until ``provider`` takes one more line."""
        gate = self._gate(provider)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        gate.waiting.append(waiter)
        gate.open_up(self.now)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._leave(gate)
            raise
        return LinePlace(self, provider)

    def _leave(self, gate: _Gate) -> None:
        gate.running -= 1
        gate.open_up(self.now)

    def move(self, one: str, other: str) -> None:
        """A line goes on with another provider: it is not made to wait, for its time runs."""
        if (old := self._gate(one)) is not (new := self._gate(other)):
            new.running += 1
            self._leave(old)

    def leave(self, provider: str) -> None:
        """A line is over."""
        self._leave(self._gate(provider))

    def learn(self, provider: str, status: int | None, sent_at: float) -> None:
        """Take in how an attempt ended; ``None`` where no answer came."""
        gate, now = self._gate(provider), self.now()
        if status == 429:
            gate.pace.refused(sent_at, now)
        elif status is not None and status < 400:
            gate.pace.answered(gate.running, now)
        gate.open_up(self.now)

    def tell_left(self, provider: str, left: int, seconds: float) -> None:
        """Take in what a provider's headers say is left of its window."""
        gate = self._gate(provider)
        gate.pace.told_left(left, seconds, self.now())


class LinePlace:
    """The place that a line has at a provider, from its first request to its end.

    Attributes:
        provider: Where it has it.
    """

    def __init__(self, gates: Gates, provider: str) -> None:
        self._gates, self.provider = gates, provider
        self._sent_at = 0.0

    def sends_to(self, provider: str) -> None:
        """The line is sent to a provider: to a fallback, maybe."""
        if provider != self.provider:
            self._gates.move(self.provider, provider)
            self.provider = provider
        self._sent_at = self._gates.now()

    def got(self, head: Mapping[str, Any] | None) -> None:
        """The answer's head, with ``status`` and pairs as ``headers``; ``None`` where none came."""
        if head is not None:
            headers = {name.lower(): value for name, value in head["headers"]}
            if (window := window_of(headers)) is not None:
                self._gates.tell_left(self.provider, *window)
        status = None if head is None else head["status"]
        self._gates.learn(self.provider, status, self._sent_at)

    def leave(self) -> None:
        """The line is over."""
        self._gates.leave(self.provider)
