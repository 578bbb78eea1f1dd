"""Clocks that calls go by: the machine's own, and one that tests move."""

from __future__ import annotations

import time
from typing import Protocol

import attrs


class Clock(Protocol):
    """What a call needs of time; all values are seconds."""

    def monotonic(self) -> float:
        """A clock that never goes back, from an arbitrary start."""

    def time(self) -> float:
        """The wall clock, seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Block the thread."""

    async def sleep_async(self, seconds: float) -> None:
        """Suspend the task."""


@attrs.frozen
class SystemClock:
    """The machine's own clock."""

    # Not wrapped: a call reads it some fifteen times, before each wait and after it.
    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    def sleep(self, seconds: float) -> None:
        """See :class:`Clock`."""
        # time.sleep refuses what is below zero; an end that has passed is no fault.
        time.sleep(max(0.0, seconds))

    async def sleep_async(self, seconds: float) -> None:
        """See :class:`Clock`."""
        import asyncio  # a tenth of the library's import, for those who have it already

        await asyncio.sleep(max(0.0, seconds))


@attrs.define
class VirtualClock:
    """Time that passes only when somebody sleeps or :meth:`advance` is called.

    For tests and simulations: a wait of an hour takes no time and its end is exact::

        clock = VirtualClock(time=0.0)
        orchestrator.Orchestrator(..., clock=clock)
        clock.advance(300)

    Attributes:
        now: The wall clock, seconds since the epoch; the monotonic clock is the same. As an
            argument it is called ``time``.
        slept: Every sleep asked for, in order.
    """

    now: float = attrs.field(default=1_800_000_000.0, alias="time")
    slept: list[float] = attrs.field(factory=list)

    def monotonic(self) -> float:
        """See :class:`Clock`."""
        return self.now

    def time(self) -> float:
        """See :class:`Clock`."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """See :class:`Clock`."""
        self.slept.append(seconds)
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """See :class:`Clock`."""
        import asyncio

        self.sleep(seconds)
        # Others have their turn, as in a real sleep, or tasks that only sleep would starve them.
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.now += max(0.0, seconds)
