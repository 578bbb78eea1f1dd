"""Whatever is said, what is written of it is as the vendors' own descriptions have it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS, Answer, dialect
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    NeutralAnswer,
    StreamError,
)
from tests.acceptance import spoken
from tests.dialect_strategies import delta_sequences, replies
from tests.official_shapes import wrong_in_answer, wrong_in_event

each = pytest.mark.parametrize("name", DIALECTS)
few = settings(max_examples=10, deadline=None)
HEADING = Heading("1", "model", 1_700_000_000)
FINISHES = ("stop", "length", "tool_calls", "content_filter", "a_new_one", None)


@each
@few
@given(reply=replies(thinking=True), finish=st.sampled_from(FINISHES))
def test_an_answer_is_as_described(name: str, reply: NeutralAnswer, finish: str | None) -> None:
    written = dialect(name).write_answer(NeutralAnswer(reply.parts, finish), HEADING)

    assert wrong_in_answer(name, written) == []


@each
@few
@given(deltas=delta_sequences(thinking=True), finish=st.sampled_from(FINISHES))
def test_a_stream_is_as_described(name: str, deltas: list[Delta], finish: str | None) -> None:
    stops: list[Delta] = [FinishReason(finish)] if finish else []
    ended = [
        *(one for one in deltas if not isinstance(one, FinishReason | EndMark)),
        *stops,
        EndMark(),
    ]

    for event in events(name, ended):
        assert wrong_in_event(name, event) == [], event


def test_a_failure_in_a_stream_of_the_responses_api_is_as_described() -> None:
    said = StreamError({"error": {"type": "overloaded_error", "message": "Overloaded"}})

    for event in events("openai-responses", [said]):
        assert wrong_in_event("openai-responses", event) == []


@each
@few
@given(reply=replies(thinking=True))
def test_nothing_needs_to_be_added_to_what_is_written(name: str, reply: NeutralAnswer) -> None:
    written = dialect(name).write_answer(reply, HEADING)

    assert dialect(name).complete_answer(written, HEADING) == written


@st.composite
def thinned(draw: st.DrawFn, said: Any) -> Any:
    """``said``, some of whose fields are missing or null; what tells kinds apart stays."""
    if isinstance(said, list):
        return [draw(thinned(one)) for one in said]
    if not isinstance(said, dict):
        return said
    made = {}
    for name, value in said.items():
        fate = "whole" if name == "type" else draw(st.sampled_from((*("whole",) * 8, "no", "null")))
        if fate != "no":
            made[name] = draw(thinned(value)) if fate == "whole" else None
    return made


def whole(name: str, *, tool: bool = False) -> dict[str, Any]:
    """What a provider answers, without what its vendor says beside the description."""
    body = spoken.whole(name, tool=tool).body
    assert isinstance(body, dict)
    return {field: value for field, value in body.items() if field not in ("x_vendor", "xVendor")}


ANSWERS: dict[str, dict[str, Any]] = {
    "openai-chat": {
        **whole("openai-chat"),
        "system_fingerprint": "fp",
        "choices": [
            {
                "index": index,
                "message": {
                    "role": "assistant",
                    "content": "Hello",
                    "refusal": None,
                    "annotations": [],
                    "tool_calls": [
                        {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
                    ],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
            for index in (0, 1)
        ],
    },
    "openai-responses": {
        **whole("openai-responses"),
        "output": [
            {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": None},
            *whole("openai-responses")["output"],
            *whole("openai-responses", tool=True)["output"],
            {
                "id": "msg_2",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "refusal", "refusal": "no"}],
            },
        ],
    },
    "anthropic-messages": {
        **whole("anthropic-messages"),
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "d"},
            *whole("anthropic-messages")["content"],
            *whole("anthropic-messages", tool=True)["content"],
        ],
    },
    "gemini": {
        **whole("gemini"),
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [
                        {"text": "hm", "thought": True},
                        {"text": "Hello"},
                        {"functionCall": {"id": "c", "name": "f", "args": {"x": 1}}},
                    ],
                },
                "index": 0,
                "finishReason": "STOP",
            }
        ],
    },
}


@each
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_answer_of_a_server_that_leaves_fields_out_is_as_described(
    name: str, data: st.DataObject
) -> None:
    body = data.draw(thinned(ANSWERS[name]))
    answer = dialect(name).decode(200, {}, json.dumps(body).encode())
    assume(isinstance(answer, Answer))

    for client in DIALECTS:
        told = (
            dialect(name).complete_answer(body, HEADING)
            if client == name
            else dialect(client).write_answer(dialect(name).read_answer(body), HEADING)
        )
        assert wrong_in_answer(client, told) == []
        assert missing_in(told) == []


@each
def test_what_a_vendor_says_beside_its_description_stays(name: str) -> None:
    body = {**ANSWERS[name], "x_vendor": {"kept": None}}

    assert dialect(name).complete_answer(body, HEADING)["x_vendor"] == {"kept": None}


def test_what_the_provider_says_it_did_goes_before_what_was_asked() -> None:
    did = {"tool_choice": {"type": "function", "name": "f"}, "temperature": 0.5, "top_p": 1}
    asked = {"tool_choice": "required", "temperature": 1, "top_p": 0.5}
    heading = Heading("1", "model", 1_700_000_000, asked)
    body = {**ANSWERS["openai-responses"], **did}
    told = dialect("openai-responses").complete_answer(body, heading)

    assert {name: told[name] for name in did} == did


def test_times_that_are_none_are_replaced() -> None:
    for made in (0, None, "2026", -1, float("inf"), True, 1.5):
        body = {**ANSWERS["openai-chat"], "created": made}
        told = dialect("openai-chat").complete_answer(body, HEADING)["created"]
        assert told == (1 if made == 1.5 else HEADING.created)


def missing_in(told: Any, path: str = "$") -> list[str]:
    """Ids that are empty, and times that are 0."""
    if isinstance(told, list):
        return [one for at, each in enumerate(told) for one in missing_in(each, f"{path}[{at}]")]
    if not isinstance(told, dict):
        return []
    wrong = [f"{path}.{name}" for name in ("id", "call_id") if told.get(name) == ""]
    wrong += [f"{path}.{name}" for name in ("created", "created_at") if told.get(name, 1) == 0]
    return wrong + [one for name in told for one in missing_in(told[name], f"{path}.{name}")]


def events(name: str, deltas: list[Delta]) -> list[object]:
    """The data of every event that is written."""
    writer = dialect(name).stream_writer(HEADING)
    text = b"".join(writer.write(delta) for delta in deltas).decode()
    data = (line.removeprefix("data: ") for line in text.split("\n") if line[:5] == "data:")
    return [json.loads(one) for one in data if one != "[DONE]"]
