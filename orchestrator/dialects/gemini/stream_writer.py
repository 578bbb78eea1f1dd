"""Writes a stream of answers as server-sent events, for a caller who asked ``alt=sse``.

A function call is one part here, so the pieces of a call are kept until the model stops;
the finish reason is written with the usage at the end and only there, since nothing else
tells the caller that the answer is whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.failures import error_in
from orchestrator.dialects.gemini.answer import envelope, written_finish
from orchestrator.dialects.gemini.parts import signed, write_call, write_thought
from orchestrator.dialects.gemini.vocabulary import STATUSES, error_status
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
    ToolUse,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.wire import mappings, parsed_object, string


@attrs.define
class GeminiStreamWriter:
    """See :class:`orchestrator.dialects.record.StreamWriter`."""

    heading: Heading
    _id: str = ""
    _model: str = ""
    _usage: Usage | None = None
    _finish: str | None = None
    _over: bool = False
    _calls: dict[int, ToolUse] = attrs.field(factory=dict)

    def write(self, delta: Delta) -> bytes:
        """See :class:`orchestrator.dialects.record.StreamWriter`."""
        if self._over:
            return b""
        match delta:
            case TextDelta(text=text):
                return self._chunk([{"text": text}]) if text else b""
            case ThinkingDelta():
                return self._thought(delta)
            case StreamError(body=body):
                self._over = True
                return _event(_error(body))
            case EndMark():
                return self._end()
            case Unreadable():
                return b""
            case _:
                self._note(delta)
                return b""

    def _note(self, delta: StreamStart | ToolCallDelta | FinishReason | UsageDelta) -> None:
        """Keeps what is said later."""
        match delta:
            case StreamStart(id=id, model=model):
                self._id, self._model = id or self._id, model or self._model
            case ToolCallDelta():
                self._collect(delta)
            case FinishReason(finish_reason=reason):
                self._finish = reason
            case UsageDelta(usage=usage):
                self._usage = usage

    def _collect(self, delta: ToolCallDelta) -> None:
        call = self._calls.get(delta.index, ToolUse("", "", ""))
        self._calls[delta.index] = ToolUse(
            call.id or delta.id,
            call.name or delta.name,
            call.arguments + delta.arguments,
            signature=call.signature or delta.signature,
        )

    def _thought(self, delta: ThinkingDelta) -> bytes:
        # What it would be attached to is already written: it gets a part of its own.
        part = Thinking(delta.text, delta.signature, delta.dialect, redacted=not delta.text)
        parts = write_thought(part, [], shown=True)
        return self._chunk(parts) if parts else b""

    def _end(self) -> bytes:
        """The calls, the finish reason and the usage; nothing where the model did not stop."""
        self._over = True
        if self._finish is None:
            return b""
        # Calls come whole here: pieces were collected, and those that never closed are left out.
        calls = [call for _, call in sorted(self._calls.items())]
        whole = [
            write_call(call) for call in calls if parsed_object(call.arguments or "{}") is not None
        ]
        finish = written_finish(self._finish, torn=len(whole) < len(calls))
        return self._chunk(signed(whole) or [{"text": ""}], finish)

    def _chunk(self, parts: list[dict[str, Any]], finish: str | None = None) -> bytes:
        usage = None if finish is None else self._usage
        return _event(
            envelope(
                parts,
                finish=finish,
                usage=usage,
                answer=self._id or self.heading.id,
                model=self._model or self.heading.model,
            )
        )


def _event(body: Mapping[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\r\n\r\n"


def _error(body: Any) -> dict[str, Any]:
    """An error in this dialect's form, in the provider's own words."""
    fields, message = error_in(body)
    code = fields.get("code")
    code = code if type(code) is int and 400 <= code < 600 else 500  # a bool is an int too
    status, details = string(fields.get("status")), mappings(fields.get("details"))
    error = {
        "code": code,
        "message": message or "the provider reported an error inside the stream",
        "status": status if status in STATUSES else error_status(code),
    }
    return {"error": {**error, **({"details": details} if details else {})}}
