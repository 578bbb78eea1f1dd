"""A stream of this dialect, read event by event.

The events are those of https://platform.claude.com/docs/en/build-with-claude/streaming
(looked up 2026-11-21). Kinds of events, blocks and deltas that are new or of no use here
(citations, the vendor's own tools) mean nothing, as the vendor asks of clients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
import msgspec

from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.vocabulary import (
    NAME,
    read_usage,
    stop_reason,
)
from orchestrator.dialects.failures import remarked, reported
from orchestrator.dialects.finish_reasons import LENGTH, finish_reason
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    StreamError,
    StreamEvent,
    StreamStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.sse import EventReader, ServerEvent
from orchestrator.dialects.wire import UNREADABLE

MOST_OPEN_BLOCKS = 1_024
"""Blocks that may be open at once: the API opens one at a time, and no stream may make
memory grow without end."""

_DONE = "[DONE]"
"""What relays of chat-completions add at the end; it is not this dialect's end mark."""


class _WordsDelta(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["text_delta"]
    text: str


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    """The event that nearly all of a stream is; a type that knows every field hides nothing."""

    type: Literal["content_block_delta"]
    delta: _WordsDelta
    index: int = 0


_decode = msgspec.json.Decoder(_Words).decode


@attrs.define
class _Block:
    """An open block; ``tool`` is the ordinal of its call, where it is one."""

    tool: int | None = None
    id: str = ""


class AnthropicStreamReader(EventReader):
    """Reads one stream."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        # Calls whose arguments did not come in pieces, with those that came at their
        # beginning, as some relays send them.
        self._given: dict[int, str] = {}
        self._id = ""
        self._counts: dict[str, int] = {}
        self._details: Any = None

    def plain(self, raw: bytes, data: bytes) -> StreamEvent | None:
        """See :class:`.EventReader`."""
        try:
            text = _decode(data).delta.text
        except UNREADABLE:
            return None
        return StreamEvent(raw, (TextDelta(text),)) if text else None

    def read(self, event: ServerEvent) -> StreamEvent:
        """See :class:`.EventReader`."""
        if not event.data or event.data == _DONE:
            return StreamEvent(event.raw)
        body = wire.parsed_object(event.data)
        if body is None:
            broken = _broken(event.data) if event.event == "error" else Unreadable(event.data)
            return StreamEvent(event.raw, (broken,))
        kind = wire.string(body.get("type")) or event.event
        found = self._meaning(kind, body)
        if found is None:
            return StreamEvent(event.raw, (Unreadable(event.data),))
        return StreamEvent(_shown(event.raw, kind, body, found), found)

    def _meaning(self, kind: str, body: Mapping[str, Any]) -> tuple[Delta, ...] | None:
        """What an event says; ``None`` where it makes no sense."""
        match kind:
            case "message_start":
                return self._begin(body)
            case "content_block_start":
                return self._open(body)
            case "content_block_delta":
                return self._add(body)
            case "content_block_stop":
                return self._shut(body.get("index"))
            case "message_delta":
                return self._stop(body)
            case "message_stop":
                return (*self._rest(None), EndMark())
            case _:
                # Relays send errors in shapes of their own, without a type that is known.
                if kind == "error" or reported(body):
                    return (StreamError(body),)
                return None if remarked(body) else ()

    def _begin(self, body: Mapping[str, Any]) -> tuple[Delta, ...]:
        message = wire.mapping(body.get("message"))
        self._id = wire.string(message.get("id"))
        began = StreamStart(self._id, wire.string(message.get("model")))
        return (began, *self._count(message.get("usage")))

    def _open(self, body: Mapping[str, Any]) -> tuple[Delta, ...] | None:
        index, start = body.get("index"), body.get("content_block")
        if not isinstance(index, int) or not isinstance(start, dict):
            return None
        known = self._blocks.get(index)
        if known is not None and known.tool is not None and known.id == start.get("id"):
            # Told again, it would be a second call.
            return ()  # said twice
        if known is None and len(self._blocks) >= MOST_OPEN_BLOCKS:
            return None
        self._blocks[index] = _Block()
        return self._call(index, start) if start.get("type") == "tool_use" else _opened(start)

    def _call(self, index: int, start: Mapping[str, Any]) -> tuple[Delta, ...]:
        given, call = wire.arguments(start.get("input") or None), self._calls
        id_, name = wire.string(start.get("id")), wire.string(start.get("name"))
        self._blocks[index], self._given[call] = _Block(call, id_), given
        self._calls += 1
        return (ToolCallDelta(call, id_ or wire.call_id(self._id, call, name), name),)

    def _add(self, body: Mapping[str, Any]) -> tuple[Delta, ...] | None:
        delta = wire.mapping(body.get("delta"))
        match delta.get("type"):
            case "text_delta":
                return _text(delta.get("text"))
            case "thinking_delta" | "signature_delta":
                return _thinking(delta)
            case "input_json_delta":
                return self._arguments(body.get("index"), delta.get("partial_json"))
            case None:
                return None
            case _:
                return ()

    def _arguments(self, index: Any, more: Any) -> tuple[Delta, ...] | None:
        block = self._blocks.get(index) if isinstance(index, int) else None
        if block is None or not isinstance(more, str):
            return None
        # An empty first piece is what the vendor begins with; arguments that a relay gave at the
        # beginning still hold then.
        if block.tool is None or not (more.strip() or block.tool not in self._given):
            return ()
        self._given.pop(block.tool, None)
        return (ToolCallDelta(block.tool, arguments=more),)

    def _shut(self, index: Any) -> tuple[Delta, ...]:
        block = self._blocks.pop(index, None) if isinstance(index, int) else None
        given = "" if block is None or block.tool is None else self._given.get(block.tool, "")
        if block is None or block.tool is None or not given:
            return ()
        del self._given[block.tool]
        return (ToolCallDelta(block.tool, arguments=given),)

    def _rest(self, finish: str | None) -> tuple[Delta, ...]:
        """The arguments of calls that came without any; at the limit, they may be missing."""
        given, self._given = self._given, {}
        if finish == LENGTH:
            return ()
        return tuple(ToolCallDelta(call, arguments=text or "{}") for call, text in given.items())

    def _stop(self, body: Mapping[str, Any]) -> tuple[Delta, ...]:
        said = wire.mapping(body.get("delta")).get("stop_reason")
        reason = finish_reason(said, calls=self._calls > 0)
        # Of blocks that were never shut, what was given at their beginning counts now.
        stopped = () if reason is None else (*self._rest(reason), FinishReason(reason))
        return (*stopped, *self._count(body.get("usage")))

    def _count(self, usage: Any) -> tuple[Delta, ...]:
        """All that is counted so far: counts only grow, and later events leave some out."""
        if not isinstance(usage, dict):
            return ()
        for name in _COUNTS:
            self._counts[name] = max(self._counts.get(name, 0), wire.count(usage, name))
        self._details = usage.get("output_tokens_details") or self._details
        # `message_delta` counts the answer alone, so the beginning's counts are kept.
        whole = {**self._counts, "output_tokens_details": self._details}
        return (UsageDelta(read_usage(whole)),)


_COUNTS = (
    "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens",
)  # fmt: skip


def _shown(raw: bytes, kind: str, body: Mapping[str, Any], said: Sequence[Delta]) -> bytes:
    """The event for clients of this dialect: its own bytes where they say what was told."""
    for delta in said:
        match delta:
            case ToolCallDelta(name=name, id=id_) if name and kind == "content_block_start":
                known = wire.mapping(body.get("content_block"))
                if known.get("id") != id_:
                    return _written(kind, {**body, "content_block": {**known, "id": id_}})
            case FinishReason(finish_reason=reason):
                known = wire.mapping(body.get("delta"))
                if finish_reason(known.get("stop_reason")) != reason:
                    word = stop_reason(reason)
                    return _written(kind, {**body, "delta": {**known, "stop_reason": word}})
            case _:
                pass
    return raw


def _written(kind: str, body: Mapping[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {wire.json_text(body)}\n\n".encode("utf-8", "replace")


def _broken(text: str) -> StreamError:
    """An error in plain words, put where this dialect has its own, so that they are read."""
    return StreamError({"type": "error", "error": {"message": text}})


def _opened(start: Mapping[str, Any]) -> tuple[Delta, ...]:
    """What a block begins with."""
    match start.get("type"):
        case "text":
            return _text(start.get("text"))
        case "thinking":
            return _thinking(start)
        case "redacted_thinking":
            return _redacted(start.get("data"))
        case _:
            return ()


def _text(text: Any) -> tuple[Delta, ...]:
    return (TextDelta(text),) if isinstance(text, str) and text else ()


def _thinking(given: Mapping[str, Any]) -> tuple[Delta, ...]:
    text, signature = wire.string(given.get("thinking")), wire.string(given.get("signature"))
    if signature:
        return (ThinkingDelta(text, signature, dialect=NAME),)
    return (ThinkingDelta(text),) if text else ()


def _redacted(data: Any) -> tuple[Delta, ...]:
    sealed = isinstance(data, str) and data
    return (ThinkingDelta(signature=data, redacted=True, dialect=NAME),) if sealed else ()
