"""Streams, written in this dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from orchestrator.dialects.answer import Usage
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
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.openai_chat.answer import written_usage
from orchestrator.dialects.openai_chat.messages import written_thoughts
from orchestrator.dialects.openai_chat.vocabulary import NAME
from orchestrator.dialects.wire import json_text, string

DONE = b"data: [DONE]\n\n"
"""The end mark."""


def chunk(delta: Delta, *, id: str, model: str, created: int) -> dict[str, Any]:  # noqa: A002 - its name in the dialect
    """``delta`` as a ``chat.completion.chunk``; without choices where it is no content."""
    return {
        "id": id,
        "object": "chat.completion.chunk",
        "created": created,
        "model": model,
        "choices": _choices(delta),
        **({"usage": written_usage(delta.usage)} if isinstance(delta, UsageDelta) else {}),
    }


def _choices(delta: Delta) -> list[dict[str, Any]]:
    match delta:
        case StreamStart():
            return [_choice({"role": "assistant", "content": ""})]
        case TextDelta():
            return [_choice({"content": delta.text})]
        case ThinkingDelta():
            return [_choice(_thought(delta))]
        case ToolCallDelta():
            return [_choice({"tool_calls": [written_piece(delta)]})]
        case FinishReason():
            return [_choice({}, delta.finish_reason)]
        case _:
            return []


def _choice(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _thought(delta: ThinkingDelta) -> dict[str, Any]:
    """Words for anybody, the signature for the vendor that signed."""
    thoughts = [Thinking(delta.text)]
    if delta.dialect == NAME:
        thoughts.append(Thinking("", delta.signature))
    return written_thoughts(thoughts)


def written_piece(delta: ToolCallDelta) -> dict[str, Any]:
    """What is told of a tool call, as a piece in a chunk."""
    signature = {"google": {"thought_signature": delta.signature}}
    return {
        "index": delta.index,
        **({"id": delta.id, "type": "function"} if delta.id else {}),
        "function": {**({"name": delta.name} if delta.name else {}), "arguments": delta.arguments},
        **({"extra_content": signature} if delta.signature else {}),
    }


class ChatStreamWriter:
    """Writes one stream.

    The finish reason waits for the end mark and carries the usage along: a stream that
    breaks in between was not whole, and many clients fail on a chunk without choices.

    Args:
        heading: What the provider does not say.
    """

    def __init__(self, heading: Heading) -> None:
        self._id, self._model = f"chatcmpl-{heading.id}", heading.model
        self._created = heading.created
        self._calls = False
        self._begun = False
        self._ended = False
        self._stopped: FinishReason | None = None
        self._usage: Usage | None = None

    def write(self, delta: Delta) -> bytes:
        """See :class:`orchestrator.dialects.record.StreamWriter`."""
        match delta:
            case StreamStart():
                return self._begin(delta)
            case FinishReason():
                word = standard(delta.finish_reason, calls=self._calls)
                self._stopped = FinishReason(word)
            case UsageDelta():
                self._usage = delta.usage
            case EndMark() if not self._ended:
                return self._end()
            case StreamError():
                return _event({"error": _error(delta.body)})
            case Unreadable() | EndMark():
                pass
            case _:
                self._calls = self._calls or isinstance(delta, ToolCallDelta)
                return self._begin(StreamStart()) + self._chunk(delta)
        return b""

    def _begin(self, began: StreamStart) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        self._id, self._model = began.id or self._id, began.model or self._model
        return self._chunk(began)

    def _end(self) -> bytes:
        self._ended = True
        begun = self._begin(StreamStart())
        last = self._stopped or (UsageDelta(self._usage) if self._usage else None)
        if last is None:
            return begun + DONE
        # Usage along with it: many clients fail on a chunk without choices.
        made = self._made(last)
        if self._usage:
            made["usage"] = written_usage(self._usage)
        return begun + _event(made) + DONE

    def _chunk(self, delta: Delta) -> bytes:
        made = self._made(delta)
        # Thoughts of which nothing may be shown would be an empty delta.
        return b"" if made["choices"] == [_choice({})] else _event(made)

    def _made(self, delta: Delta) -> dict[str, Any]:
        return chunk(delta, id=self._id, model=self._model, created=self._created)


def _event(body: Mapping[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def _error(body: Any) -> Mapping[str, Any]:
    """The provider's error object, whichever dialect it came in; else its words in one."""
    fields, message = error_in(body)
    code = fields.get("code")
    return {
        **fields,
        "type": string(fields.get("type")) or "upstream_error",
        # Numbers are what relays send here, and texts what clients are told to expect.
        "code": None if code is None else code if isinstance(code, str) else json_text(code),
        "param": string(fields.get("param")) or None,
        "message": message or json_text(fields or body),
    }
