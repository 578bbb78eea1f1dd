"""Streams of this dialect, as the many servers that speak it write them.

The standard's stream: a chunk with the role alone, chunks with content, one with the
finish reason, one with usage and no choices where it was asked for, ``data: [DONE]``.
Others leave out the end mark, send usage with the finish reason or with every chunk, and
report errors as an event of the type ``error``, as a chunk with ``error`` in it (OpenRouter,
https://openrouter.ai/docs/api/reference/streaming, 2026-11-21), or as bare JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from orchestrator.dialects.neutral import (
    Began,
    Broke,
    Counted,
    Delta,
    Ended,
    Stopped,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    Unreadable,
)
from orchestrator.dialects.openai_chat.answer import finish_of, text_of, usage_of
from orchestrator.dialects.openai_chat.messages_reader import thought_of
from orchestrator.dialects.openai_chat.names import NAME
from orchestrator.dialects.openai_chat.plain_chunk import plain_text
from orchestrator.dialects.openai_chat.stream_calls import StreamCalls
from orchestrator.dialects.sse import ServerEvent, ServerSentEvents
from orchestrator.dialects.wire import decoded, mapping, mappings, string

_DONE = "[DONE]"
_BROKEN = (msgspec.DecodeError, ValueError, RecursionError)


class ChatReader:
    """Reads one stream; of several choices it reads the first."""

    def __init__(self) -> None:
        self._events = ServerSentEvents()
        self._calls = StreamCalls()
        self._begun = False

    def feed(self, data: bytes) -> list[StreamEvent]:
        """See :meth:`orchestrator.dialects.StreamReader.feed`."""
        return [self._read(event) for event in self._events.feed(data)]

    def close(self) -> list[StreamEvent]:
        """See :meth:`orchestrator.dialects.StreamReader.close`."""
        return [self._read(event) for event in self._events.close()]

    def _read(self, event: ServerEvent) -> StreamEvent:
        if self._begun and event.event == "message":
            text = plain_text(event.data)
            if text:
                return StreamEvent(event.raw, (TextDelta(text),))
        if not event.data:
            return StreamEvent(event.raw, _bare(event.raw))
        if event.data.strip() == _DONE:
            return StreamEvent(event.raw, (Ended(),))
        try:
            body = msgspec.json.decode(event.data)
        except _BROKEN:
            body = event.data
        if event.event == "error":
            return StreamEvent(event.raw, (Broke(body),))
        if not isinstance(body, dict):
            return StreamEvent(event.raw, (Unreadable(event.data),))
        return StreamEvent(event.raw, tuple(self._deltas(body)))

    def _deltas(self, body: dict[str, Any]) -> Iterator[Delta]:
        choices = body.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        choice = mapping(first)
        if error := _error(body, choice):
            yield Broke(error)
            return
        if not self._begun and (choice or body.get("id")):
            self._begun = True
            self._calls.answer_id = string(body.get("id"))
            yield Began(self._calls.answer_id, string(body.get("model")))
        if choice.get("index", 0) == 0:
            yield from self._content(choice)
            if finish := finish_of(choice):
                yield Stopped(finish)
        usage = body.get("usage") or choice.get("usage") or mapping(body.get("x_groq")).get("usage")
        if usage and isinstance(usage, dict):
            yield Counted(usage_of(usage))

    def _content(self, choice: dict[str, Any]) -> Iterator[Delta]:
        """What the delta holds; some servers send the whole message at the end or at once."""
        delta = mapping(choice.get("delta")) or mapping(choice.get("message"))
        details = mappings(delta.get("reasoning_details"))
        if thought := thought_of(delta) or _words(details):
            yield ThinkingDelta(thought)
        yield from (_signature(detail) for detail in details if _is_signed(detail))
        if text := text_of(delta):
            yield TextDelta(text)
        if calls := delta.get("tool_calls"):
            yield from self._calls.read(mappings(calls))
        elif legacy := mapping(delta.get("function_call")):
            yield from self._calls.read([{"index": 0, "function": legacy}])


def _error(body: Mapping[str, Any], choice: Mapping[str, Any]) -> Any:
    """What the server reports instead of content, with the words around it."""
    if body.get("error"):
        return body
    for part in (choice, mapping(body.get("x_groq"))):
        if part.get("error"):
            return {"error": part["error"]}
    return body if choice.get("finish_reason") == "error" else None


def _bare(raw: bytes) -> tuple[Delta, ...]:
    """An error that a server wrote into the stream without making an event of it."""
    if b"{" not in raw[:4]:
        return ()
    body = decoded(raw)
    return (Broke(body),) if isinstance(body, dict) and body.get("error") else ()


def _words(details: list[dict[str, Any]]) -> str:
    """OpenRouter's details, from servers that send nothing beside them."""
    texts = (string(detail.get("text")) or string(detail.get("summary")) for detail in details)
    return "".join(texts)


def _is_signed(detail: Mapping[str, Any]) -> bool:
    return bool(detail.get("signature") or detail.get("data"))


def _signature(detail: dict[str, Any]) -> ThinkingDelta:
    return ThinkingDelta(signature=msgspec.json.encode(detail).decode(), dialect=NAME)
