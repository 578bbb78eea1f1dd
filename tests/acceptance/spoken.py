"""What a provider of each dialect answers, whole and streamed, as its reference shows it.

Written by hand, so that what is tested and what it is tested against share no code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrator.sim import Reply

TEXT = "Hello there, you."
PIECES = ("Hello", " there", ", you.")
CALL = ("call_7x", "get_weather", {"city": "Paris"})
ARGUMENTS = ('{"city"', ': "Paris"}')
ASKED, SAID = 11, 7
"""The tokens of the request and of the answer."""

DIALECTS = ("openai-chat", "openai-responses", "anthropic-messages", "gemini")

Body = Mapping[str, Any]


def whole(dialect: str, *, tool: bool = False) -> Reply:
    """A whole answer: :data:`TEXT`, or the call of a tool."""
    return Reply(body=_WHOLE[dialect](tool=tool))


def streamed(dialect: str, *, tool: bool = False, until: int | None = None) -> Reply:
    """The same as a stream; only its first ``until`` events, where that is given."""
    events = list(_STREAMED[dialect](tool=tool))[:until]
    ends = b"data: [DONE]\n\n" if dialect == "openai-chat" and until is None else b""
    body = b"".join(_event(event) for event in events) + ends
    return Reply(body=body, headers={"Content-Type": "text/event-stream"})


def answers(dialect: str, *, stream: bool, tool: bool = False) -> Reply:
    """What this dialect answers to a request that asks for a stream or not."""
    return (streamed if stream else whole)(dialect, tool=tool)


def _event(body: Body) -> bytes:
    named = f"event: {body['type']}\n" if "type" in body else ""
    return f"{named}data: {json.dumps(body)}\n\n".encode()


def _chat_usage() -> Body:
    return {"prompt_tokens": ASKED, "completion_tokens": SAID, "total_tokens": ASKED + SAID}


def _chat(*, tool: bool) -> Body:
    content = None if tool else TEXT
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    if tool:
        function = {"name": CALL[1], "arguments": json.dumps(CALL[2])}
        message["tool_calls"] = [{"id": CALL[0], "type": "function", "function": function}]
    finish = "tool_calls" if tool else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "spoken",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": _chat_usage(),
        "x_vendor": {"kept": [1, 2.5, None]},
    }


def _chat_stream(*, tool: bool) -> Iterable[Body]:
    common = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "spoken",
    }
    deltas: list[Body] = [{"role": "assistant", "content": ""}]
    if tool:
        function = {"name": CALL[1], "arguments": ""}
        begin = {"index": 0, "id": CALL[0], "type": "function", "function": function}
        deltas.append({"tool_calls": [begin]})
        deltas += [
            {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ARGUMENTS
        ]
    else:
        deltas += [{"content": piece} for piece in PIECES]
    for delta in deltas:
        yield {**common, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    last = {"index": 0, "delta": {}, "finish_reason": "tool_calls" if tool else "stop"}
    yield {**common, "choices": [last], "usage": _chat_usage()}


def _messages_block(*, tool: bool, filled: bool) -> Body:
    if tool:
        use: dict[str, Any] = {
            "type": "tool_use",
            "id": CALL[0],
            "name": CALL[1],
            "caller": {"type": "direct"},
        }
        return {**use, "input": CALL[2] if filled else {}}
    return {"type": "text", "text": TEXT if filled else "", "citations": None}


def _messages_usage(said: int) -> Body:
    return {
        "input_tokens": ASKED,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": said,
        "output_tokens_details": None,
        "server_tool_use": None,
    }


_FIRST_USAGE: Body = {"cache_creation": None, "inference_geo": None, "service_tier": "standard"}


def _messages(*, tool: bool) -> Body:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "spoken",
        "content": [_messages_block(tool=tool, filled=True)],
        "stop_reason": "tool_use" if tool else "end_turn",
        "stop_sequence": None,
        "stop_details": None,
        "container": None,
        "usage": {**_messages_usage(SAID), **_FIRST_USAGE},
        "x_vendor": {"kept": [1, 2.5, None]},
    }


def _messages_stream(*, tool: bool) -> Iterable[Body]:
    usage = {**_messages_usage(1), **_FIRST_USAGE}
    begin = {**_messages(tool=tool), "content": [], "stop_reason": None, "usage": usage}
    yield {"type": "message_start", "message": begin}
    block = _messages_block(tool=tool, filled=False)
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    yield {"type": "ping"}
    for piece in ARGUMENTS if tool else PIECES:
        delta = (
            {"type": "input_json_delta", "partial_json": piece}
            if tool
            else {"type": "text_delta", "text": piece}
        )
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    stop = {"stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None}
    ends = {**stop, "stop_details": None, "container": None}
    yield {"type": "message_delta", "delta": ends, "usage": _messages_usage(SAID)}
    yield {"type": "message_stop"}


def _responses_item(*, tool: bool) -> dict[str, Any]:
    if tool:
        call = {"name": CALL[1], "arguments": json.dumps(CALL[2]), "status": "completed"}
        return {"id": "fc_1", "type": "function_call", "call_id": CALL[0], **call}
    content = [{"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


_RESPONSES_REPEATS: Body = {
    "background": False,
    "completed_at": None,
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
}


def _responses(*, tool: bool) -> Body:
    usage = {
        "input_tokens": ASKED,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": SAID,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": ASKED + SAID,
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        **_RESPONSES_REPEATS,
        "error": None,
        "incomplete_details": None,
        "model": "spoken",
        "output": [_responses_item(tool=tool)],
        "usage": usage,
        "x_vendor": {"kept": [1, 2.5, None]},
    }


def _responses_stream(*, tool: bool) -> Iterable[Body]:
    response = {**_responses(tool=tool), "status": "in_progress", "output": [], "usage": None}
    item = _responses_item(tool=tool)
    nothing: dict[str, Any] = {"arguments": ""} if tool else {"content": []}
    empty = {**item, "status": "in_progress", **nothing}
    events: list[Body] = [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.added", "output_index": 0, "item": empty},
    ]
    at = {"item_id": item["id"], "output_index": 0}
    if tool:
        kind = "response.function_call_arguments"
        events += [{"type": f"{kind}.delta", **at, "delta": piece} for piece in ARGUMENTS]
        done = {"name": item["name"], "arguments": item["arguments"]}
        events.append({"type": f"{kind}.done", **at, **done})
    else:
        at |= {"content_index": 0}
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        events.append({"type": "response.content_part.added", **at, "part": part})
        kind = "response.output_text"
        events += [
            {"type": f"{kind}.delta", **at, "delta": piece, "logprobs": []} for piece in PIECES
        ]
        events.append({"type": f"{kind}.done", **at, "text": TEXT, "logprobs": []})
        part = {**part, "text": TEXT}
        events.append({"type": "response.content_part.done", **at, "part": part})
    events += [
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": _responses(tool=tool)},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _gemini_body(parts: Sequence[Body], finish: str | None = "STOP") -> Body:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    counts = {"promptTokenCount": ASKED, "candidatesTokenCount": SAID}
    usage = {**counts, "totalTokenCount": ASKED + SAID}
    return {
        "candidates": [{**candidate, **({"finishReason": finish} if finish else {})}],
        **({"usageMetadata": usage} if finish else {}),
        "modelVersion": "spoken",
        "responseId": "r1",
        "xVendor": {"kept": [1, 2.5, None]},
    }


def _gemini_parts(*, tool: bool) -> list[Body]:
    call = {"functionCall": {"id": CALL[0], "name": CALL[1], "args": CALL[2]}}
    return [call] if tool else [{"text": piece} for piece in PIECES]


def _gemini(*, tool: bool) -> Body:
    return _gemini_body(_gemini_parts(tool=tool))


def _gemini_stream(*, tool: bool) -> Iterable[Body]:
    parts = _gemini_parts(tool=tool)
    for part in parts[:-1]:
        yield _gemini_body([part], None)
    yield _gemini_body([parts[-1]])


_WHOLE = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _messages,
    "gemini": _gemini,
}
_STREAMED = {
    "openai-chat": _chat_stream,
    "openai-responses": _responses_stream,
    "anthropic-messages": _messages_stream,
    "gemini": _gemini_stream,
}
