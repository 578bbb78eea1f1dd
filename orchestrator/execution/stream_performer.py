"""One streamed call between the machine and the world; see :mod:`.performer`.

The same machine with one commit boundary: until the first content is about to reach the
caller every failure is recovered unseen, and after it what was delivered is never
contradicted. A stream that is cut, stalls, or ends without an end is never a success.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import httpx

from orchestrator.api.errors import CallFailed, StreamInterrupted
from orchestrator.api.response import Response
from orchestrator.classification import exceptions
from orchestrator.dialects import DEFAULT_DIALECT, Answer, Fault, Flaw, Flawed, Usage
from orchestrator.dialects.judgement import judge
from orchestrator.dialects.neutral import Began, Counted, Delta, StreamEvent
from orchestrator.execution.assembly import Assembly
from orchestrator.execution.body import Body
from orchestrator.execution.continuation import Trimmer
from orchestrator.execution.failures import Failure
from orchestrator.execution.inflow import Inflow
from orchestrator.execution.outcome import (
    LARGEST_ANSWER,
    Interrupted,
    LimitReached,
    TooLarge,
    TornArguments,
    Truncated,
)
from orchestrator.execution.performer import EARLY, Performer
from orchestrator.execution.pieces import Whole, broken_off, completion, cut
from orchestrator.states import (
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
        self._reached = 0.0
        self._trimmer = Trimmer("")
        super().__init__(*args, **options)

    @property
    def hold(self) -> bool:
        """True where nothing is delivered before all of it is here."""
        policy = self.call.policy.on_interrupted
        return policy is OnInterrupted.HOLD or not self.request.stream

    @property
    def dialect(self) -> str:
        """The dialect of the provider that is answering."""
        return self._provider().dialect

    @property
    def answered_in(self) -> str:
        """An answer put together from a stream is written as a chat completion."""
        return DEFAULT_DIALECT if self.request.stream else super().answered_in

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
        else:
            # Nothing of an earlier attempt reached the caller.
            self.assembly, self.leftover = Assembly(), ()
        self.source = self._event = None
        self.closed, self._fed, self._spoke = False, 0, False
        outgoing = super().outgoing(command)
        if self.streamed:
            # Read by transports that know nothing of the limits that the driver keeps.
            limits = command.timeouts
            longest = max(command.kept_alive or limits.total, limits.idle)
            outgoing.extensions["timeout"]["read"] = longest
        return outgoing

    def feed(self, data: bytes | None) -> None:
        """Bytes that came; ``None`` where the connection ended."""
        if data is None:
            self._end()
            return
        # What is passed on is counted as it is put together.
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
        # What a model said before it failed is its answer so far, and is delivered as that.
        said = source.content and source.failed_end and not self.hold
        if not said and (source.broke is not None or self._cut()):
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
            self._reached = self.at

    def after_content(self) -> Event | None:
        """What a stream has come to; ``None`` where more bytes must tell."""
        source = self.source
        if self._event is not None or source is None:
            return self._noted()
        if source.broke is not None or self._cut():
            return self._stream_failed()
        if self.assembly.size > LARGEST_ANSWER:
            return self._failed(TooLarge())
        return self._complete() if self._over() else None

    def interrupted(self, exception: Exception) -> Event:
        """The connection broke in the middle of a body."""
        if (event := self._known()) is not None:
            return event
        if self.source is None:
            return self.broken(exception)
        # Without the bytes that a protocol error quotes: they may be the answer's own.
        said = (type(exception).__name__, *exceptions.words(exception)[:1])
        return self._failed(Interrupted(": ".join(said)))

    def stream_limit_reached(self, command: Send | Relay, limit: str) -> Event:
        """A time limit fired while the stream was read: the one that :meth:`patience` named."""
        if (event := self._known()) is not None:
            return event
        timeouts = self._sent()[0].timeouts
        if self.at >= command.ends_at - EARLY:
            if not self.call.committed:
                return DeadlineReached(self.at)
            return self._failed(LimitReached("stream_total", timeouts.stream_total))
        if isinstance(command, Send):
            return self._failed(self._limit(command, limit))
        return self._failed(LimitReached(limit, getattr(timeouts, limit)))

    def patience(self, command: Send | Relay) -> tuple[str, float]:
        """The limit of the next read, and the seconds until it fires."""
        left = (command.until if isinstance(command, Send) else command.ends_at) - self.at
        timeouts = self._sent()[0].timeouts
        if self.source is not None and self.source.whole:
            return "idle", max(0.0, min(LAST_WORDS, timeouts.idle, left))
        if isinstance(command, Relay) or self._spoke:  # held back, it is not silent either
            return "idle", max(0.0, min(timeouts.idle, left))
        limits, sent = command.timeouts, self.recorder.sent_at or 0.0
        if self.streamed and (self.body is None or self.body.waits):
            first = self._first_token(command)
            return "first_token", max(0.0, min(sent + first - self.at, left))
        return "total", max(0.0, min(sent + limits.total - self.at, left))

    # Inside.

    def _first_token(self, command: Send) -> float:
        """Seconds from the request until the first content must be here."""
        limits = command.timeouts
        alive = isinstance(self.source, Inflow) and self.source.alive
        return (command.kept_alive if alive else limits.first_token) or limits.total

    def _seconds(self, command: Send, limit: str) -> float:
        if limit == "first_token":
            return self._first_token(command)
        return super()._seconds(command, limit)

    def _longest(self, command: Send) -> float:
        return self._first_token(command) if self.streamed else super()._longest(command)

    def _waited(self, at: float) -> float:
        """Seconds since the caller asked for more, at the earliest since the attempt was sent."""
        return min(super()._waited(at), at - self._reached)

    def _begin(self) -> None:
        """Tell a stream from an answer in one piece as soon as its first word is here."""
        reader = self.body.reader() if self.body is not None else None
        if reader is not None and self.body is not None:
            self.source = Inflow(reader, self.stops, ends_by_mark=self._ends_by_mark)
            self.source.feed(self.body.content)

    def _end(self) -> None:
        self.closed = True
        if isinstance(self.source, Inflow):
            self.source.close()
        elif self.body is not None and self._event is None:
            self._event = self._in_one_piece(self.body)

    def _in_one_piece(self, body: Body) -> Event:
        """A body that is no stream: a failure, or an answer to cut in pieces."""
        self.body, asked = body, self.streamed
        event = self.whole()
        if self.answer is None:
            return event
        if not self.request.stream:
            self.closed = True
            return event
        if asked:
            self.recorder.note("answered in one piece although a stream was asked for")
        self.source, self.closed, self._event = cut(self.answer, self.dialect), True, None
        if not self.source.content or isinstance(event, Failed):
            return self._complete()
        self._speaks()
        return Streaming(self.at)

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
        judged = self._judged(probe)
        if not isinstance(judged, Answer):
            return self._failed(judged)
        self.source = Whole(events, content=True, usage=source.usage)
        return Streaming(self.at)

    def _stream_failed(self) -> Failed:
        source, body = self.source, self.body
        headers = body.response.headers if body is not None else httpx.Headers()
        if source is None:
            raise AssertionError("only called where a stream began")
        if source.broke is None and body is not None and body.garbled and self._fed == len(body):
            return self._failed(Fault(200, dict(headers), body.content))
        return self._failed(broken_off(source, headers))

    def _judged(
        self, assembly: Assembly
    ) -> Answer | Fault | Flawed | Interrupted | TornArguments | Truncated:
        """What a stream that is whole amounts to, as it would be judged in one piece."""
        headers = self.body.response.headers if self.body is not None else httpx.Headers()
        return self._enough(judge(completion(assembly.reply()), self._status(), headers, "sse"))

    def _failed(self, failure: Failure) -> Failed:
        self._note_unreadable()
        return attrs.evolve(self._fail(failure), tool_call=self.assembly.tool_call)

    def _note_unreadable(self) -> None:
        self._note_skipped(self.source.unreadable if self.source is not None else 0)

    def _complete(self) -> Succeeded | Failed:
        """The stream is whole, and so is the answer, unless nothing is in it or more is needed."""
        self.leftover = tuple(self.deliver())
        judged = self._judged(self.assembly)
        if self.call.committed and isinstance(judged, Flawed) and judged.flaw is Flaw.EMPTY:
            # Thoughts reached the caller: nobody else can be asked any more.
            judged = judged.answer
        if not isinstance(judged, Answer):
            return self._failed(judged)
        self._note_unreadable()
        self.answer = judged
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
