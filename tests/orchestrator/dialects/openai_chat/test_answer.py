"""Whole answers of the chat-completions dialect, to and from the neutral form."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import Heading, NeutralAnswer, Text, Thinking, ToolUse
from orchestrator.dialects.openai_chat.answer import complete_answer, is_usual, with_what_lacks
from tests.dialect_strategies import any_json, replies

CHAT = dialect("openai-chat")


def read(message: dict[str, Any], finish: str | None = "stop") -> NeutralAnswer:
    body = {"id": "a-1", "choices": [{"message": message, "finish_reason": finish}]}
    return CHAT.read_answer(body)


@given(replies(dialect="openai-chat", thinking=True))
def test_an_answer_survives_the_dialect(reply: NeutralAnswer) -> None:
    assert CHAT.read_answer(CHAT.write_answer(reply)) == reply


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            {"content": "a", "reasoning_content": "hm"},
            (Thinking("hm", dialect="openai-chat"), Text("a")),
        ),
        ({"content": "a", "reasoning": "hm"}, (Thinking("hm", dialect="openai-chat"), Text("a"))),
        ({"content": None, "refusal": "no"}, (Text("no"),)),
        ({"content": ""}, ()),
    ],
)
def test_parts_are_read(message: dict[str, Any], parts: tuple[Any, ...]) -> None:
    assert read(message).parts == parts


def test_a_call_without_an_id_gets_one_that_no_other_answer_gives() -> None:
    call = {"function": {"name": "f", "arguments": {"x": 1}}}
    (one, two) = read({"tool_calls": [call, call]}, "tool_use").parts

    assert (one, two) == (
        ToolUse("call_a-1_0", "f", '{"x":1}'),
        ToolUse("call_a-1_1", "f", '{"x":1}'),
    )
    assert read({"tool_calls": [call]}, "tool_use").finish_reason == "tool_calls"


def test_signatures_are_handed_on_to_callers_who_hand_them_back() -> None:
    use = ToolUse("call_1", "f", "{}", signature="signed by google")
    thought = Thinking("hm", '{"type":"reasoning.text","text":"hm","signature":"s"}', "openai-chat")
    reply = NeutralAnswer((thought, use), "tool_calls", id="c-1", model="m")

    assert CHAT.read_answer(CHAT.write_answer(reply)) == reply


def test_thoughts_of_another_vendor_are_words_alone() -> None:
    written = CHAT.write_answer(NeutralAnswer((Thinking("hm", "s", "gemini"), Text("a")), "stop"))

    assert written["choices"][0]["message"] == {
        "role": "assistant",
        "content": "a",
        "refusal": None,
        "reasoning_content": "hm",
    }


@given(
    any_json(
        [
            "choices",
            "message",
            "content",
            "tool_calls",
            "function",
            "arguments",
            "id",
            "usage",
            "error",
            "finish_reason",
            "reasoning_details",
            "text",
            "extra_content",
            "google",
        ]
    )
)
def test_reading_never_raises(value: Any) -> None:
    bodies = [value, {"choices": value}, {"choices": [{"message": value}]}]
    bodies.append({"choices": [{"message": {"content": "x", "tool_calls": value}}]})
    for body in bodies:
        if isinstance(body, dict):
            assert isinstance(CHAT.read_answer(body), NeutralAnswer)


WHOLE: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hi", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    "system_fingerprint": "fp",
}
PLACES = [
    (*path, name)
    for path, known in (
        ((), (*WHOLE, "vendor")),
        (("choices", 0), (*WHOLE["choices"][0], "text")),
        (
            ("choices", 0, "message"),
            (*WHOLE["choices"][0]["message"], "tool_calls", "annotations", "reasoning_content"),
        ),
        (("usage",), (*WHOLE["usage"], "prompt_tokens_details")),
    )
    for name in known
]
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "x", "stop", "length", 0, 1, -1, True, 2**53, 1.5, [], {}, [{}], "assistant"]
)


@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK | st.just(...)), max_size=3))
def test_a_usual_answer_is_completed_as_any_other(
    changes: list[tuple[tuple[Any, ...], Any]],
) -> None:
    """``...`` takes the field out."""
    body = copy.deepcopy(WHOLE)
    for (*path, name), value in changes:
        place: Any = body
        for step in path:
            known = dict(enumerate(place)) if isinstance(place, list) else place
            place = known.get(step) if isinstance(known, dict) else None
        if not isinstance(place, dict):
            continue
        if value is ...:
            place.pop(name, None)
        else:
            place[name] = value
    heading = Heading("1", "m", 1)
    assert complete_answer(body, heading) == with_what_lacks(body, heading)


def test_what_vendors_send_is_taken_for_usual() -> None:
    assert is_usual(WHOLE)
