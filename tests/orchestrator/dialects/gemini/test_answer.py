"""Whole answers survive the way through this dialect."""

from __future__ import annotations

from hypothesis import given

from orchestrator.dialects.gemini import GEMINI
from orchestrator.dialects.gemini.vocabulary import NAME, UNSIGNED
from orchestrator.dialects.neutral import NeutralAnswer, Text, Thinking, ToolUse
from tests.dialect_strategies import replies

_GEMINI = GEMINI


@given(replies(dialect=NAME, thinking=True))
def test_an_answer_survives(reply: NeutralAnswer) -> None:
    assert _GEMINI.read_answer(_GEMINI.write_answer(reply)) == reply


def test_signatures_stay_where_they_lay() -> None:
    reply = NeutralAnswer(
        (
            Thinking("hm", "s1", NAME),
            Text("one"),
            Thinking("", "s2", NAME),
            Thinking("", "s3", NAME, redacted=True),
            ToolUse("a", "f", "{}", signature="s4"),
        ),
        "tool_calls",
        id="r1",
        model="m",
    )

    written = _GEMINI.write_answer(reply)

    assert written["candidates"][0]["content"]["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "s1"},
        {"text": "one", "thoughtSignature": "s2"},
        {"text": "", "thoughtSignature": "s3"},
        {"functionCall": {"id": "a", "name": "f", "args": {}}, "thoughtSignature": "s4"},
    ]
    assert _GEMINI.read_answer(written) == reply


def test_thoughts_of_another_vendor_are_shown_without_their_signature() -> None:
    reply = NeutralAnswer(
        (
            Thinking("hm", "theirs", "anthropic-messages"),
            Thinking("", "sealed", "anthropic-messages", redacted=True),
            Text("one"),
        ),
        "stop",
    )

    parts = _GEMINI.write_answer(reply)["candidates"][0]["content"]["parts"]

    assert parts == [{"text": "hm", "thought": True}, {"text": "one"}]


def test_a_torn_call_is_no_call() -> None:
    written = _GEMINI.write_answer(NeutralAnswer((ToolUse("a", "f", "{"),), "tool_calls"))

    assert written["candidates"][0]["content"]["parts"] == []
    assert written["candidates"][0]["finishReason"] == "MALFORMED_FUNCTION_CALL"


def test_a_call_of_another_vendor_may_be_sent_to_gemini_in_the_next_request() -> None:
    reply = NeutralAnswer((ToolUse("a", "f", "{}"), ToolUse("b", "g", "{}")), "tool_calls")

    content = _GEMINI.write_answer(reply)["candidates"][0]["content"]

    assert [part.get("thoughtSignature") for part in content["parts"]] == [UNSIGNED, None]
    conversation = _GEMINI.read_request({"contents": [content]})
    assert conversation.messages[0].parts == reply.parts
    assert _GEMINI.write_request(conversation)["contents"] == [content]
