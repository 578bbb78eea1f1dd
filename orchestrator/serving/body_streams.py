"""A streamed answer as the bytes that the client expects, as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from contextlib import aclosing, suppress
from typing import Protocol

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request, RequestError
from orchestrator.config.errors import ConfigError
from orchestrator.dialects import StreamWriter, dialect
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    Heading,
    StreamError,
    StreamEvent,
    Unreadable,
    UsageDelta,
)
from orchestrator.execution.call_run import CallRun
from orchestrator.serving.http_errors import error_response
from orchestrator.states import OnInterrupted

REFUSED = (CallFailed, RequestError, ConfigError)
"""What a client is told as an HTTP error, or inside its stream; anything else is a fault of
ours, and raised."""


class ByteStream(Protocol):
    """The bytes of an answer as they come, for a client that suspends a task."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces, in order."""
        ...

    async def aclose(self) -> None:
        """End what brings them; nobody reads any further."""
        ...


class BodyWriter(Protocol):
    """Writes the events of a call as the bytes that its client gets."""

    def write(self, events: Iterable[StreamEvent]) -> bytes:
        """The bytes for ``events``."""
        ...

    def end(self) -> bytes:
        """What comes after the last event of an answer that is whole."""
        ...

    def broke(self, error: Exception) -> bytes:
        """What comes where ``error`` ended it."""
        ...


class EventWriter:
    """Writes events in the client's dialect: the provider's own bytes where it speaks it too.

    Where a second target goes on with a stream, the client must see one stream still. So
    whatever comes after the first is written, by a writer that has followed the first.
    Some dialects name their items in every event, and a writer names them in its own way:
    there all of a stream that may go on elsewhere is written.

    Args:
        request: What the client asked.
        run: The call.
        hides_usage: True where the provider was asked what the stream costs, and the client did
            not ask: an event that says nothing else is none that it expects.
    """

    def __init__(self, request: Request, run: CallRun, *, hides_usage: bool = False) -> None:
        self._dialect, self._payload = request.dialect, request.payload
        self._run, self._hides_usage = run, hides_usage
        self._may_go_on = run.call.policy.on_interrupted is OnInterrupted.CONTINUE
        self._first: int | None = None
        self._passing = not (self._may_go_on and dialect(request.dialect).serving.names_items)
        self._writer: StreamWriter | None = None

    def write(self, events: Iterable[StreamEvent]) -> bytes:
        """The bytes for ``events``."""
        return b"".join(map(self._event, events))

    def _event(self, event: StreamEvent) -> bytes:
        if event.deltas and all(isinstance(delta, Unreadable) for delta in event.deltas):
            return b""  # the machine went on without it, and a client would not
        if self._hides_usage and all(isinstance(delta, UsageDelta) for delta in event.deltas):
            return b"" if event.deltas else event.raw
        if self._passes(event):
            if self._may_go_on:
                self._written(event)
            return event.raw
        return self._written(event)

    def end(self) -> bytes:
        """What the client must see after the last event of an answer that is whole."""
        # Some providers end with a finish reason and no end mark.
        return b"" if self._passing else self._own().write(EndMark())

    def broke(self, error: Exception) -> bytes:
        """The client's own form of an error inside a stream."""
        _, body = error_response(error, self._dialect)
        return self._own().write(StreamError(body))

    def _passes(self, event: StreamEvent) -> bool:
        number = self._run.call.number
        self._first = number if self._first is None else self._first
        own = self._run.provider.dialect == self._dialect and number == self._first
        # Once anything was written, bytes of a provider would begin another answer.
        self._passing = self._passing and own and bool(event.raw)
        return self._passing

    def _written(self, event: StreamEvent) -> bytes:
        return b"".join(self._own().write(self._summed(delta)) for delta in event.deltas)

    def _summed(self, delta: Delta) -> Delta:
        """``delta``, with the tokens of all targets that a stream was continued at."""
        if isinstance(delta, UsageDelta) and self._run.call.number != self._first:
            return UsageDelta(self._run.delivery.accumulator.usage)
        return delta

    def _own(self) -> StreamWriter:
        if self._writer is None:
            target = self._run.call.target
            model = target.model if target is not None else ""
            call = self._run.recorder.ledger.call
            heading = Heading(call, model, self._run.created, self._payload)
            self._writer = dialect(self._dialect).stream_writer(heading)
        return self._writer


class SyncBody:
    """The bytes of a stream for a client that blocks a thread; its first events are here."""

    def __init__(
        self,
        writer: EventWriter,
        first: Iterator[StreamEvent],
        events: Generator[Iterator[StreamEvent], None, None],
    ) -> None:
        self.parts = (writer, first, events)
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        writer, first, events = self.parts
        try:
            yield from _some(writer.write(first))
            for more in events:
                if self._closed:
                    return
                yield from _some(writer.write(more))
        except REFUSED as error:
            yield writer.broke(error)
        else:
            yield from _some(writer.end())
        finally:
            events.close()

    def close(self) -> None:
        """End the call and its connection; while another thread reads, as soon as it has read."""
        self._closed = True
        _, _, events = self.parts
        with suppress(ValueError):  # it is running, in the thread that reads
            events.close()


class AsyncBody:
    """The same for a client that suspends a task."""

    def __init__(
        self,
        writer: BodyWriter,
        first: Iterator[StreamEvent],
        events: AsyncGenerator[Iterator[StreamEvent], None],
    ) -> None:
        self.parts = (writer, first, events)
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        writer, first, events = self.parts
        try:
            async with aclosing(events):
                for data in _some(writer.write(first)):
                    yield data
                async for more in events:
                    if self._closed:
                        return
                    for data in _some(writer.write(more)):
                        yield data
        except REFUSED as error:
            yield writer.broke(error)
        else:
            for data in _some(writer.end()):
                yield data

    async def aclose(self) -> None:
        """End the call and its connection; while another task reads, as soon as it has read."""
        self._closed = True
        _, _, events = self.parts
        if not getattr(events, "ag_running", False):
            await events.aclose()


def _some(data: bytes) -> Iterator[bytes]:
    """``data``, unless it is nothing: an empty piece tells a client nothing."""
    if data:
        yield data
