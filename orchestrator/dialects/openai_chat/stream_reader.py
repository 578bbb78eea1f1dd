"""Streams of this dialect, as the many servers that speak it write them.

The standard's stream: a chunk with the role alone, chunks with content, one with the
finish reason, one with usage and no choices where it was asked for, ``data: [DONE]``.
Others leave out the end mark, send usage with the finish reason or with every chunk, and
report errors as an event of the type ``error``, as a chunk with ``error`` in it (OpenRouter,
https://openrouter.ai/docs/api/reference/streaming, 2026-11-21), or as bare JSON.

Nearly all of a stream is words and nothing else: such a chunk is decoded straight into a type
that knows every field of it and refuses any other, so that what is quick to read cannot hide a
finish reason, a tool call or an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from orchestrator.dialects.failures import remarked, reported
from orchestrator.dialects.finish_reasons import finish_reason, standard
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
from orchestrator.dialects.openai_chat.answer import text_of, usage_of
from orchestrator.dialects.openai_chat.messages import thought_of
from orchestrator.dialects.openai_chat.stream_calls import StreamCalls
from orchestrator.dialects.openai_chat.stream_writer import written_piece
from orchestrator.dialects.openai_chat.vocabulary import NAME
from orchestrator.dialects.sse import EventReader, ServerEvent
from orchestrator.dialects.wire import UNREADABLE, decoded, json_text, mapping, mappings, string


class _PlainDelta(msgspec.Struct, forbid_unknown_fields=True):
    content: str
    role: str | None = None
    # Many servers name in every chunk what is not in it.
    refusal: None = None
    tool_calls: None = None
    function_call: None = None
    reasoning: None = None
    reasoning_content: None = None


class _Choice(msgspec.Struct, forbid_unknown_fields=True):
    delta: _PlainDelta
    index: Literal[0] = 0
    finish_reason: None = None
    logprobs: None = None
    native_finish_reason: None = None
    stop_reason: None = None


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    choices: tuple[_Choice]
    id: str = ""
    model: str = ""
    object: str = ""
    created: int | float | None = None
    usage: None = None
    provider: str | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    obfuscation: str | None = None


_decode = msgspec.json.Decoder(_Plain).decode

_DONE = "[DONE]"


class ChatStreamReader(EventReader):
    """Reads one stream; of several choices it reads the first."""

    def __init__(self) -> None:
        super().__init__()
        self._calls = StreamCalls()
        self._begun = self._stopped = False
        self._spoke = self._thought = self._moved = False

    def plain(self, raw: bytes, data: bytes) -> StreamEvent | None:
        """See :class:`.EventReader`."""
        # Not before the beginning, whose id and model are still to be told, and no event that has
        # a type, which may be an error.
        if not self._begun or raw[:1] != b"d":
            return None
        try:
            text = _decode(data).choices[0].delta.content
        except UNREADABLE:
            return None
        if not text:
            return None
        self._spoke = True
        return StreamEvent(raw, (TextDelta(text),))

    def read(self, event: ServerEvent) -> StreamEvent:
        """See :class:`.EventReader`."""
        if not event.data:
            return StreamEvent(event.raw, _bare(event.raw))
        if event.data.strip() == _DONE:
            # Relays write it after a stream that broke, too: no finish reason is made up.
            left = () if self._stopped else self._calls.end(None)
            return StreamEvent(event.raw, (*left, EndMark()))
        try:
            body = msgspec.json.decode(event.data)
        except UNREADABLE:
            body = event.data
        if event.event == "error":
            return StreamEvent(event.raw, (StreamError(body),))
        if not isinstance(body, dict) or remarked(body):
            return StreamEvent(event.raw, (Unreadable(event.data),))
        deltas = tuple(self._deltas(body))
        return StreamEvent(self._shown(event.raw, body, deltas), deltas)

    def _deltas(self, body: dict[str, Any]) -> Iterator[Delta]:
        choices = body.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        choice = mapping(first)
        if error := _error(body, choice):
            yield StreamError(error)
            return
        if not self._begun and (choice or body.get("id")):
            self._begun = True
            self._calls.answer_id = string(body.get("id"))
            yield StreamStart(self._calls.answer_id, string(body.get("model")))
        # With `n` above 1 the choices come in turns; the others are passed on unread.
        if choice.get("index", 0) == 0:
            yield from self._content(choice)
            if finish := finish_reason(choice.get("finish_reason"), calls=self._calls.begun):
                self._stopped = True
                yield from self._calls.end(finish)
                yield FinishReason(finish)
        # In the last chunk, in every chunk, in the choice (Moonshot), or beside it (Groq).
        usage = body.get("usage") or choice.get("usage") or mapping(body.get("x_groq")).get("usage")
        if usage and isinstance(usage, dict):
            yield UsageDelta(usage_of(usage))

    def _content(self, choice: dict[str, Any]) -> Iterator[Delta]:
        """What a chunk adds.

        Some servers send the whole message at once, or once more at the end: of it counts what
        did not come before.
        """
        delta, whole = mapping(choice.get("delta")), mapping(choice.get("message"))
        yield from self._thoughts(delta)
        yield from self._words(delta)
        yield from self._tool_calls(delta)
        left: list[Delta] = []
        # Each kind by itself: a server may stream words and send calls whole at the end.
        if not self._thought:
            left += self._thoughts(whole)
        if not self._spoke:
            left += self._words(whole)
        if not self._calls.begun:
            left += self._tool_calls(whole)
        self._moved = bool(left)
        yield from left

    def _words(self, said: dict[str, Any]) -> Iterator[TextDelta]:
        if text := text_of(said):
            self._spoke = True
            yield TextDelta(text)

    def _thoughts(self, said: dict[str, Any]) -> Iterator[ThinkingDelta]:
        details = mappings(said.get("reasoning_details"))
        if thought := thought_of(said) or _detailed(details):
            self._thought = True
            yield ThinkingDelta(thought)
        yield from (_signature(detail) for detail in details if _is_signed(detail))

    def _tool_calls(self, said: dict[str, Any]) -> list[ToolCallDelta]:
        if calls := said.get("tool_calls"):
            return self._calls.read(mappings(calls))
        legacy = mapping(said.get("function_call"))
        told = self._calls.read([{"index": 0, "function": legacy}]) if legacy else []
        self._calls.irregular = False  # clients that asked in this form want it back
        return told

    def _shown(self, raw: bytes, body: dict[str, Any], deltas: Sequence[Delta]) -> bytes:
        """The event for clients of this dialect: its own bytes where they say what was told."""
        choices, irregular = body.get("choices"), self._calls.irregular
        moved, self._moved, self._calls.irregular = self._moved, False, False
        choice = mapping(choices[0]) if isinstance(choices, list) and choices else {}
        # Clients fail on finish reasons and on calls that the standard does not know, so what
        # was told decides; where the bytes say the same they go out as they came.
        stops = [standard(one.finish_reason) for one in deltas if isinstance(one, FinishReason)]
        told = {**choice, **({"finish_reason": stops[-1]} if stops else {})}
        if not choice or not (irregular or moved or told != choice):
            return raw
        delta = {**mapping(choice.get("delta")), **(mapping(told.pop("message")) if moved else {})}
        if irregular:
            pieces = [written_piece(one) for one in deltas if isinstance(one, ToolCallDelta)]
            delta.pop("tool_calls", None)
            delta |= {"tool_calls": pieces} if pieces else {}
        shown = {**body, "choices": [{**told, "delta": delta}, *body["choices"][1:]]}
        return f"data: {json_text(shown)}\n\n".encode("utf-8", "replace")


def _error(body: Mapping[str, Any], choice: Mapping[str, Any]) -> Any:
    """What the server reports instead of content, with the words around it."""
    if reported(body):
        return body
    for part in (choice, mapping(body.get("x_groq"))):
        if part.get("error"):
            return {"error": part["error"]}
    return None


def _bare(raw: bytes) -> tuple[Delta, ...]:
    """An error that a server wrote into the stream without making an event of it."""
    if b"{" not in raw[:4]:
        return ()
    body = decoded(raw)
    return (StreamError(body),) if isinstance(body, dict) and reported(body) else ()


def _detailed(details: list[dict[str, Any]]) -> str:
    """OpenRouter's details, from servers that send nothing beside them."""
    texts = (string(detail.get("text")) or string(detail.get("summary")) for detail in details)
    return "".join(texts)


def _is_signed(detail: Mapping[str, Any]) -> bool:
    return bool(detail.get("signature") or detail.get("data"))


def _signature(detail: dict[str, Any]) -> ThinkingDelta:
    signature = msgspec.json.encode(detail).decode()
    return ThinkingDelta(signature=signature, dialect=NAME, apart=True)
