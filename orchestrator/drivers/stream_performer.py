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

from orchestrator.dialects import Answer, Fault, dialect
from orchestrator.dialects.answer import ToolCall
from orchestrator.dialects.neutral import (
    Began,
    Counted,
    Delta,
    Ended,
    Reply,
    Stopped,
    StreamEvent,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolUse,
)
from orchestrator.drivers.assembly import Assembly
from orchestrator.drivers.continuation import Trimmer
from orchestrator.drivers.inflow import Inflow
from orchestrator.drivers.outcome import Interrupted, LimitReached, Truncated
from orchestrator.drivers.performer import Performer
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
    Streaming,
    Succeeded,
)


@attrs.define
class Whole:
    """An answer that came in one piece, to be delivered as if it had been streamed."""

    events: tuple[StreamEvent, ...]
    content: bool
    tool_call: bool
    broke: None = None
    over: bool = True
    whole: bool = True
    unreadable: int = 0

    def take(self) -> tuple[StreamEvent, ...]:
        """The events that came since the last time."""
        events, self.events = self.events, ()
        return events


class StreamPerformer(Performer):
    """A streamed call. The driver reads bytes and passes them in; what to do is said here."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.assembly = Assembly()
        self.source: Inflow | Whole | None = None
        self.closed = False
        self.response: Response | None = None
        self.leftover: tuple[StreamEvent, ...] = ()
        self._headers: dict[str, str] = {}
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

    def outgoing(self, command: Send) -> httpx.Request:
        """The HTTP request of an attempt; streamed where the provider can."""
        if self.call.committed:
            self.wording.go_on_from(self.assembly.text)
            self.assembly.next_stream()
            self._trimmer = Trimmer(self.assembly.text)
        self.source, self.closed = None, False
        return super().outgoing(command)

    def opened(self, response: httpx.Response) -> bool:
        """Take in the head of an answer; true where its body is a stream to feed."""
        kind = response.headers.get("content-type", "")
        streamed = response.is_success and not kind.startswith(("application/json", "text/html"))
        if not streamed:
            return False
        self._received(response.status_code, response.headers)
        self._headers = dict(response.headers)
        self.source = Inflow(dialect(self._provider().dialect).stream_reader())
        return True

    def received(self, status: int, headers: httpx.Headers, body: bytes) -> Event:
        """A body that came in one piece: a failure, or an answer to cut in pieces."""
        event = super().received(status, headers, body)
        if not isinstance(event, Succeeded) or self.answer is None:
            return event
        reply = _reply(self.answer)
        self.source = Whole(
            tuple(_pieces(reply)), content=bool(reply.parts), tool_call=bool(self.answer.tool_calls)
        )
        self.closed = True
        return Streaming(self.at) if self.source.content else self._complete()

    def feed(self, data: bytes | None) -> None:
        """Bytes that came; ``None`` where the connection ended."""
        if not isinstance(self.source, Inflow):
            return
        if data is None:
            self.closed = True
            self.source.close()
        else:
            self.source.feed(data)

    def before_content(self) -> Event | None:
        """What an attempt has come to; ``None`` where more bytes must tell."""
        source = self.source
        if source is None:
            return None
        if source.broke is not None or self._cut():
            return self._stream_failed()
        if self.hold:
            return self._held(source) if self._over() else None
        if source.content:
            self._speaks()
            return Streaming(self.at)
        return self._complete() if self._over() else None

    def deliver(self) -> Iterator[StreamEvent]:
        """What may be passed on to the caller now."""
        if self.source is None:
            return
        for event in self.source.take():
            passed = tuple(one for delta in event.deltas for one in self._trimmer.pass_on(delta))
            self.assembly.add(passed)
            # What was trimmed is no longer what the provider sent.
            yield event if passed == event.deltas else StreamEvent(b"", passed)

    def after_content(self) -> Event | None:
        """What a stream has come to; ``None`` where more bytes must tell."""
        source = self.source
        if source is None:
            return None
        if source.broke is not None or self._cut():
            return self._stream_failed()
        return self._complete() if self._over() else None

    def interrupted(self, exception: Exception) -> Failed:
        """The connection broke in the middle of a body."""
        return self._failed(Interrupted(f"{type(exception).__name__}: {exception}"))

    def stream_limit_reached(self, command: Send | Relay, limit: str) -> Failed | DeadlineReached:
        """A time limit fired while the stream was read: ``first_token`` or ``idle``."""
        if self.at >= command.ends_at - 0.001:
            return DeadlineReached(self.at)
        timeouts = self._sent()[0].timeouts
        seconds = getattr(command.timeouts if isinstance(command, Send) else timeouts, limit)
        return self._failed(LimitReached(limit, seconds))

    def patience(self, command: Send | Relay) -> tuple[str, float]:
        """The limit of the next read, and the seconds until it fires."""
        left = command.ends_at - self.at
        if isinstance(command, Relay):
            return "idle", max(0.0, min(self._sent()[0].timeouts.idle, left))
        sent = self.recorder.sent_at if self.recorder.sent_at is not None else self.at
        if self.source is not None and self.source.content:  # held back: it is not silent
            return "idle", max(0.0, min(command.timeouts.idle, left))
        first = command.timeouts.first_token or command.timeouts.total
        if not self._provider().stream:
            return "total", max(0.0, min(sent + command.timeouts.total - self.at, left))
        return "first_token", max(0.0, min(sent + first - self.at, left))

    def _speaks(self) -> None:
        """Tell the board how long this target was silent, so that others know what is usual."""
        at, sent = self.at, self.recorder.sent_at
        if sent is not None:
            self.visit.first_token(self._sent()[0], at - sent, at)

    def _over(self) -> bool:
        return self.closed or (self.source is not None and self.source.over)

    def _cut(self) -> bool:
        """True where the stream is at its end and something is missing."""
        return self._over() and self.source is not None and not self.source.whole

    def _held(self, source: Inflow | Whole) -> Event:
        """A stream that was held back and is whole."""
        if not source.content:
            return self._complete()
        probe = Assembly()
        events = source.take()
        for event in events:
            probe.add(event.deltas)
        answer = _answer(probe.reply())
        self.source = Whole(events, content=True, tool_call=bool(answer.tool_calls))
        if self._incomplete(answer):
            return self._failed(Truncated(200, answer.truncated_tool_call))
        return Streaming(self.at)

    def _stream_failed(self) -> Failed:
        source = self.source
        if source is not None and source.broke is not None:
            return self._failed(Fault(200, self._headers, source.broke, "sse"))
        return self._failed(Interrupted("the stream ended without its end"))

    def _failed(self, failure: Any) -> Failed:
        self.failure = failure
        delivered = self.call.committed and self.source is not None and self.source.tool_call
        return Failed(self.at, tool_call=delivered)

    def _complete(self) -> Succeeded:
        """The stream is whole, and so is the answer."""
        self.leftover = tuple(self.deliver())
        self.answer = _answer(self.assembly.reply())
        self._answered()
        return Succeeded(self.at)

    def _failure(self, command: Finish, skipped: Any) -> CallFailed:
        failure = super()._failure(command, skipped)
        if not self.call.committed:
            return failure
        return StreamInterrupted.after(failure, self.assembly.text)


def _answer(reply: Reply) -> Answer:
    uses = tuple(
        ToolCall(part.id, part.name, part.arguments)
        for part in reply.parts
        if isinstance(part, ToolUse)
    )
    return Answer(
        text="".join(part.text for part in reply.parts if isinstance(part, Text)),
        tool_calls=uses,
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        id=reply.id,
        model=reply.model,
        raw=dialect("openai-chat").write_answer(reply),
    )


def _reply(answer: Answer) -> Reply:
    parts: list[Text | Thinking | ToolUse] = [Text(answer.text)] if answer.text else []
    parts += [ToolUse(call.id, call.name, call.arguments) for call in answer.tool_calls]
    return Reply(tuple(parts), answer.finish_reason, answer.usage, answer.id, answer.model)


def _pieces(reply: Reply) -> Iterator[StreamEvent]:
    """A whole answer as the events of a stream; words in pieces of about a line."""
    deltas: list[Delta] = [Began(reply.id, reply.model)]
    index = 0
    for part in reply.parts:
        match part:
            case Text():
                deltas += [
                    TextDelta(part.text[at : at + 80]) for at in range(0, len(part.text), 80)
                ]
            case Thinking():
                deltas.append(ThinkingDelta(part.text, part.signature, part.redacted))
            case ToolUse():
                deltas.append(ToolCallDelta(index, part.id, part.name, part.arguments))
                index += 1
    deltas += [Stopped(reply.finish_reason or "stop"), Counted(reply.usage), Ended()]
    return (StreamEvent(b"", (delta,)) for delta in deltas)
