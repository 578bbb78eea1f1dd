"""A stream of this dialect, written delta by delta, for a caller who speaks it.

The order of events is that of https://platform.claude.com/docs/en/build-with-claude/streaming
(looked up 2026-11-21).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.answer import Usage
from orchestrator.dialects.anthropic_messages.answer import CALLER, opening
from orchestrator.dialects.anthropic_messages.vocabulary import (
    ERROR_TYPES,
    NAME,
    stop_reason,
    tool_id,
    write_usage_so_far,
)
from orchestrator.dialects.failures import error_in
from orchestrator.dialects.finish_reasons import standard
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    StreamError,
    StreamStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
)


class AnthropicStreamWriter:
    """Writes one stream. See :class:`orchestrator.dialects.record.StreamWriter`.

    The finish reason and the usage are said together, and other dialects name the usage
    last, so both wait for :class:`~.neutral.EndMark`: it has to come. The beginning waits for
    the first content, since callers look there for the tokens of the request, which some
    providers count at once. Blocks of tool calls stay open until other content or the end
    comes, because other dialects may go back to a call.

    Args:
        heading: What the provider does not say.
    """

    def __init__(self, heading: Heading) -> None:
        self._beginning = StreamStart(f"msg_{heading.id}", heading.model)
        self._begun = self._over = False
        self._next = 0
        self._open: tuple[str, int] | None = None
        self._tools: dict[int, int] = {}
        self._unfinished: list[int] = []
        self._reason: str | None = None
        self._usage = Usage()

    def write(self, delta: Delta) -> bytes:
        """The events for ``delta``; empty where they come later, or after the end."""
        if self._over:
            return b""
        match delta:
            case TextDelta():
                return self._text(delta.text)
            case ThinkingDelta():
                return self._thinking(delta)
            case ToolCallDelta():
                return self._tool(delta)
            case StreamStart() | FinishReason() | UsageDelta() | Unreadable():
                return self._note(delta)
            case EndMark() | StreamError():
                return self._finish(delta)

    def _note(self, delta: StreamStart | FinishReason | UsageDelta | Unreadable) -> bytes:
        """Keep what the beginning and the end will say."""
        if isinstance(delta, StreamStart):
            known = self._beginning
            self._beginning = StreamStart(delta.id or known.id, delta.model or known.model)
        elif isinstance(delta, FinishReason):
            self._reason = delta.finish_reason
        elif isinstance(delta, UsageDelta):
            self._usage = delta.usage
        return b""

    def _finish(self, delta: EndMark | StreamError) -> bytes:
        self._over = True
        return (
            _event("error", **_error(delta.body)) if isinstance(delta, StreamError) else self._end()
        )

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        message = opening(self._beginning.id, self._beginning.model, self._usage)
        return _event("message_start", message=message)

    def _text(self, text: str) -> bytes:
        if not text:
            return b""
        # `citations` is demanded of a block's beginning by the vendor's own types.
        before = self._block("text", {"type": "text", "text": "", "citations": None})
        return before + self._delta({"type": "text_delta", "text": text})

    def _thinking(self, delta: ThinkingDelta) -> bytes:
        """Thoughts; a signature only where it is the vendor's own, for nobody takes another."""
        signature = delta.signature if delta.dialect == NAME else None
        if delta.redacted and signature:
            start = {"type": "redacted_thinking", "data": signature}
            return self._block("redacted_thinking", start, fresh=True)
        if not (delta.text or signature):
            return b""
        out = self._block("thinking", {"type": "thinking", "thinking": "", "signature": ""})
        if delta.text:
            out += self._delta({"type": "thinking_delta", "thinking": delta.text})
        if signature:
            out += self._delta({"type": "signature_delta", "signature": signature})
            out += self._shut()  # a signature is the last of a block
        return out

    def _tool(self, delta: ToolCallDelta) -> bytes:
        out = b"" if delta.index in self._tools else self._call(delta)
        if not delta.arguments:
            return out
        more = {"type": "input_json_delta", "partial_json": delta.arguments}
        return out + _event("content_block_delta", index=self._tools[delta.index], delta=more)

    def _call(self, delta: ToolCallDelta) -> bytes:
        # Text is ended by a call, calls are not: another dialect may go back to one.
        out = self._begin() + self._shut_content()
        self._tools[delta.index] = self._next
        self._unfinished.append(self._next)
        id_ = tool_id(delta.id) if delta.id else f"toolu_{uuid.uuid4().hex[:24]}"
        start = {
            "type": "tool_use", "id": id_, "name": delta.name, "input": {}, "caller": CALLER,
        }  # fmt: skip
        return out + self._start(start)

    # Blocks.

    def _block(self, kind: str, start: Mapping[str, Any], *, fresh: bool = False) -> bytes:
        """What makes a block of that kind the open one."""
        if self._open is not None and self._open[0] == kind and not fresh:
            return b""
        out = self._begin() + self._shut()
        self._open = (kind, self._next)
        return out + self._start(start)

    def _start(self, start: Mapping[str, Any]) -> bytes:
        self._next += 1
        return _event("content_block_start", index=self._next - 1, content_block=dict(start))

    def _delta(self, delta: Mapping[str, Any]) -> bytes:
        return _event("content_block_delta", index=self._next - 1, delta=dict(delta))

    def _shut(self) -> bytes:
        stops = [_event("content_block_stop", index=index) for index in self._unfinished]
        self._unfinished.clear()
        return self._shut_content() + b"".join(stops)

    def _shut_content(self) -> bytes:
        opened, self._open = self._open, None
        return b"" if opened is None else _event("content_block_stop", index=opened[1])

    def _end(self) -> bytes:
        finish = standard(self._reason, calls=bool(self._tools))
        delta = {
            "stop_reason": stop_reason(finish),
            "stop_sequence": None,
            "stop_details": None,
            "container": None,
        }
        return (
            self._begin()
            + self._shut()
            + _event("message_delta", delta=delta, usage=write_usage_so_far(self._usage))
            + _event("message_stop")
        )


def _event(kind: str, **fields: Any) -> bytes:
    data = wire.json_text({"type": kind, **fields})
    return f"event: {kind}\ndata: {data}\n\n".encode()


_OURS = ("reason", "hint")
"""What of an error is told beside the fields that the vendor describes."""


def _error(body: Any) -> dict[str, Any]:
    """What broke, in this dialect's words; the provider's own message is kept."""
    fields, message = error_in(body)
    kind = wire.string(fields.get("type"))
    error = {
        "type": kind if kind in ERROR_TYPES else "api_error",
        "message": message or "The provider broke the stream off.",
        **{name: fields[name] for name in _OURS if isinstance(fields.get(name), str)},
    }
    return {"error": error, "request_id": wire.string(wire.mapping(body).get("request_id")) or None}
