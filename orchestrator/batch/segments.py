"""A call in segments: each recorded when it is over, with one send in it at most.

To record every effect of a call by itself would cost ten times what the call does, and gain
nothing: what is asked of the board and what is planned around a send is done again at no cost, so
a segment runs from one send, or one wait, to the next. A segment whose result is stored is never
run again; one that a kill cut off is run again whole, with its one send.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

import attrs

from orchestrator.execution.durable_data import Data, StepKind

T = TypeVar("T")

Perform = Callable[[str, Data], Awaitable[Data]]


@attrs.frozen
class Pause:
    """Where a segment ended that was not the last.

    Attributes:
        results: What its steps brought, to be given to them in a replay.
        seconds: How long to wait before the next; ``None`` where it follows at once.
    """

    results: tuple[Any, ...]
    seconds: float | None


class SegmentEngine:
    """Runs the steps of one call; a :class:`.DurableEngine`, of one event loop.

    Args:
        perform: Performs a step.
        now: The wall clock.
        recorded: What the segments brought that an earlier process has run, in order.
        has_slept: Whether the last of these ended with a wait, which is over now.
    """

    def __init__(
        self,
        perform: Perform,
        now: Callable[[], float],
        recorded: Sequence[Any] = (),
        *,
        has_slept: bool = False,
    ) -> None:
        self._perform, self._now = perform, now
        self._recorded, self._fresh = deque(recorded), list[Any]()
        self._has_slept, self._has_sent = has_slept, False
        self._goes_on = asyncio.Event()
        self.paused: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()

    @property
    def is_replaying(self) -> bool:
        """See :class:`.DurableEngine`."""
        return bool(self._recorded)

    async def step(self, kind: str, asked: Data, seconds: float) -> Data:  # noqa: ARG002
        """See :class:`.DurableEngine`."""
        if self._recorded:
            replayed: Data = self._recorded.popleft()
            return replayed
        if kind == StepKind.ATTEMPT:
            if self._has_sent:
                await self._pause(None)
            self._has_sent = True
        told = await self._perform(kind, asked)
        self._fresh.append(told)
        return told

    async def sleep(self, seconds: float) -> float:
        """See :class:`.DurableEngine`."""
        if self._recorded:
            replayed: float = self._recorded.popleft()
            return replayed
        if not self._has_slept:
            await self._pause(seconds)
        self._has_slept = False
        self._fresh.append(woke := self._now())
        return woke

    async def _pause(self, seconds: float | None) -> None:
        self._goes_on.clear()
        self.paused.set_result(seconds)
        await self._goes_on.wait()
        self._has_sent = False

    def go_on(self) -> None:
        """Run the next segment."""
        self.paused = asyncio.get_running_loop().create_future()
        self._goes_on.set()

    def take_fresh(self) -> tuple[Any, ...]:
        """What the steps of the segment that ended have brought."""
        fresh, self._fresh = tuple(self._fresh), []
        return fresh


class SegmentedCall(Generic[T]):
    """A call that runs segment by segment.

    Args:
        start: Begins the call on the engine that it is given.
        perform: Performs a step.
        now: The wall clock.
    """

    def __init__(
        self,
        start: Callable[[SegmentEngine], Coroutine[Any, Any, T]],
        perform: Perform,
        now: Callable[[], float],
    ) -> None:
        self._start, self._perform, self._now = start, perform, now
        self._recorded: list[Any] = []
        self._has_slept = False
        self._engine: SegmentEngine | None = None
        self._task: asyncio.Task[T] | None = None

    def replay(self, pause: Pause) -> None:
        """A segment was run, by this process or an earlier one, and is recorded."""
        self._recorded.extend(pause.results)
        self._has_slept = pause.seconds is not None

    async def advance(self) -> Pause | T:
        """Run the next segment; where it is the last, what the call brought.

        Raises:
            Exception: What the call raised.
        """
        if self._engine is None or self._task is None:
            self._engine = SegmentEngine(
                self._perform, self._now, self._recorded, has_slept=self._has_slept
            )
            self._task = asyncio.get_running_loop().create_task(self._start(self._engine))
        else:
            self._engine.go_on()
        try:
            await asyncio.wait(
                (self._task, self._engine.paused), return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if self._engine.paused.done():
            return Pause(self._engine.take_fresh(), self._engine.paused.result())
        return self._task.result()
