"""A whole answer, written for a caller who speaks this dialect, and read again."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.anthropic_messages import MESSAGES
from orchestrator.dialects.neutral import NeutralAnswer, Text, Thinking, ToolUse
from tests.anthropic_strategies import replies


@settings(max_examples=60)
@given(replies)
def test_an_answer_comes_back_as_it_was(reply: NeutralAnswer) -> None:
    sent = msgspec.json.decode(msgspec.json.encode(MESSAGES.write_answer(reply)))

    assert MESSAGES.read_answer(sent) == reply


def test_cached_tokens_stand_apart_from_the_others() -> None:
    usage = MESSAGES.write_answer(NeutralAnswer((), "stop", Usage(10, 4, 14, 3)))["usage"]

    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (7, 3)


def test_thoughts_of_another_vendor_are_shown_and_belong_to_nobody() -> None:
    foreign = (Thinking("hm", "sig", "gemini"), Thinking("", "sealed", "gemini", redacted=True))

    sent = MESSAGES.write_answer(NeutralAnswer((*foreign, Text("hi")), "stop"))

    assert sent["content"][0] == {"type": "thinking", "thinking": "hm", "signature": ""}
    assert len(sent["content"]) == 2
    assert MESSAGES.read_answer(sent).parts[0] == Thinking("hm")


@pytest.mark.parametrize("arguments", ['{"a":', "", "[]"])
def test_a_call_always_has_an_object_and_an_id(arguments: str) -> None:
    (block,) = MESSAGES.write_answer(NeutralAnswer((ToolUse("", "f", arguments),), "stop"))[
        "content"
    ]

    assert isinstance(block["input"], dict)
    assert block["id"]


def test_numbers_that_are_too_large_for_64_bits_are_read_too() -> None:
    number = 2**70
    call = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": number}}

    (part,) = MESSAGES.read_answer({"content": [call]}).parts

    assert isinstance(part, ToolUse)
    assert str(number) in part.arguments
