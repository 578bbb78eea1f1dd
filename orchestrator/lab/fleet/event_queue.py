"""Virtual time of a fleet: events in order, and the clocks of its hosts."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

import attrs

EPOCH = 1_800_000_000.0
"""The wall clock of the store's host when a fleet begins, seconds since the epoch."""


class EventQueue:
    """What happens when. Events of one instant happen in the order in which they were put.

    Attributes:
        now: Seconds since the fleet began.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def put(self, at: float, action: Callable[[], None]) -> None:
        """Let ``action`` happen at ``at``, or now where that is past."""
        heapq.heappush(self._events, (max(at, self.now), next(self._numbers), action))

    def run(self) -> None:
        """Let everything happen."""
        events = self._events
        while events:
            self.now, _, action = heapq.heappop(events)
            action()


@attrs.define
class HostClock:
    """The clock of a host: its wall clock is off, and may be stepped.

    Attributes:
        queue: The time that passes.
        ahead: Seconds by which its wall clock is ahead of the store's.
    """

    queue: EventQueue
    ahead: float = 0.0

    def monotonic(self) -> float:
        """See :class:`.Clock`."""
        return self.queue.now

    def time(self) -> float:
        """See :class:`.Clock`."""
        return EPOCH + self.queue.now + self.ahead

    def sleep(self, seconds: float) -> None:
        """See :class:`.Clock`."""
        raise AssertionError(f"a fleet's calls wait in its queue, also for {seconds:g} s")

    async def sleep_async(self, seconds: float) -> None:
        """See :class:`.Clock`."""
        self.sleep(seconds)
