"""The pump of calls that suspend a task."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from typing import Any, Generic, TypeVar, assert_never

from orchestrator.clock import Clock
from orchestrator.connections.errors import LimitPassed
from orchestrator.connections.transports import AsyncOpenAnswer, AsyncTransport
from orchestrator.dialects.neutral import StreamEvent
from orchestrator.execution.effects import (
    Ask,
    AwaitThread,
    CallerLeft,
    Close,
    Effect,
    Emit,
    Open,
    Read,
    Sleep,
)
from orchestrator.health.store_step import PendingAnswer
from orchestrator.http_messages import ResponseHead

_log = logging.getLogger("orchestrator")

T = TypeVar("T")


class WaitRefused(Exception):
    """A call would have to wait, and its caller does not want it to.

    Attributes:
        seconds: For how long.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it would have to wait for {seconds:g} s")
        self.seconds = seconds


class TaskConnection:
    """Performs effects on an event loop; holds the answer that is open.

    Args:
        transport: What requests are sent with.
        clock: What sleeps.
        waits: False for a caller who takes no later answer for one: then to wait is to fail.
    """

    def __init__(self, transport: AsyncTransport, clock: Clock, *, waits: bool = True) -> None:
        self._transport, self._clock, self._waits = transport, clock, waits
        self._answer: AsyncOpenAnswer | None = None

    def perform(self, effect: Effect) -> Awaitable[Any]:
        """The result of ``effect``, to be awaited; as :meth:`.BlockingConnection.perform`."""
        # No coroutine itself: one more around each read would be a tenth of what it takes.
        match effect:
            case Read() if self._answer is not None:
                return self._answer.read(effect.seconds)
            case Open():
                return self._open(effect)
            case Close() | Read():
                return self.close()
            case Sleep() if not self._waits:
                raise WaitRefused(effect.seconds)
            case Sleep():
                return self._clock.sleep_async(effect.seconds)
            case AwaitThread():
                return self._wait(effect)
            case Ask() | Emit():
                raise AssertionError("the pump does these itself")
            case _:
                assert_never(effect)

    async def _open(self, effect: Open) -> ResponseHead:
        opened = await self._transport.open(effect.request, effect.seconds, effect.connect)
        self._answer = opened
        return opened.head

    async def _wait(self, effect: AwaitThread) -> Any:
        limit = asyncio.timeout(effect.seconds)
        try:
            async with limit:
                # It runs already, so that to cancel this wait ends nothing that others wait for;
                # and a wait that is over asks nothing of a loop that may be closed by then.
                return await asyncio.wrap_future(effect.work)
        except TimeoutError as error:
            if limit.expired():
                raise LimitPassed from error
            raise

    @property
    def is_open(self) -> bool:
        """Whether an answer is open."""
        return self._answer is not None

    async def close(self) -> None:
        """Close the open answer, if there is one."""
        answer, self._answer = self._answer, None
        if answer is not None:
            try:
                await answer.aclose()
            except Exception:  # noqa: BLE001 - nobody reads it any more
                _log.debug("an answer was not closed", exc_info=True)


class TaskPump(Generic[T]):
    """Performs a flow's effects until there is something for the caller, or the call is over.

    Attributes:
        response: Of the call, once it is over.
    """

    response: T

    def __init__(self, flow: Generator[Effect, Any, T], connection: TaskConnection) -> None:
        self._flow, self._connection = flow, connection

    async def advance(self, error: BaseException | None = None) -> Iterator[StreamEvent] | None:
        """The next events for the caller; ``None`` where the call has succeeded.

        Args:
            error: What interrupts the call, to be thrown into the flow.

        Raises:
            CallFailed: The call failed.
            BaseException: What interrupted it, as it was: the flow has given back what it took.
        """
        flow, result = self._flow, None
        try:
            while True:
                effect = flow.send(result) if error is None else flow.throw(error)
                result = error = None
                if isinstance(effect, Emit):
                    return effect.events
                try:
                    if isinstance(effect, Ask):  # of the board, whatever the connection is
                        result = effect.session.begin(effect.question, effect.at)
                        if isinstance(result, PendingAnswer):
                            result = await result.wait_async()
                    else:
                        result = await self._connection.perform(effect)
                except BaseException as raised:  # noqa: BLE001 - the flow says what it means
                    error = raised
        except StopIteration as end:
            self.response = end.value
            return None
        finally:
            # It knows this frame: together they would keep all that the call held alive.
            del error


async def run(flow: Generator[Effect, Any, T], connection: TaskConnection) -> T:
    """Run a call whose caller takes the answer whole; raises as :meth:`advance` of the pump."""
    pump = TaskPump(flow, connection)
    try:
        while (events := await pump.advance()) is not None:
            for _ in events:
                pass
        return pump.response
    finally:
        flow.close()  # of no effect, but where an interrupt came between two effects
        if connection.is_open:
            await connection.close()


MOST_AT_ONCE = 8
"""Flows that :func:`run_all` runs at a time."""


async def run_all(
    flows: Sequence[Generator[Effect, Any, T]], connect: Callable[[], TaskConnection]
) -> list[T]:
    """Run ``flows`` beside one another, a few at a time, each with a connection of its own."""
    free = asyncio.Semaphore(MOST_AT_ONCE)

    async def run_one(flow: Generator[Effect, Any, T]) -> T:
        async with free:
            return await run(flow, connect())

    return await asyncio.gather(*map(run_one, flows))


async def drive(
    flow: Generator[Effect, Any, T], connection: TaskConnection
) -> AsyncGenerator[Iterator[StreamEvent], None]:
    """Run a call to its end; yields what may be passed on to the caller, as reads bring it.

    Raises:
        CallFailed: The call failed.
        BaseException: What interrupted the call.
    """
    pump = TaskPump(flow, connection)
    error: BaseException | None = None
    try:
        while (events := await pump.advance(error)) is not None:
            error = None
            try:
                yield events
            except GeneratorExit:
                error = CallerLeft()
            except BaseException as raised:  # noqa: BLE001 - the flow gives back what it took
                error = raised
    except CallerLeft:
        return
    finally:
        del error
        flow.close()
        await connection.close()
