"""One judgement of an answer: its form changes nothing, in any dialect.

Each answer comes in four ways: whole and as a stream, each to a caller who streams and to one
who does not. What its vendor says of it is drawn: why it stopped, what is in it, what it cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import CallFailed, Orchestrator
from orchestrator.config.loading import loads
from orchestrator.dialects import DIALECTS

HI = {"messages": [{"role": "user", "content": "hi"}]}
ARGUMENTS = '{"city": "Köln"}'
each = pytest.mark.parametrize("spoken", DIALECTS)


@attrs.frozen
class Said:
    """An answer, in its vendor's words."""

    finish: str | None
    text: str = ""
    thought: str = ""
    call: str | None = None
    tokens: int | None = None


# The same answer in the four dialects, whole and in events.


def whole(spoken: str, said: Said) -> dict[str, Any]:
    return WHOLE[spoken](said)


def streamed(spoken: str, said: Said) -> bytes:
    ends = b"data: [DONE]\n\n" if spoken == "openai-chat" else b""
    return b"".join(_event(event) for event in EVENTS[spoken](said)) + ends


def _event(body: Mapping[str, Any]) -> bytes:
    named = f"event: {body['type']}\n" if "type" in body else ""
    return f"{named}data: {json.dumps(body)}\n\n".encode()


def _chat_message(said: Said) -> dict[str, Any]:
    function = {"name": said.call, "arguments": ARGUMENTS}
    call = {"index": 0, "id": "t1", "type": "function", "function": function}
    return {
        **({"content": said.text} if said.text else {}),
        **({"reasoning_content": said.thought} if said.thought else {}),
        **({"tool_calls": [call]} if said.call is not None else {}),
    }


def _chat_usage(said: Said) -> dict[str, Any]:
    if said.tokens is None:
        return {}
    return {"usage": {"prompt_tokens": 3, "completion_tokens": said.tokens}}


def _chat(said: Said) -> dict[str, Any]:
    message = {"role": "assistant", "content": None, **_chat_message(said)}
    choice = {"index": 0, "message": message, "finish_reason": said.finish}
    return {"id": "c", "model": "m", "choices": [choice], **_chat_usage(said)}


def _chat_events(said: Said) -> Iterator[dict[str, Any]]:
    message = _chat_message(said)
    for field in message:
        choice = {"index": 0, "delta": {field: message[field]}, "finish_reason": None}
        yield {"id": "c", "model": "m", "choices": [choice]}
    last = {"index": 0, "delta": {}, "finish_reason": said.finish}
    yield {"id": "c", "model": "m", "choices": [last], **_chat_usage(said)}


def _blocks(said: Said) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Blocks of Anthropic, empty, each with the delta that fills it."""
    thought = {"type": "thinking", "thinking": "", "signature": ""}
    call: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": said.call, "input": {}}
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    if said.thought:
        found.append((thought, {"type": "thinking_delta", "thinking": said.thought}))
    if said.text:
        found.append(({"type": "text", "text": ""}, {"type": "text_delta", "text": said.text}))
    if said.call is not None:
        found.append((call, {"type": "input_json_delta", "partial_json": ARGUMENTS}))
    return found


def _messages(said: Said) -> dict[str, Any]:
    filled = {"text_delta": "text", "thinking_delta": "thinking"}
    content = []
    for block, delta in _blocks(said):
        name = filled.get(delta["type"])
        more = {"input": json.loads(ARGUMENTS)} if name is None else {name: delta[name]}
        content.append({**block, **more})
    usage = {"input_tokens": 3, "output_tokens": said.tokens or 0}
    made = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": content}
    return {**made, "stop_reason": said.finish, "usage": usage}


def _messages_events(said: Said) -> Iterator[dict[str, Any]]:
    begun = {**_messages(said), "content": [], "stop_reason": None, "usage": {"input_tokens": 3}}
    yield {"type": "message_start", "message": begun}
    for index, (block, delta) in enumerate(_blocks(said)):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    usage = {"output_tokens": said.tokens or 0}
    yield {"type": "message_delta", "delta": {"stop_reason": said.finish}, "usage": usage}
    yield {"type": "message_stop"}


def _items(said: Said) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if said.thought:
        summary = [{"type": "summary_text", "text": said.thought}]
        found.append({"type": "reasoning", "id": "rs", "summary": summary})
    if said.text:
        content = [{"type": "output_text", "text": said.text, "annotations": []}]
        found.append({"type": "message", "id": "ms", "role": "assistant", "content": content})
    if said.call is not None:
        call: dict[str, Any] = {"call_id": "t1", "name": said.call, "arguments": ARGUMENTS}
        found.append({"type": "function_call", "id": "fc", **call})
    return found


def _responses(said: Said) -> dict[str, Any]:
    over = said.finish in (None, "completed", "failed", "cancelled")
    ends: dict[str, Any] = {"status": said.finish or "completed"}
    if not over:
        ends = {"status": "incomplete", "incomplete_details": {"reason": said.finish}}
    usage = {"input_tokens": 3, "output_tokens": said.tokens or 0}
    return {"id": "r", "model": "m", "output": _items(said), "usage": usage, **ends}


def _responses_events(said: Said) -> Iterator[dict[str, Any]]:
    response = _responses(said)
    begun = {"id": "r", "model": "m", "status": "in_progress", "output": []}
    yield {"type": "response.created", "response": begun}
    for index, item in enumerate(response["output"]):
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": f"response.{response['status']}", "response": response}


def _parts(said: Said) -> list[dict[str, Any]]:
    call = {"functionCall": {"id": "t1", "name": said.call, "args": json.loads(ARGUMENTS)}}
    return [
        *([{"text": said.thought, "thought": True}] if said.thought else []),
        *([{"text": said.text}] if said.text else []),
        *([call] if said.call is not None else []),
    ]


def _gemini_chunk(said: Said, parts: list[Any], finish: str | None) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
    ends = {} if finish is None else {"finishReason": finish}
    counts = {} if said.tokens is None else {"candidatesTokenCount": said.tokens}
    usage = {"promptTokenCount": 3, **counts}
    return {"candidates": [{**candidate, **ends}], "usageMetadata": usage, "responseId": "g"}


def _gemini(said: Said) -> dict[str, Any]:
    return _gemini_chunk(said, _parts(said), said.finish)


def _gemini_events(said: Said) -> Iterator[dict[str, Any]]:
    for part in _parts(said):
        yield _gemini_chunk(said, [part], None)
    yield _gemini_chunk(said, [], said.finish)


WHOLE = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _messages,
    "gemini": _gemini,
}
EVENTS = {
    "openai-chat": _chat_events,
    "openai-responses": _responses_events,
    "anthropic-messages": _messages_events,
    "gemini": _gemini_events,
}

# What it comes to.


def ended(spoken: str, body: bytes, *, stream: bool, others: bool = False) -> tuple[Any, ...]:
    """What a caller gets of these bytes: the answer, or why there is none."""
    text = (
        f'health = "memory"\n[policy]\nattempts_per_target = 1\n[providers.a]\n'
        f'dialect = "{spoken}"\nbase_url = "http://a/v1"\ncredentials = ["k"]\n'
        f'[providers.b]\ndialect = "{spoken}"\nbase_url = "http://b/v1"\ncredentials = ["k"]\n'
        f"[routes]\ndefault = {['a/m', 'b/m'] if others else ['a/m']}\n"
    )
    healthy = json.dumps(whole(spoken, Said(FINISHES[spoken][0], "ELSE"))).encode()
    bodies = {"a": body, "b": healthy}
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, content=bodies[request.url.host])
    )
    with Orchestrator(loads(text, {}), transport=transport) as orchestrator:
        try:
            if not stream:
                response = orchestrator.run(HI)
            else:
                with orchestrator.stream(HI) as chunks:
                    list(chunks)
                response = chunks.response
        except CallFailed as failed:
            return failed.reason, failed.error.rule
    calls = [(call.id, call.name, json.loads(call.arguments)) for call in response.tool_calls]
    return response.text, calls, response.finish_reason, response.usage.completion_tokens


def ways(spoken: str, said: Said) -> dict[str, tuple[Any, ...]]:
    """What the four ways come to."""
    forms = {"whole": json.dumps(whole(spoken, said)).encode(), "events": streamed(spoken, said)}
    return {
        f"{form} for {'stream' if stream else 'run'}": ended(spoken, forms[form], stream=stream)
        for form, stream in product(forms, (False, True))
    }


FINISHES = {
    "openai-chat": (
        "stop", "length", "tool_calls", "content_filter", "error", "network_error", "sensitive",
        "insufficient_system_resource", "model_context_window_exceeded", "eos", "abort",
        "generation_failed", "function_call", "a_new_one",
    ),
    "openai-responses": (
        "completed", "max_output_tokens", "content_filter", "failed", "cancelled", "server_error",
    ),
    "anthropic-messages": (
        "end_turn", "max_tokens", "tool_use", "refusal", "pause_turn", "stop_sequence",
        "model_context_window_exceeded", "error", "a_new_one",
    ),
    "gemini": (
        "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
        "MALFORMED_FUNCTION_CALL", "OTHER", "IMAGE_OTHER", "UNEXPECTED_TOOL_CALL", "A_NEW_ONE",
    ),
}  # fmt: skip


@each
@settings(max_examples=40)
@given(data=st.data())
def test_the_form_of_an_answer_changes_nothing(spoken: str, data: st.DataObject) -> None:
    said = Said(
        data.draw(st.sampled_from(FINISHES[spoken])),
        data.draw(st.sampled_from(("", "GOOD"))),
        data.draw(st.sampled_from(("", "hm"))),
        data.draw(st.sampled_from((None, None, "f", ""))),
        data.draw(st.sampled_from((None, 0, 7))),
    )

    found = ways(spoken, said)

    assert len(set(map(str, found.values()))) == 1, found


CASES = [
    ("openai-chat", Said("network_error"), "server_error", "finish.network-error"),
    ("openai-chat", Said("network_error", "half"), "server_error", "finish.network-error"),
    ("openai-chat", Said("insufficient_system_resource"), "overloaded", "finish.no-resources"),
    ("openai-chat", Said("generation_failed", "x"), "server_error", "type.bare-server-error"),
    ("openai-chat", Said("sensitive"), "content_policy", "finish.refused"),
    ("openai-chat", Said("sensitive", thought="hm"), "content_policy", "finish.refused"),
    ("openai-chat", Said("tool_calls", "x"), "invalid_response", "answer.missing-call"),
    ("openai-chat", Said("tool_calls", call=""), "invalid_response", "answer.nameless-call"),
    ("anthropic-messages", Said("refusal"), "content_policy", "finish.refused"),
    ("anthropic-messages", Said("tool_use"), "invalid_response", "answer.missing-call"),
    ("openai-responses", Said("content_filter"), "content_policy", "finish.refused"),
    ("openai-responses", Said("cancelled", "x"), "server_error", "type.bare-server-error"),
    ("gemini", Said("SAFETY"), "content_policy", "finish.refused"),
    ("gemini", Said("MALFORMED_FUNCTION_CALL", "x"), "output_truncated", "finish.malformed-call"),
    ("gemini", Said("OTHER", "x"), "server_error", "finish.other"),
]


@pytest.mark.parametrize(("spoken", "said", "reason", "rule"), CASES)
def test_what_is_no_answer_says_why(spoken: str, said: Said, reason: str, rule: str) -> None:
    for way, found in ways(spoken, said).items():
        assert found == (reason, rule), way


ANSWERS = [
    ("openai-chat", Said("eos", "GOOD"), "stop"),
    ("openai-chat", Said("model_context_window_exceeded", "GOOD"), "length"),
    ("openai-chat", Said("length"), "length"),
    ("openai-chat", Said("content_filter", "GOOD"), "content_filter"),
    ("openai-chat", Said("stop", call="f"), "tool_calls"),
    ("openai-chat", Said("stop", thought="hm", tokens=7), "stop"),
    ("anthropic-messages", Said("end_turn", call="f"), "tool_calls"),
    ("anthropic-messages", Said("pause_turn", "GOOD"), "stop"),
    ("openai-responses", Said("max_output_tokens"), "length"),
    ("openai-responses", Said("completed", call="f"), "tool_calls"),
    ("gemini", Said("STOP", call="f"), "tool_calls"),
    ("gemini", Said("SAFETY", "GOOD"), "content_filter"),
]


@pytest.mark.parametrize(("spoken", "said", "finish"), ANSWERS)
def test_what_is_an_answer_says_why_it_stopped(spoken: str, said: Said, finish: str) -> None:
    for way, (text, calls, stopped, tokens) in ways(spoken, said).items():
        assert (text, stopped, tokens) == (said.text, finish, said.tokens or 0), way
        assert calls == ([("t1", "f", json.loads(ARGUMENTS))] if said.call else []), way


EMPTY = [
    ("openai-chat", Said("stop")),
    ("openai-chat", Said("stop", tokens=0)),
    ("openai-chat", Said("stop", thought="hm")),
    ("anthropic-messages", Said("end_turn")),
    ("openai-responses", Said("completed")),
    ("gemini", Said("STOP")),
]


@pytest.mark.parametrize(("spoken", "said"), EMPTY)
def test_what_is_empty_is_the_answer_where_nobody_else_can_be_asked(
    spoken: str, said: Said
) -> None:
    for way, found in ways(spoken, said).items():
        assert found == ("", [], "stop", 0), way


@pytest.mark.parametrize(("spoken", "said"), EMPTY)
def test_what_is_empty_is_asked_for_elsewhere(spoken: str, said: Said) -> None:
    bodies = (json.dumps(whole(spoken, said)).encode(), streamed(spoken, said))
    for body, stream in product(bodies, (False, True)):
        text, calls, stopped, _ = ended(spoken, body, stream=stream, others=True)
        thinks = stream and said.thought and body is bodies[1]

        # Thoughts that were passed on cannot be taken back.
        assert (text, calls, stopped) == ("" if thinks else "ELSE", [], "stop")
