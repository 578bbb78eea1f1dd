"""The form of an answer: closed where nothing is lost by it, else asked for in words."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.dialects.anthropic_messages import MESSAGES
from orchestrator.dialects.neutral import Conversation, JsonFormat, Message, Role, Text

ONE = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}


def asked(schema: dict[str, Any] | None, dialect: str = "openai-chat") -> Conversation:
    hi = Message(Role.USER, (Text("hi"),))
    return Conversation((hi,), (Text("be kind"),), format=JsonFormat(schema), dialect=dialect)


def test_json_of_any_form_is_asked_for_by_an_instruction_that_comes_last() -> None:
    sent = MESSAGES.write_request(asked(None))

    kind, instruction = sent["system"]
    assert kind["text"] == "be kind"
    assert "JSON" in instruction["text"]
    assert "output_config" not in sent
    assert MESSAGES.reworded(asked(None)).notes == (
        "response_format json_object is asked for by an instruction",
    )


def test_objects_are_closed_with_a_note_and_nothing_else_is_changed() -> None:
    schema = {**ONE, "properties": {**ONE["properties"], "o": ONE}}  # type: ignore[dict-item]

    sent = MESSAGES.write_request(asked(schema))["output_config"]["format"]["schema"]

    shut = {**ONE, "additionalProperties": False}
    properties = {**ONE["properties"], "o": shut}  # type: ignore[dict-item]
    assert sent == {**shut, "properties": properties}
    assert MESSAGES.reworded(asked(schema)).notes


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"m": {"type": "object"}}},
        {"allOf": [ONE, {"type": "object", "properties": {"b": {}}}]},
    ],
)
def test_a_schema_that_cannot_be_closed_is_told_in_words(schema: dict[str, Any]) -> None:
    sent = MESSAGES.write_request(asked(schema))

    assert "output_config" not in sent
    assert next(iter(schema)) in sent["system"][1]["text"]
    assert "by an instruction" in MESSAGES.reworded(asked(schema)).notes[0]


def test_a_schema_that_is_closed_already_needs_no_note() -> None:
    closed = asked({**ONE, "additionalProperties": False})

    assert MESSAGES.reworded(closed).notes == ()


def test_who_speaks_this_dialect_has_the_schema_as_it_is() -> None:
    own = asked(ONE, "anthropic-messages")

    assert MESSAGES.write_request(own)["output_config"]["format"]["schema"] == ONE
    assert MESSAGES.reworded(own).notes == ()
