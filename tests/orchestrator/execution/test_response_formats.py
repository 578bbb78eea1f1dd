"""The form of an answer, asked for in words where nobody can be held to it."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.execution.response_formats import next_format, soften_format
from tests.orchestrator.execution.refusals import spoken_in

SCHEMA = {"type": "object", "properties": {"n": {}}}
HI = {"role": "user", "content": "hi"}
CHAT = {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}
FLAT = {"type": "json_schema", "name": "a", "schema": SCHEMA}
BRIEF = {"role": "system", "content": "brief"}

STEPS: list[tuple[dict[str, Any], str | None]] = [
    ({"messages": [HI], "response_format": CHAT}, "json_object"),
    ({"messages": [HI], "response_format": {"type": "json_object"}}, "words"),
    ({"input": "hi", "text": {"format": FLAT}}, "json_object"),
    ({"messages": [HI], "output_config": {"format": FLAT}}, "words"),
    ({"messages": [HI], "response_format": {"type": "text"}}, None),
    ({"messages": [HI]}, None),
]


@pytest.mark.parametrize(("payload", "how"), STEPS)
def test_the_next_way_to_ask_is_the_one_that_demands_less(
    payload: dict[str, Any], how: str | None
) -> None:
    assert next_format(payload, spoken_in(payload)) == how


def test_a_schema_is_told_after_what_the_system_says() -> None:
    payload = {"messages": [BRIEF, HI], "response_format": CHAT}

    left = soften_format(payload, "json_object", spoken_in(payload))

    brief, told, hi = left["messages"]
    assert (brief, hi) == (BRIEF, HI)
    assert told["role"] == "system"
    assert '"properties":{"n":{}}' in told["content"]
    assert left["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("before", ["be kind", [{"type": "text", "text": "be kind"}]])
def test_in_the_dialect_of_messages_it_is_told_there(before: Any) -> None:
    payload = {
        "messages": [HI],
        "system": before,
        "output_config": {"effort": "low", "format": FLAT},
    }

    left = soften_format(payload, "words", spoken_in(payload))

    assert [block["text"][:7] for block in left["system"]] == ["be kind", "When yo"]
    assert left["output_config"] == {"effort": "low"}


def test_in_responses_it_is_told_among_the_input() -> None:
    payload = {"input": "hi", "instructions": "be kind", "text": {"format": FLAT}}

    left = soften_format(payload, "words", spoken_in(payload))

    told, hi = left["input"]
    assert told["content"].startswith("When you answer")
    assert (hi, left["instructions"]) == (HI, "be kind")
    assert "text" not in left


def test_a_targets_own_fields_are_changed_and_told_nothing() -> None:
    assert soften_format({"response_format": CHAT}, "json_object", spoken_in({})) == {
        "response_format": {"type": "json_object"}
    }
    assert soften_format({"temperature": 0}, "words", spoken_in({})) == {"temperature": 0}
