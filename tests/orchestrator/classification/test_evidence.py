"""What a model or a caller wrote is never evidence, whatever phrase of any rule it holds."""

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.classification import classify
from orchestrator.classification.rule_books import all_rules
from orchestrator.states.error import Error
from orchestrator.states.reasons import Reason
from tests.orchestrator.classification.test_cases import CASES

DIALECTS = ["openai-chat", "anthropic-messages", "openai-responses", "gemini"]
NEUTRAL = "the cat sat on the mat and looked at the garden"


def plain(written: str) -> str:
    return written.replace("*", "").replace("…", " of it ").strip()


PHRASES = sorted({plain(one) for rule in all_rules() for one in (*rule.contains, *rule.also)})
CODES = sorted({code for rule in all_rules() for code in rule.codes if ":" not in code})
PAIRED = [rule for rule in all_rules() if rule.near]
pairs = st.sampled_from(PAIRED).flatmap(
    lambda rule: st.tuples(st.sampled_from(rule.contains), st.sampled_from(rule.near))
)
said = (
    st.sampled_from(PHRASES)
    | pairs.map(lambda pair: f"your {plain(pair[0])} is {plain(pair[1])}")
    | st.sampled_from(CODES).map(lambda code: json.dumps({"error": {"code": code, "message": "x"}}))
    | st.sampled_from(PHRASES).map(lambda one: json.dumps({"error": {"message": one}}))
    | st.sampled_from(PHRASES).map(lambda one: f"Error code: 402 - {{'error': '{one}'}}")
    | st.sampled_from(["HTTP 402 Payment Required", "upstream returned 401: go", "retry after 9s"])
    | st.sampled_from(CASES).map(lambda case: json.dumps(case["body"])[:600])
)
"""Everything that a rule listens to: its phrases, its pairs, its codes, and real failures."""


def chat(text: str, place: str) -> dict[str, Any]:
    call = {"id": "t", "type": "function", "function": {"name": "note", "arguments": text}}
    messages: dict[str, dict[str, Any]] = {
        "text": {"content": text},
        "thoughts": {"content": "", "reasoning_content": text},
        "arguments": {"content": None, "tool_calls": [call]},
    }
    message = messages[place]
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return {"id": "c1", "object": "chat.completion", "model": "m", "choices": [choice]}


def claude(text: str, place: str) -> dict[str, Any]:
    block = {
        "text": {"type": "text", "text": text},
        "thoughts": {"type": "thinking", "thinking": text, "signature": "x"},
        "arguments": {"type": "tool_use", "id": "t", "name": "note", "input": {"line": text}},
    }[place]
    return {"id": "m1", "type": "message", "role": "assistant", "content": [block]}


def responses(text: str, place: str) -> dict[str, Any]:
    items: dict[str, dict[str, Any]] = {
        "text": {"type": "message", "content": [{"type": "output_text", "text": text}]},
        "thoughts": {"type": "reasoning", "summary": [{"type": "summary_text", "text": text}]},
        "arguments": {"type": "function_call", "name": "note", "arguments": text},
    }
    return {"id": "r1", "object": "response", "status": "completed", "output": [items[place]]}


def gemini(text: str, place: str) -> dict[str, Any]:
    parts: dict[str, dict[str, Any]] = {
        "text": {"text": text},
        "thoughts": {"text": text, "thought": True},
        "arguments": {"functionCall": {"name": "note", "args": {"line": text}}},
    }
    return {"candidates": [{"content": {"role": "model", "parts": [parts[place]]}}]}


WHOLE: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "openai-chat": chat,
    "anthropic-messages": claude,
    "openai-responses": responses,
    "gemini": gemini,
}


def chunk(dialect: str, text: str, place: str) -> dict[str, Any]:
    """An event of a stream that brings ``text``."""
    if dialect == "openai-chat":
        message = chat(text, place)["choices"][0]["message"]
        return {"id": "c1", "choices": [{"index": 0, "delta": message}]}
    if dialect == "anthropic-messages":
        delta = {
            "text": {"type": "text_delta", "text": text},
            "thoughts": {"type": "thinking_delta", "thinking": text},
            "arguments": {"type": "input_json_delta", "partial_json": text},
        }[place]
        return {"type": "content_block_delta", "index": 0, "delta": delta}
    if dialect == "openai-responses":
        kind = {
            "text": "response.output_text.delta",
            "thoughts": "response.reasoning_summary_text.delta",
            "arguments": "response.function_call_arguments.delta",
        }[place]
        return {"type": kind, "item_id": "i", "delta": text}
    return gemini(text, place)


def harmless(error: Error, text: str) -> None:
    assert error.reason is Reason.INVALID_RESPONSE, error
    assert (error.scope, error.retry_after, error.quoted, error.revoked) == (
        None, None, False, False,
    )  # fmt: skip
    if len(text) > 8:
        assert text not in error.message


places = st.sampled_from(["text", "thoughts", "arguments"])
dialects = st.sampled_from(DIALECTS)
providers = st.sampled_from([None, "corp", "openai", "anthropic", "gemini", "openrouter", "zai"])


@settings(max_examples=150, deadline=None)
@given(text=said, place=places, dialect=dialects, provider=providers, data=st.data())
def test_a_success_that_is_cut_off_says_nothing(
    text: str, place: str, dialect: str, provider: str | None, data: st.DataObject
) -> None:
    body = json.dumps(WHOLE[dialect](f"so it said: {text} and then", place))
    cut = data.draw(st.integers(1, len(body) - 1))
    kind = data.draw(st.sampled_from(["application/json", "text/event-stream", ""]))
    sent: str | bytes = body[:cut] if data.draw(st.booleans()) else body[:cut].encode()

    error = classify(
        status=200, body=sent, provider=provider, dialect=dialect, headers={"content-type": kind}
    )

    harmless(error, text)


@settings(max_examples=150, deadline=None)
@given(text=said, place=places, dialect=dialects, provider=providers)
def test_a_whole_answer_that_is_a_failure_for_its_shape_keeps_its_words_to_itself(
    text: str, place: str, dialect: str, provider: str | None
) -> None:
    """An answer is a failure where its finish reason says so, or where nobody can use it."""
    for change in ({}, {"stop_reason": "refusal"}, {"usage": {"total_tokens": 1}}):
        told = [
            classify(
                status=200,
                body={**WHOLE[dialect](words, place), **change},
                provider=provider,
                dialect=dialect,
                now=0.0,
            )
            for words in (text, NEUTRAL)
        ]
        assert told[0] == told[1]


@settings(max_examples=150, deadline=None)
@given(text=said, place=places, dialect=dialects, provider=providers, data=st.data())
def test_a_stream_that_breaks_says_nothing_of_its_text(
    text: str, place: str, dialect: str, provider: str | None, data: st.DataObject
) -> None:
    event = f"data: {json.dumps(chunk(dialect, text, place))}\n\n"
    cut = data.draw(st.integers(len("data: {") + 1, len(event)))
    opened = f"data: {json.dumps(chunk(dialect, 'Well, ', 'text'))}\n\n"
    # What begins like an object is an event of its own, and may be one that reports a failure.
    bare = NEUTRAL if text.startswith(("{", "[")) else text
    for body in (event[:cut], opened + event[:cut], opened + f"data: {bare}\n\n"):
        error = classify(
            status=200,
            body=body.encode(),
            provider=provider,
            dialect=dialect,
            headers={"content-type": "text/event-stream"},
        )

        harmless(error, text)


@settings(max_examples=150, deadline=None)
@given(text=said, place=places, dialect=dialects, provider=providers)
def test_an_event_that_reports_a_failure_is_read_for_the_failure_alone(
    text: str, place: str, dialect: str, provider: str | None
) -> None:
    failure = {"error": {"message": "Overloaded", "type": "overloaded_error"}}
    told = [
        classify(
            status=200,
            body={**chunk(dialect, words, place), **failure},
            provider=provider,
            dialect=dialect,
            where="sse",
            now=0.0,
        )
        for words in (text, NEUTRAL)
    ]

    assert told[0] == told[1]
    assert told[0].reason is Reason.OVERLOADED


ECHOES: dict[str, Callable[[str], Any]] = {
    "quoted": lambda text: {"error": {"message": f"Invalid value '{text}' for messages[0]"}},
    "in double quotes": lambda text: {"message": f'cannot take "{text}" as content'},
    "in typographic quotes": lambda text: {"message": f"cannot take \u201c{text}\u201d here"},
    "after a colon": lambda text: {"detail": f"messages.0.content: {text}"},
    "as a repr": lambda text: {"error": {"message": f"input_value={text!r}, input_type=str"}},
    "as JSON": lambda text: {"error": {"message": f"got {json.dumps({'content': text})}"}},
    "a field": lambda text: {"detail": [{"msg": "Wrong", "input": text, "ctx": {"x": text}}]},
    "a place": lambda text: {"detail": [{"msg": "Wrong", "loc": ["body", text]}]},
    "a parameter": lambda text: {"error": {"message": "Wrong", "param": text}},
    "failed_generation": lambda text: {"error": {"message": "no", "failed_generation": text}},
    "flagged": lambda text: {"error": {"message": "no", "metadata": {"flagged_input": text}}},
    "messages": lambda text: {"message": "no", "messages": [{"role": "user", "content": text}]},
    "cut": lambda text: json.dumps({"message": "no", "input": [text, text]})[:-3],
    "text": lambda text: f"could not parse '{text}'",
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    text=said.map(lambda text: f"{text} is what the log of yesterday said"),
    echo=st.sampled_from(sorted(ECHOES)),
    status=st.sampled_from([400, 404, 413, 422, 500]),
    provider=providers,
)
def test_what_a_failure_repeats_of_the_request_changes_nothing(
    text: str, echo: str, status: int, provider: str | None
) -> None:
    told = [
        classify(
            status=status,
            body=ECHOES[echo](words),
            provider=provider,
            request={"model": "m", "messages": [{"role": "user", "content": words}]},
            now=0.0,
        )
        for words in (text, NEUTRAL)
    ]

    # A repr chooses its quotation marks by what is inside.
    assert attrs.evolve(told[0], message="") == attrs.evolve(told[1], message="")
    assert not any(text[at : at + 24] in told[0].message for at in range(0, len(text) - 24, 8))


def asked(content: str) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": content}]}


@pytest.mark.parametrize(
    "message",
    [
        "Your credit balance is too low to access the API.",
        "Error: your credit balance is too low to access the API.",
        'upstream said {"error": {"message": "Your credit balance is too low."}}',
    ],
)
def test_words_that_the_caller_speaks_of_too_stay_the_providers_own(message: str) -> None:
    """An agent whose conversation holds yesterday's failure is told of today's all the same."""
    request = asked("Yesterday it said: Your credit balance is too low to access the API. Why?")

    assert classify(status=400, body={"error": {"message": message}}, request=request).reason is (
        Reason.BILLING
    )


def test_what_is_short_or_not_asked_for_is_no_echo() -> None:
    body = {"error": {"message": "Unsupported value: 'temperature' does not support 0.7"}}

    error = classify(status=400, body=body, request={**asked("temperature, please"), "x": "no"})

    assert error.message == body["error"]["message"]
    assert error.repair == "drop_temperature"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"message": "Insufficient Balance"}}, Reason.BILLING),
        ({"base_resp": {"status_code": 1, "status_msg": "insufficient balance"}}, Reason.BILLING),
        ({"code": 40201, "message": "Insufficient Balance"}, Reason.BILLING),
        ({"detail": "Insufficient Balance"}, Reason.BILLING),
        ({"success": False, "code": 1, "msg": "余额不足", "data": None}, Reason.BILLING),
        ({"choices": [{"error": {"code": 402, "message": "no credits left"}}]}, Reason.BILLING),
        ({"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded"}}},
         Reason.RATE_LIMIT),
        ('{"error": {"message": "Insufficient Balance", "type": "unk', Reason.BILLING),
        ('{"id": "x", "type": "error", "error": {"message": "Insuffi', Reason.INVALID_RESPONSE),
        ('{"id": "x", "choices": [{"text": "a"}], "error": {"message": "Insufficient Balance"',
         Reason.INVALID_RESPONSE),
        ('{"answer": "x", "error": {"message": "Insufficient Balance"', Reason.INVALID_RESPONSE),
        ("Insufficient Balance", Reason.INVALID_RESPONSE),
    ],
)  # fmt: skip
def test_what_is_read_under_a_success(body: Any, reason: Reason) -> None:
    assert classify(status=200, body=body).reason is reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("data: Insufficient Balance\n\n", Reason.BILLING),
        ("event: error\ndata: Insufficient Balance\n\n", Reason.BILLING),
        ('data: {"error": {"message": "Insufficient Balance"\n\n', Reason.BILLING),
        ('data: {"choices": [{"delta": {"content": "Insufficient Balance"\n\n',
         Reason.INVALID_RESPONSE),
        ("Insufficient Balance", Reason.BILLING),
    ],
)  # fmt: skip
def test_what_is_read_of_a_stream(body: str, reason: Reason) -> None:
    error = classify(status=200, body=body, headers={"content-type": "text/event-stream"})

    assert error.reason is reason
