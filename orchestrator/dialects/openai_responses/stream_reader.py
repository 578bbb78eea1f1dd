"""A stream, read event by event: its beginning, its content, its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import msgspec

from orchestrator.dialects.failures import remarked, reported
from orchestrator.dialects.finish_reasons import STOP, finish_reason, is_failed
from orchestrator.dialects.neutral import (
    Began,
    Broke,
    Counted,
    Delta,
    Ended,
    Stopped,
    StreamEvent,
    Unreadable,
)
from orchestrator.dialects.openai_responses.answer import finish_of, usage_of
from orchestrator.dialects.openai_responses.content_reader import ContentReader, Lost, Malformed
from orchestrator.dialects.sse import ServerEvent, ServerSentEvents
from orchestrator.dialects.wire import mapping, mappings, string

_LOST = {
    "error": {
        "type": "stream_interrupted",
        "code": "sse",
        "message": "stream interrupted: an event could not be read, and it held content",
    }
}

_CHAT_END = "[DONE]"
"""The end mark of chat completions, which some servers add after their own."""


@attrs.define
class ResponsesReader:
    """See :class:`orchestrator.dialects.StreamReader`."""

    _events: ServerSentEvents = attrs.field(factory=ServerSentEvents)
    _content: ContentReader = attrs.field(factory=ContentReader)
    _began: bool = False
    _over: bool = False

    def feed(self, data: bytes) -> list[StreamEvent]:
        """See :meth:`orchestrator.dialects.StreamReader.feed`."""
        return [self._read(event) for event in self._events.feed(data)]

    def close(self) -> list[StreamEvent]:
        """See :meth:`orchestrator.dialects.StreamReader.close`."""
        return [self._read(event) for event in self._events.close()]

    def _read(self, event: ServerEvent) -> StreamEvent:
        if self._over or not event.data or event.data.strip() == _CHAT_END:
            return StreamEvent(event.raw)
        try:
            deltas = self._deltas(event)
        except Malformed:
            deltas = [Unreadable(event.data)]
        except Lost:
            deltas = [Broke(_LOST)]
        self._content.gap |= any(isinstance(delta, Unreadable) for delta in deltas)
        self._over = any(isinstance(delta, Ended | Broke) for delta in deltas)
        return StreamEvent(event.raw, tuple(deltas))

    def _deltas(self, event: ServerEvent) -> list[Delta]:
        body = _object(event.data)
        # The type is said twice; some servers say it once.
        kind = string(body.get("type")) or event.event
        content = self._content.read(kind, body)
        if content is not None:
            return content
        match kind:
            case "response.created" | "response.in_progress" | "response.queued":
                return list(self._begin(body))
            case (
                "response.completed"
                | "response.incomplete"
                | "response.failed"
                | "response.cancelled"
            ):
                return list(self._end(body, kind))
            case "error":
                return [Broke(body)]
            case _:
                # Gateways report their own errors without a type.
                if reported(body):
                    return [Broke(body)]
                return [Unreadable(event.data)] if remarked(body) else []

    def _begin(self, body: dict[str, Any]) -> Iterator[Delta]:
        if not self._began:
            self._began = True
            response = mapping(body.get("response"))
            self._content.answer_id = string(response.get("id"))
            yield Began(self._content.answer_id, string(response.get("model")))

    def _end(self, body: dict[str, Any], kind: str) -> Iterator[Delta]:
        response = mapping(body.get("response"))
        if response.get("error") or body.get("error"):
            yield Broke(body)
            return
        yield from self._begin(body)
        yield from self._content.missing(mappings(response.get("output")))
        said, status = finish_reason(response.get("status")), kind.removeprefix("response.")
        status = said if said is not None and is_failed(said) else status
        ended = finish_of({**response, "status": status})
        finish = finish_reason(ended, calls=self._content.told.calls > 0) or STOP
        yield from self._content.rest(finish)
        yield Stopped(finish)
        if isinstance(response.get("usage"), dict):
            yield Counted(usage_of(response["usage"]))
        yield Ended()


def _object(data: str) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(body, dict):
        raise Malformed
    return body
