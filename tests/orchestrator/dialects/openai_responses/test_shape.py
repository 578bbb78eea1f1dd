"""Requests without what only their vendor can read."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from orchestrator.dialects.neutral import Conversation, NeutralAnswer, Thinking
from orchestrator.dialects.openai_responses import RESPONSES as OURS
from orchestrator.dialects.openai_responses.shape import strip_reasoning
from tests import dialect_strategies as drawn


@given(drawn.replies(dialect=OURS.name, thinking=True))
@settings(max_examples=60)
def test_an_answer_that_is_sent_back_keeps_what_was_said_and_called(reply: NeutralAnswer) -> None:
    payload = {"input": OURS.write_answer(reply)["output"], "store": False}

    cured = strip_reasoning(payload)

    (turn,) = OURS.read_request(cured).messages
    assert turn.parts == tuple(part for part in reply.parts if not isinstance(part, Thinking))
    assert not any("id" in item for item in cured["input"])


@given(drawn.conversations(dialect=OURS.name))
@settings(max_examples=60)
def test_what_holds_no_state_stays_as_it_is(conversation: Conversation) -> None:
    payload = OURS.write_request(conversation)

    assert strip_reasoning(payload) == payload


def test_the_callers_own_request_is_not_changed() -> None:
    items: list[dict[str, Any]] = [{"type": "reasoning", "id": "rs_1", "summary": []}]
    payload = {"input": items}

    assert strip_reasoning(payload) == {"input": []}
    assert payload == {"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}


def test_a_reference_and_plain_text_are_left_alone() -> None:
    reference = {"type": "item_reference", "id": "msg_1"}

    assert strip_reasoning({"input": [reference]}) == {"input": [reference]}
    assert strip_reasoning({"input": "hi"}) == {"input": "hi"}
