"""What a streamed call gives the caller: chunks to iterate over, then the whole response."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Self

from orchestrator.api.chunks import Chunk
from orchestrator.api.response import Response
from orchestrator.dialects.neutral import Delta, EndMark, StreamEvent, StreamStart, Unreadable

if TYPE_CHECKING:
    from orchestrator.execution.call_run import CallRun


class _Chunks:
    """What both kinds of stream share. The call begins with the first chunk asked for."""

    def __init__(self) -> None:
        self._run: CallRun | None = None
        self._waiting: deque[Chunk] = deque()
        self._closed = False

    @property
    def response(self) -> Response:
        """The whole response, once the stream has ended.

        Raises:
            LookupError: The stream has not ended yet, or it failed.
        """
        if self._run is None or self._run.response is None:
            raise LookupError("there is no response before the stream has ended: iterate it first")
        return self._run.response

    def _take(self, run: CallRun, event: StreamEvent) -> None:
        self._waiting += [_chunk(run, delta) for delta in event.deltas if _shown(delta)]

    def _end(self) -> None:
        """Who has closed the stream gets nothing more of it, and begins no call by asking."""
        self._closed = True
        self._waiting.clear()


class ChunkStream(_Chunks, Iterator[Chunk]):
    """A streamed call that blocks the thread; a context manager.

    Leaving the block early closes the connection; nothing retries for nobody.
    """

    def __init__(
        self, begin: Callable[[], tuple[CallRun, Generator[StreamEvent, None, None]]]
    ) -> None:
        super().__init__()
        self._begin = begin
        self._events: Generator[StreamEvent, None, None] | None = None

    def __next__(self) -> Chunk:
        if self._closed:
            raise StopIteration
        if self._run is None or self._events is None:
            self._run, self._events = self._begin()
        # An event may hold nothing for the reader: a beginning, a comment, an end mark.
        while not self._waiting:
            self._take(self._run, next(self._events))
        return self._waiting.popleft()

    def close(self) -> None:
        """End the call and its connection; may be called again."""
        self._end()
        # Where nothing was asked for yet, no call was begun, and there is nothing to give back.
        if self._events is not None:
            self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncChunkStream(_Chunks, AsyncIterator[Chunk]):
    """A streamed call that suspends the task; an asynchronous context manager."""

    def __init__(
        self, begin: Callable[[], Awaitable[tuple[CallRun, AsyncGenerator[StreamEvent, None]]]]
    ) -> None:
        super().__init__()
        self._begin = begin
        self._events: AsyncGenerator[StreamEvent, None] | None = None

    async def __anext__(self) -> Chunk:
        if self._closed:
            raise StopAsyncIteration
        if self._run is None or self._events is None:
            self._run, self._events = await self._begin()
        while not self._waiting:
            self._take(self._run, await anext(self._events))
        return self._waiting.popleft()

    async def close(self) -> None:
        """End the call and its connection; may be called again."""
        self._end()
        if self._events is not None:
            await self._events.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _shown(delta: Delta) -> bool:
    """Beginnings, end marks and broken events are for the machine, not for the reader."""
    return not isinstance(delta, StreamStart | EndMark | Unreadable)


def _chunk(run: CallRun, delta: Delta) -> Chunk:
    target = run.call.target
    model = run.delivery.accumulator.writer or (target.model if target is not None else "")
    identity = run.delivery.accumulator.id or f"chatcmpl-{run.recorder.ledger.call}"
    return Chunk(delta, identity, model, run.created, target.name if target else "")
