"""Whole answers, written and read."""

from __future__ import annotations

from hypothesis import given, settings

from orchestrator.dialects.neutral import NeutralAnswer, Text, Thinking, ToolUse
from orchestrator.dialects.openai_responses import RESPONSES as OURS
from tests import dialect_strategies as drawn


@given(drawn.replies(dialect=OURS.name, thinking=True))
@settings(max_examples=60)
def test_an_answer_survives_the_way_out_and_back(reply: NeutralAnswer) -> None:
    assert reply == OURS.read_answer(OURS.write_answer(reply))


def test_parts_keep_their_order_and_signatures() -> None:
    hidden = Thinking("", "sig-1", OURS.name, redacted=True)
    parts = (hidden, Text("a"), ToolUse("c1", "f", "{}"), Text("b"), Text("c"))
    reply = NeutralAnswer(
        (*parts, Thinking("t", "sig-2", OURS.name)), "tool_calls", id="r", model="m"
    )

    assert reply == OURS.read_answer(OURS.write_answer(reply))


def test_thoughts_of_another_vendor_are_shown_unsigned() -> None:
    signed = Thinking("a", "sig", "anthropic-messages")
    hidden = Thinking("", "sig", "anthropic-messages", redacted=True)

    parts = OURS.read_answer(OURS.write_answer(NeutralAnswer((signed, hidden), "stop"))).parts

    assert parts == (Thinking("a", None, OURS.name),)


def test_texts_in_a_row_are_one_message() -> None:
    written = OURS.write_answer(NeutralAnswer((Text("a"), Text("b")), "stop"))

    assert [item["type"] for item in written["output"]] == ["message"]
    assert [part["text"] for part in written["output"][0]["content"]] == ["a", "b"]


def test_a_filtered_answer_says_so() -> None:
    reply = NeutralAnswer((Text("a"),), "content_filter")

    written = OURS.write_answer(reply)

    assert written["incomplete_details"] == {"reason": "content_filter"}
    assert OURS.read_answer(written).finish_reason == "content_filter"


def test_calls_without_an_id_get_different_ones() -> None:
    calls = (ToolUse("", "f", "{}"), ToolUse("", "f", "{}"))

    parts = OURS.read_answer(OURS.write_answer(NeutralAnswer(calls, "tool_calls"))).parts

    named = [part.id for part in parts if isinstance(part, ToolUse)]
    assert len(set(named)) == 2
    assert all(named)


def test_thoughts_of_open_models_are_read_before_their_summary() -> None:
    item = {
        "type": "reasoning",
        "content": [{"type": "reasoning_text", "text": "long"}],
        "summary": [{"type": "summary_text", "text": "short"}],
    }

    reply = OURS.read_answer({"output": [item]})

    assert reply.parts == (Thinking("long", None, OURS.name),)


def test_paragraphs_of_a_summary_stay_apart() -> None:
    summary = [{"type": "summary_text", "text": text} for text in ("a", "b")]
    item = {"type": "reasoning", "summary": summary, "encrypted_content": "sig"}

    (thought,) = OURS.read_answer({"output": [item]}).parts

    assert thought == Thinking("a\n\nb", "sig", OURS.name)
