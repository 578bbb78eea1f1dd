"""Reads a stream of answers: server-sent events, or a JSON list where ``alt=sse`` is missing.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
(2026-11-21). Every event is a whole ``GenerateContentResponse`` with the next parts. The
events have no end mark: the finish reason in the last one is the end, so ``EndMark`` is
given when the connection closes after it. The list's closing bracket is an end mark.
"""

from __future__ import annotations

from typing import Any, Literal

import attrs
import msgspec

from orchestrator.dialects.failures import remarked, reported
from orchestrator.dialects.finish_reasons import finish_reason
from orchestrator.dialects.gemini.answer import blocked, candidate_of, read_parts, read_usage
from orchestrator.dialects.gemini.parts import CallIds
from orchestrator.dialects.gemini.vocabulary import field
from orchestrator.dialects.json_stream import JsonFrame, JsonStream
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    StreamError,
    StreamEvent,
    StreamStart,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolUse,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.sse import ServerEvent, ServerSentEvents
from orchestrator.dialects.wire import UNREADABLE, decoded, string

_BLANK = b" \t\r\n\xef\xbb\xbf"
_DONE = "[DONE]"
"""What relays of chat-completions end streams of every dialect with."""
_SHOWN = 1000
"""Characters that an unreadable event is quoted with."""


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    text: str


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    parts: tuple[_Words]
    role: str | None = None


class _Candidate(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    content: _Content
    index: Literal[0] | None = None
    finish_reason: None = None


class _Plain(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The event that nearly all of a stream is; a type that knows every field hides nothing."""

    candidates: tuple[_Candidate]
    usage_metadata: dict[str, Any] | None = None
    model_version: str | None = None
    response_id: str | None = None
    create_time: str | None = None


_decode = msgspec.json.Decoder(_Plain).decode


@attrs.define
class _Saying:
    """What the events of one stream mean, one after the other.

    Attributes:
        began: True once the beginning was told.
    """

    _ids: CallIds = attrs.field(factory=CallIds)
    _calls: int = 0
    began: bool = False
    _finish: str | None = None
    _over: bool = False

    def event(self, data: str) -> list[Delta]:
        """What one event says."""
        if data.strip() == _DONE:
            return [EndMark()]
        body = decoded(data.encode(errors="replace"))
        if isinstance(body, list) and len(body) == 1:
            # An error outside alt=sse comes as a list of one.
            body = body[0]
        if not isinstance(body, dict):
            return [Unreadable(data[:_SHOWN])]
        if reported(body):
            return [StreamError(body)]
        if remarked(body):
            return [Unreadable(data[:_SHOWN])]
        candidate = candidate_of(body)
        deltas = self._beginning(body)
        # A refused prompt brings no candidate, and usage all the same.
        if candidate is None and blocked(body):
            return [*deltas, StreamError(body)]
        deltas += self._parts(candidate or {})
        deltas += _usage(field(body, "usageMetadata"))
        return deltas + self._stop(candidate or {})

    def ended(self) -> tuple[Delta, ...]:
        """The end, once, if the model had finished by then."""
        if self._finish is None or self._over:
            return ()
        self._over = True
        return (EndMark(),)

    def _beginning(self, body: dict[str, Any]) -> list[Delta]:
        if self.began:
            return []
        self.began = True
        self._ids.answer = string(field(body, "responseId"))
        return [StreamStart(self._ids.answer, string(field(body, "modelVersion")))]

    def _parts(self, candidate: dict[str, Any]) -> list[Delta]:
        return [self._delta(part) for part in read_parts(candidate, self._ids)]

    def _delta(self, part: Text | Thinking | ToolUse) -> Delta:
        match part:
            case Text(text=text):
                return TextDelta(text)
            case Thinking():
                return ThinkingDelta(part.text, part.signature, part.redacted, part.dialect)
            case ToolUse():
                index = self._calls
                self._calls += 1
                return ToolCallDelta(index, part.id, part.name, part.arguments, part.signature)

    def _stop(self, candidate: dict[str, Any]) -> list[Delta]:
        word = finish_reason(field(candidate, "finishReason"), calls=self._calls > 0)
        # Said again in a later event, it is no news.
        if word is None or word == self._finish:
            return []
        self._finish = word
        return [FinishReason(word)]


def _usage(usage: Any) -> list[Delta]:
    return [UsageDelta(read_usage(usage))] if isinstance(usage, dict) else []


@attrs.define
class GeminiStreamReader:
    """See :class:`orchestrator.dialects.record.StreamReader`."""

    _framing: ServerSentEvents | JsonStream | None = None
    _blank: bytes = b""  # what came before the first byte that tells the framing
    _said: _Saying = attrs.field(factory=_Saying)

    def feed(self, data: bytes) -> list[StreamEvent]:
        """See :class:`orchestrator.dialects.record.StreamReader`."""
        if self._framing is None:
            data, self._blank = self._blank + data, b""
            first = data.lstrip(_BLANK)[:1]
            if not first:
                # Blanks alone tell nothing; a hostile server's are not all kept.
                self._blank = data[-64:]
                return []
            self._framing = JsonStream() if first in (b"[", b"{") else ServerSentEvents()
        if isinstance(self._framing, JsonStream):
            return [self._framed(frame) for frame in self._framing.feed(data)]
        return self._framing.read(data, self.plain, self.read)

    def close(self) -> list[StreamEvent]:
        """See :class:`orchestrator.dialects.record.StreamReader`."""
        events: list[StreamEvent] = []
        if isinstance(self._framing, JsonStream):
            events = [self._framed(frame) for frame in self._framing.close()]
        elif self._framing is not None:
            events = [self.read(event) for event in self._framing.close()]
        ended = self._said.ended()
        return [*events, StreamEvent(b"", ended)] if ended else events

    def plain(self, raw: bytes, data: bytes) -> StreamEvent | None:
        """What an event of words alone means; ``None`` where it says anything else."""
        try:
            body = _decode(data)
        except UNREADABLE:
            return None
        text = body.candidates[0].content.parts[0].text
        if not text or not self._said.began:
            return None
        return StreamEvent(raw, (TextDelta(text), *_usage(body.usage_metadata)))

    def read(self, event: ServerEvent) -> StreamEvent:
        """What one event means."""
        return StreamEvent(event.raw, tuple(self._said.event(event.data)) if event.data else ())

    def _framed(self, frame: JsonFrame) -> StreamEvent:
        deltas: list[Delta] = []
        if frame.junk:
            deltas.append(Unreadable(frame.junk[:_SHOWN].decode(errors="replace")))
        if frame.oversized:
            deltas.append(Unreadable("an object above 16 MiB"))
        if frame.value:
            deltas += self._said.event(frame.value.decode(errors="replace"))
        if frame.last:
            deltas += self._said.ended()
        return StreamEvent(frame.raw, tuple(deltas))
