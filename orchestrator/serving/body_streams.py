"""A streamed answer as the bytes that the client expects, as they come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from contextlib import aclosing, suppress
from typing import Protocol

import msgspec

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request, RequestError
from orchestrator.config.errors import ConfigError
from orchestrator.dialects import StreamWriter, dialect
from orchestrator.dialects.forwarding import StreamForwarder
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    Heading,
    StreamError,
    StreamEvent,
    StreamStart,
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
        serving = dialect(request.dialect).serving
        self._repair = serving.repair
        self._passing = not (self._may_go_on and serving.names_items)
        # Set while the beginning of the stream tells whether its bytes can be passed on, and for
        # those whose events are completed one by one.
        self._forwarder: StreamForwarder | None = None
        # The last event that was passed on.
        self._passed = b""
        self._writer: StreamWriter | None = None

    def write(self, events: Iterable[StreamEvent]) -> bytes:
        """The bytes for ``events``."""
        return b"".join(map(self._event, events))

    def _event(self, event: StreamEvent) -> bytes:
        if event.deltas and all(isinstance(delta, Unreadable) for delta in event.deltas):
            return b""  # the machine went on without it, and a client would not
        if self._hides_usage and event.deltas and _are_counts(event.deltas):
            return b""
        if not self._passes(event):
            return self._written(event)
        if self._forwarder is not None:
            return self._forwarded(self._forwarder, event)
        if self._may_go_on:
            self._written(event)
        if b"data:" in event.raw:
            self._passed = event.raw
        return event.raw

    def _forwarded(self, forwarder: StreamForwarder, event: StreamEvent) -> bytes:
        """The same where the beginning of the stream is to come, or lacks something."""
        passed = forwarder.pass_on(event)
        if passed is None:
            self._passing, self._forwarder = False, None
            return b"".join(map(self._written, forwarder.held))
        if forwarder.is_open:
            self._forwarder = None
        if self._may_go_on:
            self._written(event)
        self._passed = event.raw
        return passed

    def end(self) -> bytes:
        """What the client must see after the last event of an answer that is whole."""
        # Some providers end with a finish reason and no end mark.
        if not self._passing:
            return self._own().write(EndMark())
        left = self._forwarder.rest() if self._forwarder is not None else b""
        mark = self._repair.end_mark if self._repair is not None else b""
        is_ended = not mark or mark.split()[-1] in self._passed
        return left if is_ended else left + mark

    def broke(self, error: Exception) -> bytes:
        """The client's own form of an error inside a stream."""
        _, body = error_response(error, self._dialect)
        return self._own().write(StreamError(body))

    def _passes(self, event: StreamEvent) -> bool:
        number = self._run.call.number
        if self._first is None:
            self._first = number
            if self._repair is not None:
                self._forwarder = StreamForwarder(self._repair, self._heading())
        own = self._run.provider.dialect == self._dialect and number == self._first
        # Once anything was written, bytes of a provider would begin another answer.
        self._passing = self._passing and own and bool(event.raw)
        return self._passing

    def _written(self, event: StreamEvent) -> bytes:
        return b"".join(self._own().write(self._told(delta)) for delta in event.deltas)

    def _told(self, delta: Delta) -> Delta:
        """``delta`` as the client is told it.

        With the tokens of all targets that a stream was continued at; and an id of another
        dialect's provider is none here: clients know theirs by the beginning, and by there
        being no other.
        """
        if isinstance(delta, UsageDelta) and self._run.call.number != self._first:
            return UsageDelta(self._run.delivery.accumulator.usage)
        if isinstance(delta, StreamStart) and self._run.provider.dialect != self._dialect:
            return StreamStart("", delta.model)
        return delta

    def _own(self) -> StreamWriter:
        if self._writer is None:
            heading = msgspec.structs.replace(self._heading(), after=self._passed)
            self._writer = dialect(self._dialect).stream_writer(heading)
        return self._writer

    def _heading(self) -> Heading:
        target = self._run.call.target
        model = target.model if target is not None else ""
        call = self._run.recorder.ledger.call
        return Heading(call, model, self._run.created, self._payload)


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


def _are_counts(deltas: tuple[Delta, ...]) -> bool:
    return all(isinstance(delta, UsageDelta) for delta in deltas)
