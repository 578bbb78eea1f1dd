"""One true stream of each dialect, as its vendor writes it, in events that can be cut apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

TEXT = 'Größe: "7\u00a0µm", so\nit goes on and on.'
PIECES = (TEXT[:3], TEXT[3:9], TEXT[9:20], TEXT[20:])
ARGUMENTS = ('{"city": ', '"Köln"}')


@attrs.frozen
class Wire:
    """A stream.

    Attributes:
        dialect: Its dialect.
        events: The bytes of each event.
        error: An event that reports an error, in this dialect's shape.
        quiet: An event that says nothing of the answer, which may stand between any two.
    """

    dialect: str
    events: tuple[bytes, ...]
    error: bytes
    quiet: bytes

    @property
    def body(self) -> bytes:
        return b"".join(self.events)


def event(data: Mapping[str, Any] | str, kind: str = "") -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {kind}\n" if kind else "").encode() + f"data: {text}\n\n".encode()


def typed(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, **fields}, kind)


BALANCE = {"message": "Insufficient Balance", "type": "insufficient_quota", "code": 402}


def chat(pieces: Sequence[str] = PIECES) -> Wire:
    def chunk(finish: str | None = None, **delta: Any) -> bytes:
        return event(
            {
                "id": "chatcmpl-1",
                "model": "m",
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            }
        )

    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return Wire(
        "openai-chat",
        (
            chunk(role="assistant", content=""),
            *(chunk(content=piece) for piece in pieces),
            chunk("stop"),
            event({"id": "chatcmpl-1", "choices": [], "usage": usage}),
            event("[DONE]"),
        ),
        event({"error": BALANCE}),
        b": OPENROUTER PROCESSING\n\n",
    )


def messages(pieces: Sequence[str] = PIECES) -> Wire:
    begun = {"id": "msg_1", "model": "m", "usage": {"input_tokens": 10, "output_tokens": 1}}
    return Wire(
        "anthropic-messages",
        (
            typed("message_start", message=begun),
            typed("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            typed("ping"),
            *(
                typed("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
                for piece in pieces
            ),
            typed("content_block_stop", index=0),
            typed("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 5}),
            typed("message_stop"),
        ),
        typed(
            "error",
            error={
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the Anthropic API.",
            },
        ),
        typed("ping"),
    )


def responses(pieces: Sequence[str] = PIECES) -> Wire:
    text = "".join(pieces)
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    whole = {"id": "resp_1", "model": "m", "status": "completed", "output": [item], "usage": usage}
    empty = {**item, "content": []}
    return Wire(
        "openai-responses",
        (
            typed("response.created", response={"id": "resp_1", "model": "m"}),
            typed("response.output_item.added", output_index=0, item=empty),
            typed("response.content_part.added", **place, part={**part, "text": ""}),
            *(typed("response.output_text.delta", **place, delta=piece) for piece in pieces),
            typed("response.output_text.done", **place, text=text),
            typed("response.output_item.done", output_index=0, item=item),
            typed("response.completed", response=whole),
        ),
        typed("error", code="insufficient_quota", message="You exceeded your current quota"),
        b": ping\n\n",
    )


def gemini(pieces: Sequence[str] = PIECES) -> Wire:
    def chunk(text: str, **more: Any) -> bytes:
        content = {"role": "model", "parts": [{"text": text}]}
        return event(
            {
                "candidates": [{"content": content, "index": 0, **more}],
                "usageMetadata": {
                    "promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15,
                },
                "modelVersion": "m",
                "responseId": "resp_1",
            }
        )  # fmt: skip

    *first, last = pieces
    return Wire(
        "gemini",
        (*(chunk(piece) for piece in first), chunk(last, finishReason="STOP")),
        event(
            {"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}
        ),
        b": ping\n\n",
    )


MAKERS = (chat, messages, responses, gemini)
WIRES = tuple(make() for make in MAKERS)
