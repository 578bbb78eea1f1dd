"""What a streamed call gives the caller: chunks to iterate over, then the whole response."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Self

from orchestrator.api.chunks import Chunk
from orchestrator.api.response import Response
from orchestrator.dialects.neutral import EndMark, StreamEvent, StreamStart, TextDelta, Unreadable

if TYPE_CHECKING:
    from orchestrator.execution.call_run import CallRun


class _Chunks:
    """What both kinds of stream share. The call begins with the first chunk asked for."""

    def __init__(self) -> None:
        self._run: CallRun | None = None
        self._chunks: Iterator[Chunk] = iter(())
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

    def _end(self) -> None:
        """Who has closed the stream gets nothing more of it, and begins no call by asking."""
        self._closed = True
        self._chunks = iter(())


class ChunkStream(_Chunks, Iterator[Chunk]):
    """A streamed call that blocks the thread; a context manager.

    Leaving the block early closes the connection; nothing retries for nobody.
    """

    def __init__(
        self, begin: Callable[[], tuple[CallRun, Generator[Iterator[StreamEvent], None, None]]]
    ) -> None:
        super().__init__()
        self._begin = begin
        self._events: Generator[Iterator[StreamEvent], None, None] | None = None

    def __next__(self) -> Chunk:
        if self._closed:
            raise StopIteration
        if self._run is None or self._events is None:
            self._run, self._events = self._begin()
        # What a read brought may hold nothing for the reader: a beginning, a comment, an end mark.
        while True:
            try:
                chunk = next(self._chunks, None)
            except BaseException as interrupt:
                # What it lost of an event would be a hole in the text.
                self._events.throw(interrupt)
                raise
            if chunk is not None:
                return chunk
            self._chunks = _read(self._run, next(self._events))

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
        self,
        begin: Callable[[], Awaitable[tuple[CallRun, AsyncGenerator[Iterator[StreamEvent], None]]]],
    ) -> None:
        super().__init__()
        self._begin = begin
        self._events: AsyncGenerator[Iterator[StreamEvent], None] | None = None

    async def __anext__(self) -> Chunk:
        if self._closed:
            raise StopAsyncIteration
        if self._run is None or self._events is None:
            self._run, self._events = await self._begin()
        while True:
            try:
                chunk = next(self._chunks, None)
            except BaseException as interrupt:  # as in ChunkStream
                await self._events.athrow(interrupt)
                raise
            if chunk is not None:
                return chunk
            self._chunks = _read(self._run, await anext(self._events))

    async def close(self) -> None:
        """End the call and its connection; may be called again."""
        self._end()
        if self._events is not None:
            await self._events.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _read(run: CallRun, events: Iterator[StreamEvent]) -> Iterator[Chunk]:
    """What is in ``events`` for the reader."""
    heading: tuple[str, str, int, str] | None = None
    for event in events:
        for delta in event.deltas:
            kind = type(delta)
            if kind is TextDelta and heading is not None:  # nearly all are
                yield Chunk(delta, *heading)
            elif kind is StreamStart:
                heading = None
            # Beginnings, end marks and broken events are for the machine, not for the reader.
            elif kind is not EndMark and kind is not Unreadable:
                heading = heading or _heading(run)
                yield Chunk(delta, *heading)


def _heading(run: CallRun) -> tuple[str, str, int, str]:
    """What every chunk says of its answer, which a beginning alone changes."""
    target, accumulator = run.call.target, run.delivery.accumulator
    model = accumulator.writer or (target.model if target is not None else "")
    identity = accumulator.id or f"chatcmpl-{run.recorder.ledger.call}"
    return identity, model, run.created, target.name if target else ""
