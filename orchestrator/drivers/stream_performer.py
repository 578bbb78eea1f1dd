"""One streamed call between the machine and the world; see :mod:`.performer`.

The same machine with one commit boundary: until the first content is about to reach the
caller every failure is recovered unseen, and after it what was delivered is never
contradicted. A stream that is cut, stalls, or ends without an end is never a success.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from orchestrator.dialects import Fault, Usage
from orchestrator.dialects.neutral import Began, Counted, Delta, StreamEvent
from orchestrator.drivers.assembly import Assembly
from orchestrator.drivers.body import Body
from orchestrator.drivers.continuation import Trimmer
from orchestrator.drivers.failures import Failure
from orchestrator.drivers.inflow import Inflow
from orchestrator.drivers.outcome import (
    LARGEST_ANSWER,
    Interrupted,
    LimitReached,
    TooLarge,
    Truncated,
)
from orchestrator.drivers.performer import Performer
from orchestrator.drivers.pieces import Whole, answer_of, cut
from orchestrator.errors import CallFailed, StreamInterrupted
from orchestrator.response import Response
from states import (
    DeadlineReached,
    Event,
    Failed,
    Finish,
    OnInterrupted,
    Relay,
    Send,
    State,
    Streaming,
    Succeeded,
)

LAST_WORDS = 5.0
"""Seconds to wait for usage and the end mark once the model has said why it stopped. They
follow at once where they come at all; some servers then leave the connection open."""


class StreamPerformer(Performer):
    """A streamed call. The driver reads bytes and passes them in; what to do is said here."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.assembly = Assembly()
        self.source: Inflow | Whole | None = None
        self.closed = False
        self.response: Response | None = None
        self.leftover: tuple[StreamEvent, ...] = ()
        self._event: Event | None = None
        self._fed = 0
        self._spoke = False
        self._goes_on = False
        self._trimmer = Trimmer("")
        super().__init__(*args, **options)

    @property
    def hold(self) -> bool:
        """True where nothing is delivered before all of it is here."""
        return self.call.policy.on_interrupted is OnInterrupted.HOLD

    @property
    def dialect(self) -> str:
        """The dialect of the provider that is answering."""
        return self._provider().dialect

    @property
    def answered_in(self) -> str:
        """An answer put together from a stream is written as a chat completion."""
        return "openai-chat"

    def finish(self, command: Finish) -> Response:
        """See :meth:`.Performer.finish`; the response is kept for the caller to ask for."""
        self.response = super().finish(command)
        return self.response

    def cancel(self) -> None:
        """See :meth:`.Performer.cancel`. Who leaves after the finish reason has it all."""
        if self.call.state is State.STREAM and self._delivered_all():
            event = self._complete()
            if isinstance(event, Succeeded):
                self.advance(event)
                self.finish(Finish())
                return
        self._note_unreadable()
        super().cancel()

    # One attempt.

    def outgoing(self, command: Send) -> httpx.Request:
        """The HTTP request of an attempt; streamed where the provider can."""
        self._goes_on = self.call.committed
        if self._goes_on:
            self.wording.go_on_from(self.assembly.text)
            self.assembly.next_stream(self._usage())
            prefill = self.wording.prefills(command.target, self._provider())
            self._trimmer = Trimmer(self.assembly.text, prefill=prefill)
        self.source = self._event = None
        self.closed, self._fed, self._spoke = False, 0, False
        outgoing = super().outgoing(command)
        if self.streamed:
            # Read by transports that know nothing of the limits that the driver keeps.
            limits = command.timeouts
            longest = max(limits.first_token or limits.total, limits.idle)
            outgoing.extensions["timeout"]["read"] = longest
        return outgoing

    def feed(self, data: bytes | None) -> None:
        """Bytes that came; ``None`` where the connection ended."""
        if data is None:
            self._end()
            return
        # What is passed on takes no memory here; what is collected must not take all of it.
        self._fed += 0 if self.call.state is State.STREAM else len(data)
        if self._fed > LARGEST_ANSWER:
            self._event = self._stopped_reading()
        elif isinstance(self.source, Inflow):
            self.source.feed(data)
        elif self.body is not None:
            self.body.add(data)
            self._begin()

    def before_content(self) -> Event | None:
        """What an attempt has come to; ``None`` where more bytes must tell."""
        source = self.source
        if self._event is not None or source is None:
            return self._noted()
        if source.broke is not None or self._cut():
            return self._stream_failed()
        if source.content:
            self._speaks()
        if self.hold:
            return self._held(source) if self._over() else None
        if source.content:
            return Streaming(self.at)
        return self._complete() if self._over() else None

    def deliver(self) -> Iterator[StreamEvent]:
        """What may be passed on to the caller now."""
        if self.source is None:
            return
        for event in self.source.take():
            passed = tuple(one for delta in event.deltas for one in self._trimmer.pass_on(delta))
            self.assembly.add(passed)
            yield self._continued(passed) if self._goes_on else event

    def after_content(self) -> Event | None:
        """What a stream has come to; ``None`` where more bytes must tell."""
        source = self.source
        if self._event is not None or source is None:
            return self._noted()
        if source.broke is not None or self._cut():
            return self._stream_failed()
        return self._complete() if self._over() else None

    def interrupted(self, exception: Exception) -> Event:
        """The connection broke in the middle of a body."""
        if (event := self._known()) is not None:
            return event
        if self.source is None:
            return self.broken(exception)
        return self._failed(Interrupted(f"{type(exception).__name__}: {exception}"))

    def stream_limit_reached(self, command: Send | Relay, limit: str) -> Event:
        """A time limit fired while the stream was read: the one that :meth:`patience` named."""
        if (event := self._known()) is not None:
            return event
        timeouts = self._sent()[0].timeouts
        if self.at >= command.ends_at - 0.001:
            if not self.call.committed:
                return DeadlineReached(self.at)
            return self._failed(LimitReached("stream_total", timeouts.stream_total))
        if isinstance(command, Send):
            return self._failed(self._limit(command, limit))
        return self._failed(LimitReached(limit, getattr(timeouts, limit)))

    def patience(self, command: Send | Relay) -> tuple[str, float]:
        """The limit of the next read, and the seconds until it fires."""
        left = command.ends_at - self.at
        timeouts = self._sent()[0].timeouts
        if self.source is not None and self.source.whole:
            return "idle", max(0.0, min(LAST_WORDS, timeouts.idle, left))
        if isinstance(command, Relay) or self._spoke:  # held back, it is not silent either
            return "idle", max(0.0, min(timeouts.idle, left))
        limits, sent = command.timeouts, self.recorder.sent_at or 0.0
        if self.streamed and (self.body is None or self.body.waits):
            first = limits.first_token or limits.total
            return "first_token", max(0.0, min(sent + first - self.at, left))
        return "total", max(0.0, min(sent + limits.total - self.at, left))

    # Inside.

    def _begin(self) -> None:
        """Tell a stream from an answer in one piece as soon as its first word is here."""
        reader = self.body.reader() if self.body is not None else None
        if reader is not None and self.body is not None:
            self.source = Inflow(reader)
            self.source.feed(self.body.content)

    def _end(self) -> None:
        self.closed = True
        if isinstance(self.source, Inflow):
            self.source.close()
        elif self.body is not None and self._event is None:
            self._event = self._in_one_piece(self.body)

    def _in_one_piece(self, body: Body) -> Event:
        """A body that is no stream: a failure, or an answer to cut in pieces."""
        head, asked, self.streamed = body.response, self.streamed, False
        event = self.received(head.status_code, head.headers, body.content)
        if not isinstance(event, Succeeded) or self.answer is None:
            return event
        if asked:
            self.recorder.note("answered in one piece although a stream was asked for")
        self.source, self.closed, self._event = cut(self.answer, self.dialect), True, None
        if self.source.content:
            self._speaks()
        return Streaming(self.at) if self.source.content else self._complete()

    def _noted(self) -> Event | None:
        """The event that was noted while bytes were taken in, once."""
        event, self._event = self._event, None
        return event

    def _known(self) -> Event | None:
        """What the attempt amounts to whatever breaks now; ``None`` where that is open."""
        if self.source is not None and self.source.whole:
            self.closed = True
            return (
                self.after_content() if self.call.state is State.STREAM else self.before_content()
            )
        if self.source is None and self.body is not None and self.body.failed:
            return self._in_one_piece(self.body)
        return None

    def _stopped_reading(self) -> Event:
        if self.body is not None and self.body.failed:
            return self._in_one_piece(self.body)
        return self._failed(TooLarge())

    def _continued(self, passed: tuple[Delta, ...]) -> StreamEvent:
        """What goes on from another stream: no second beginning, and the usage of both.

        Its bytes are not those that the provider sent, whose stream stands for itself.
        """
        usage = Counted(self.assembly.usage)
        deltas = tuple(usage if isinstance(delta, Counted) else delta for delta in passed)
        return StreamEvent(b"", tuple(each for each in deltas if not isinstance(each, Began)))

    def _speaks(self) -> None:
        """Tell the board how long this target was silent, so that others know what is usual."""
        at, sent = self.at, self.recorder.sent_at
        if sent is not None and not self._spoke:
            self.visit.first_token(self._sent()[0], at - sent, at)
        self._spoke = True

    def _over(self) -> bool:
        return self.closed or (self.source is not None and self.source.over)

    def _cut(self) -> bool:
        """True where the stream is at its end and something is missing."""
        return self._over() and self.source is not None and not self.source.whole

    def _delivered_all(self) -> bool:
        whole = self.source is not None and self.source.whole
        return whole and self.assembly.finish_reason is not None

    def _held(self, source: Inflow | Whole) -> Event:
        """A stream that was held back and is whole."""
        if not source.content:
            return self._complete()
        self._note_unreadable()
        probe = Assembly()
        events = source.take()
        for event in events:
            probe.add(event.deltas)
        answer = answer_of(probe.reply())
        if self._incomplete(answer):
            return self._failed(Truncated(200, answer.truncated_tool_call))
        self.source = Whole(events, content=True, usage=source.usage)
        return Streaming(self.at)

    def _stream_failed(self) -> Failed:
        source, headers = self.source, self.body.response.headers if self.body is not None else {}
        if source is not None and source.broke is not None:
            return self._failed(Fault(200, dict(headers), source.broke, "sse"))
        if self.body is not None and self.body.garbled and self._fed == len(self.body):
            return self._failed(Fault(200, dict(headers), self.body.content))
        if source is not None and source.torn:
            return self._failed(Interrupted("an event of the answer came with a part missing"))
        return self._failed(Interrupted("the stream ended without its end"))

    def _failed(self, failure: Failure) -> Failed:
        self._note_unreadable()
        self.failure = failure
        return Failed(self.at, tool_call=self.assembly.tool_call)

    def _note_unreadable(self) -> None:
        count = self.source.unreadable if self.source is not None else 0
        if count:
            self.recorder.note(f"{count} unreadable event{'s' if count > 1 else ''} skipped")

    def _complete(self) -> Succeeded | Failed:
        """The stream is whole, and so is the answer, unless the caller needs more of it."""
        leftover = tuple(self.deliver())
        answer = answer_of(self.assembly.reply())
        if self._incomplete(answer):
            return self._failed(Truncated(200, answer.truncated_tool_call))
        self._note_unreadable()
        self.leftover, self.answer = leftover, answer
        self._answered()
        return Succeeded(self.at)

    def _usage(self) -> Usage | None:
        """See :meth:`.Performer._usage`; of a stream that is gone on with, this one's part."""
        return self.source.usage if self.source is not None else super()._usage()

    def _failure(self, command: Finish, skipped: Any) -> CallFailed:
        failure = super()._failure(command, skipped)
        if not self.call.committed:
            return failure
        return StreamInterrupted.after(failure, self.assembly.text)
