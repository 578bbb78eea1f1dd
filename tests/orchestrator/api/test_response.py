"""What a call that succeeded brings."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import msgspec
import pytest

from orchestrator import Ledger, Response
from orchestrator.api.request import request_of
from orchestrator.dialects import Answer, dialect
from orchestrator.ledger import Closed


def response_of(body: dict[str, Any]) -> Response:
    answer = dialect("openai-chat").decode(200, httpx.Headers(), msgspec.json.encode(body))
    assert isinstance(answer, Answer)
    return Response(answer, "corp", "llama", "key#1", (), Ledger("id"))


WHOLE = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "llama-3",
    "system_fingerprint": "fp",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hello", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        },
        {
            "index": 1,
            "message": {"role": "assistant", "content": "hullo", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        },
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "cost": 0.1},
}


def test_a_standard_answer_is_handed_on_as_it_came() -> None:
    response = response_of(WHOLE)

    assert response.to_dict() == WHOLE
    assert response.raw == WHOLE
    assert (response.text, response.finish_reason) == ("hello", "stop")
    assert response.usage.total_tokens == 7


@pytest.mark.parametrize(
    ("choice", "finish"),
    [
        ({"message": {"content": "hello"}, "finish_reason": "max_tokens"}, "length"),
        ({"text": "hello", "finish_reason": "stop"}, "stop"),
        ({"message": {"role": "assistant", "content": "hello"}}, "stop"),
    ],
)
def test_an_answer_in_a_way_of_its_own_becomes_a_chat_completion(
    choice: dict[str, Any], finish: str
) -> None:
    told = response_of({"choices": [choice]}).to_dict()

    assert told == {
        "id": "chatcmpl-id",
        "object": "chat.completion",
        "created": 0,
        "model": "llama",
        "choices": [
            {
                "index": 0,
                "logprobs": None,
                "message": {"role": "assistant", "content": "hello", "refusal": None},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    }


def test_content_in_parts_is_text_to_clients() -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    message = {"role": "assistant", "content": [thought, {"type": "text", "text": "hello"}]}
    told = response_of({"choices": [{"message": message, "finish_reason": "stop"}]}).to_dict()

    assert told["choices"][0]["message"] == {
        "role": "assistant",
        "content": "hello",
        "refusal": None,
        "reasoning_content": "hm",
    }


def test_a_call_of_a_tool_that_takes_free_text_stays_one() -> None:
    call = {"id": "t", "type": "custom", "custom": {"name": "shell", "input": "ls -l"}}
    response = response_of(
        {"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    )

    assert response.to_dict()["choices"][0]["message"]["tool_calls"] == [call]
    assert (response.tool_calls[0].name, response.tool_calls[0].arguments) == ("shell", "ls -l")


@pytest.mark.parametrize(("said", "told"), [(None, 1_800_000_000), (0, 1_800_000_000), (7, 7)])
def test_an_answer_that_does_not_say_when_it_was_made_has_our_clock(
    said: int | None, told: int
) -> None:
    body = WHOLE if said is None else {**WHOLE, "created": said}
    body = {name: value for name, value in body.items() if said is not None or name != "created"}
    response = attrs.evolve(response_of(body), created=1_800_000_000)

    assert response.to_dict()["created"] == told


def test_to_dict_changes_nothing_that_came() -> None:
    response = response_of(WHOLE)
    told = response.to_dict()
    told["model"] = "another"
    told["choices"][0]["message"]["content"] = "another"
    told["usage"]["cost"] = 7

    assert response.to_dict() == WHOLE


def test_the_repr_tells_who_answered_and_not_what() -> None:
    response = response_of(WHOLE)

    assert repr(response) == "Response(provider='corp', model='llama', credential='key#1')"


def test_attempts_are_those_of_the_ledger() -> None:
    response = response_of(WHOLE)
    response.ledger.append(Closed("id", 0.0, "succeed", None, None, 0, ()))

    assert response.attempts == ()


def test_the_message_goes_into_the_next_request() -> None:
    tools = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    message = {"role": "assistant", "content": None, "tool_calls": tools}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    response = response_of({**WHOLE, "choices": [choice]})

    assert response.message == message
    request_of({"messages": [{"role": "user", "content": "hi"}, response.message]})


def test_as_text_it_is_its_text() -> None:
    assert str(response_of(WHOLE)) == "hello"


def test_what_the_message_does_not_say_is_not_in_it() -> None:
    # Servers write what is not there; sent back, OpenAI refuses an empty list of calls.
    nothing: dict[str, Any] = {"tool_calls": [], "refusal": None}
    message = {"role": "assistant", "content": "a", **nothing}
    response = response_of(
        {**WHOLE, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    )

    assert response.message == {"role": "assistant", "content": "a"}
