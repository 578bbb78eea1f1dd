"""What the shape of a request says: where fields stand, and how an answer is gone on with."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from orchestrator.dialects import DIALECTS, dialect
from orchestrator.dialects.neutral import Conversation, Message, Role, Text
from orchestrator.dialects.shape import CONTINUE, continue_conversation

ASKED: dict[str, dict[str, Any]] = {
    "openai-chat": {"messages": [{"role": "user", "content": "Tell me"}], "own": 1},
    "anthropic-messages": {"messages": [{"role": "user", "content": "Tell me"}], "own": 1},
    "openai-responses": {"input": "Tell me", "own": 1},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "Tell me"}]}], "own": 1},
}


@pytest.mark.parametrize("spoken", sorted(DIALECTS))
@pytest.mark.parametrize("prefill", [True, False])
def test_in_the_callers_own_dialect_nothing_else_is_touched(spoken: str, *, prefill: bool) -> None:
    before = copy.deepcopy(ASKED[spoken])

    found = dialect(spoken).shape.continue_from(ASKED[spoken], "Once upon ", prefill=prefill)

    assert ASKED[spoken] == before
    assert found["own"] == 1
    asked = dialect(spoken).read_request(before)
    expected = continue_conversation(asked, "Once upon ", prefill=prefill).messages
    assert dialect(spoken).read_request(found).messages == expected


@pytest.mark.parametrize("prefill", [True, False])
def test_white_space_alone_is_nothing_to_go_on_from(*, prefill: bool) -> None:
    asked = Conversation((Message(Role.USER, (Text("Tell me"),)),))

    assert continue_conversation(asked, " \n", prefill=prefill) == asked


def test_the_next_target_is_asked_to_go_on() -> None:
    asked = Conversation((Message(Role.USER, (Text("Tell me"),)),))

    prefilled = continue_conversation(asked, "Once upon ", prefill=True)
    instructed = continue_conversation(asked, "Once upon ", prefill=False)

    assert prefilled.messages[1:] == (Message(Role.ASSISTANT, (Text("Once upon"),)),)
    assert instructed.messages[1:] == (
        Message(Role.ASSISTANT, (Text("Once upon "),)),
        Message(Role.USER, (Text(CONTINUE),)),
    )


@pytest.mark.parametrize(
    ("spoken", "payload", "wants"),
    [
        ("openai-chat", {}, False),
        ("openai-chat", {"reasoning_effort": "high"}, True),
        ("openai-chat", {"reasoning_effort": "minimal"}, False),
        ("openai-chat", {"reasoning": {"effort": "low"}}, True),
        ("openai-chat", {"thinking": {"type": "enabled"}}, True),
        ("openai-chat", {"thinking": {"type": "disabled"}}, False),
        ("openai-responses", {"reasoning": {"effort": "none"}}, False),
        ("openai-responses", {"reasoning": {"summary": "auto"}}, True),
        ("anthropic-messages", {"thinking": {"type": "adaptive"}}, True),
        ("anthropic-messages", {"thinking": {"type": "disabled"}}, False),
        ("gemini", {}, False),
        ("gemini", {"generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}}}, True),
        ("gemini", {"generation_config": {"thinking_config": {"thinking_budget": 0}}}, False),
        ("gemini", {"generationConfig": {"thinkingConfig": {"thinkingBudget": -1}}}, True),
    ],
)
def test_who_asks_a_model_to_think_is_known(
    spoken: str, payload: dict[str, Any], *, wants: bool
) -> None:
    assert dialect(spoken).wants_reasoning(payload) is wants
