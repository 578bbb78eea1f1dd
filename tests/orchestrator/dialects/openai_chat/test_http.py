"""The chat-completions dialect: what is sent, and what every kind of answer becomes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.request import RequestError
from orchestrator.dialects import Answer, Fault, Flaw, Flawed, dialect
from orchestrator.http_messages import OutgoingRequest
from orchestrator.provider import Provider

CHAT = dialect("openai-chat")
MESSAGES = [{"role": "user", "content": "hi"}]


def encode(
    payload: dict[str, Any] | None = None,
    *,
    overrides: dict[str, Any] | None = None,
    stream: bool = False,
    **provider: Any,
) -> OutgoingRequest:
    return CHAT.encode(
        payload or {"messages": MESSAGES},
        provider=Provider("corp", **{"base_url": "http://llm.corp/v1", **provider}),
        model="maker/model:free",
        overrides=overrides or {},
        stream=stream,
    )


def body_of(request: Any) -> Any:
    return msgspec.json.decode(request.content)


def answered(**fields: Any) -> Any:
    message = {"role": "assistant", "content": "hello"}
    body = {
        "id": "chatcmpl-1",
        "model": "model-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        **fields,
    }
    return decode(body)


def choice(**fields: Any) -> Any:
    return answered(choices=[{"message": {"role": "assistant", "content": "hello"}, **fields}])


def message(**fields: Any) -> Any:
    return choice(message={"role": "assistant", **fields})


def decode(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Any:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return CHAT.decode(status, headers or {}, raw)


# What is sent.


def test_a_request_is_a_post_below_the_base_url() -> None:
    request = encode()

    assert request.method == "POST"
    assert str(request.url) == "http://llm.corp/v1/chat/completions"
    assert body_of(request) == {"model": "maker/model:free", "messages": MESSAGES}


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("http://llm.corp/v1/", "http://llm.corp/v1/chat/completions"),
        ("http://llm.corp", "http://llm.corp/chat/completions"),
        ("http://a.corp/d?api-version=1", "http://a.corp/d/chat/completions?api-version=1"),
    ],
)
def test_the_path_goes_before_a_query(base_url: str, address: str) -> None:
    assert str(encode(base_url=base_url).url) == address


def test_headers_name_no_sdk_and_no_language() -> None:
    assert encode().headers == {
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": "llm-request-orchestrator",
    }


def test_configured_headers_add_replace_and_remove() -> None:
    request = encode(headers={"USER-AGENT": "curl/8.7.1", "X-Team": "naïve", "accept": ""})

    assert request.headers["user-agent"] == "curl/8.7.1"
    assert request.headers["x-team"] == "naïve"
    assert "accept" not in request.headers


def test_overrides_win_and_unknown_fields_pass() -> None:
    payload = {"messages": MESSAGES, "temperature": 1, "x_vendor": {"deep": [1]}, "model": "route"}
    sent = body_of(encode(payload, overrides={"temperature": 0, "model": "never"}))

    assert sent["temperature"] == 0
    assert sent["x_vendor"] == {"deep": [1]}
    assert sent["model"] == "maker/model:free"
    assert payload["model"] == "route"


def test_stream_is_the_drivers_to_decide() -> None:
    payload = {"messages": MESSAGES, "stream": True, "stream_options": {"include_usage": True}}
    plain, streamed = body_of(encode(payload)), body_of(encode(payload, stream=True))

    assert not plain.keys() & {"stream", "stream_options"}
    assert streamed["stream"] is True
    assert streamed["stream_options"] == {"include_usage": True}
    assert encode(payload, stream=True).headers["accept"] == "text/event-stream"


@pytest.mark.parametrize("value", [object(), "\ud800", {(1, 2): 3}])
def test_what_json_cannot_say_is_refused_by_name(value: Any) -> None:
    with pytest.raises(RequestError, match="'extra' cannot be written as JSON"):
        encode({"messages": MESSAGES, "extra": value})


# What an answer becomes.


def test_an_answer_is_read_whole() -> None:
    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 3,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    answer = answered(usage=usage, x_extra=1)

    assert (answer.text, answer.finish_reason) == ("hello", "stop")
    assert (answer.id, answer.model) == ("chatcmpl-1", "model-2026")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (9, 3)
    assert (answer.usage.cached_tokens, answer.usage.reasoning_tokens) == (4, 2)
    assert answer.usage.total_tokens == 12
    assert answer.raw["x_extra"] == 1
    assert not answer.truncated_tool_call


def test_tool_calls_are_read_in_order() -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": {"y": 2}}},
    ]
    answer = message(content=None, tool_calls=calls)

    assert answer.text == ""
    assert [(call.id, call.name) for call in answer.tool_calls] == [("a", "f"), ("b", "g")]
    assert answer.tool_calls[1].arguments == '{"y":2}'
    assert not answer.truncated_tool_call


@pytest.mark.parametrize(
    ("arguments", "finish", "broken"),
    [
        ('{"path": "a.p', "length", True),
        ('{"path": "a.p', "tool_calls", True),
        ("", "length", True),
        ("", "tool_calls", False),
        ("[1]", "tool_calls", True),
        ('{"x": 1}', "length", False),
    ],
)
def test_a_tool_call_that_does_not_parse_is_told(
    arguments: str, finish: str, *, broken: bool
) -> None:
    call = {"id": "a", "function": {"name": "f", "arguments": arguments}}
    made = choice(message={"content": None, "tool_calls": [call]}, finish_reason=finish)

    assert made.truncated_tool_call is broken


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            message(content=[{"type": "thinking"}, {"type": "text", "text": "a"}, {"text": "b"}]),
            "ab",
        ),
        (message(content=None, refusal="I will not"), "I will not"),
        (choice(message=None, text="old style"), "old style"),
        (choice(finish_reason="content_filter"), "hello"),
    ],
)
def test_other_shapes_of_text(made: Any, text: str) -> None:
    assert isinstance(made, Answer)
    assert made.text == text


@pytest.mark.parametrize("finish", ["content_filter", "error"])
def test_a_finish_reason_that_is_a_failure_is_all_that_is_handed_on(finish: str) -> None:
    made = choice(message={"content": "", "reasoning_content": "hm"}, finish_reason=finish)

    assert isinstance(made, Fault)
    assert made.body["finish_reason"] == finish
    assert "hm" not in str(made.body)


@pytest.mark.parametrize(
    ("made", "flaw"),
    [
        (message(content=""), Flaw.EMPTY),
        (message(), Flaw.EMPTY),
        (choice(message={"content": None}, finish_reason="stop"), Flaw.EMPTY),
        (choice(message={"content": None}, finish_reason="odd"), Flaw.EMPTY),
        (choice(message={"content": "a"}, finish_reason="tool_calls"), Flaw.MISSING_CALL),
        (message(tool_calls=[{"id": "a", "function": {"arguments": "{}"}}]), Flaw.NAMELESS_CALL),
    ],
)
def test_an_answer_without_what_makes_it_one_is_flawed(made: Any, flaw: Flaw) -> None:
    assert isinstance(made, Flawed)
    assert made.flaw is flaw


def test_thoughts_that_were_counted_are_an_answer() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 9}
    thought = {"message": {"content": "", "reasoning_content": "hm"}, "finish_reason": "stop"}

    assert isinstance(answered(choices=[thought], usage=usage), Answer)
    assert isinstance(answered(choices=[thought]), Flawed)


def test_a_lone_function_call_is_a_tool_call() -> None:
    made = message(content=None, function_call={"name": "f", "arguments": "{}"})

    assert [(call.name, call.arguments) for call in made.tool_calls] == [("f", "{}")]


@pytest.mark.parametrize("finish", ["length", "model_length", "max_tokens", "MAX_TOKENS"])
def test_the_length_limit_is_an_answer_under_one_name(finish: str) -> None:
    made = choice(finish_reason=finish, message={"content": ""})

    assert isinstance(made, Answer)
    assert made.finish_reason == "length"
    assert made.truncated


@pytest.mark.parametrize("sum_", [None, 0, -1, True, "12"])
def test_a_missing_sum_of_tokens_is_made(sum_: Any) -> None:
    made = answered(usage={"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": sum_})

    assert made.usage.total_tokens == 5


# What is no answer.


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 502, "message": "Provider returned error"}},
        {"error": "overloaded", "choices": [{"message": {"content": "x"}}]},
        {"choices": [{"error": {"code": 502}, "message": {"content": ""}}]},
        {"choices": []},
        {"choices": None, "base_resp": {"status_code": 1008}},
        {"choices": [{}]},
        {"choices": ["text"]},
        {"choices": {"0": {}}},
        {},
        [],
        "hello",
        42,
        None,
    ],
)
def test_a_200_that_is_no_answer_is_a_fault(body: Any) -> None:
    fault = decode(body)

    assert isinstance(fault, Fault)
    assert fault.status == 200
    assert fault.body == body


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (b"", None),
        (b" \n", None),
        (b"<html><body>502 Bad Gateway</body></html>", "<html><body>502 Bad Gateway</body></html>"),
        (b'{"choices": [{"message": {"content": "hel', '{"choices": [{"message": {"content": "hel'),
        (b"\xff\xfe\x00", b"\xff\xfe\x00"),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_what_is_no_json_is_kept_as_it_came(raw: bytes, seen: Any) -> None:
    assert decode(raw).body == seen


@pytest.mark.parametrize("status", [199, 301, 400, 402, 429, 500, 529])
def test_another_status_is_a_fault_whatever_the_body(status: int) -> None:
    body = {"choices": [{"message": {"content": "hello"}}]}
    fault = decode(body, status, {"retry-after": "60"})

    assert fault == Fault(status, {"retry-after": "60"}, body)


def test_a_byte_order_mark_and_white_space_do_no_harm() -> None:
    raw = b"\xef\xbb\xbf \n" + msgspec.json.encode({"choices": [{"message": {"content": "x"}}]})

    assert decode(raw).text == "x"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "arguments",
                    "name",
                    "id",
                    "usage",
                    "error",
                    "text",
                    "finish_reason",
                    "prompt_tokens",
                    "prompt_tokens_details",
                    "function_call",
                    "refusal",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(100, 599), json_values.map(msgspec.json.encode) | st.binary())
def test_decoding_never_raises(status: int, raw: bytes) -> None:
    made = decode(raw, status)

    assert isinstance(made, Answer | Fault | Flawed)
    if isinstance(made, Answer):
        assert isinstance(made.truncated_tool_call, bool)


@given(json_values)
def test_decoding_survives_anything_in_a_choice(value: Any) -> None:
    wrapped = {"choices": [{"message": {"content": "x", "tool_calls": value}}], "usage": value}

    assert isinstance(decode(wrapped), Answer | Flawed)
