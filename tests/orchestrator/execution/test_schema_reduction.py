"""Schemas lose the keywords that a refusal names, with their family, and never their shape."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import dialect
from orchestrator.dialects.json_schema import keywords
from orchestrator.execution.schema_reduction import FAMILIES, find_refused_keywords, reduce_schemas

SHAPE = ("properties", "required", "type", "items", "enum", "anyOf", "$ref", "$defs")
BOUNDS = sorted(set().union(*FAMILIES))

leaves = st.dictionaries(st.sampled_from(BOUNDS), st.just(1), max_size=3).map(
    lambda bounds: {"type": "integer", **bounds}
)
schemas = st.recursive(
    leaves,
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.just("object"),
            "properties": st.dictionaries(st.sampled_from(BOUNDS), inner, max_size=2),
            "required": st.just(["minimum"]),
        }
    ),
    max_leaves=4,
)


def placed(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schema in every place where a dialect has one; see :data:`SPOKEN`."""
    return [
        {"response_format": {"type": "json_schema", "json_schema": {"schema": schema}}},
        {"text": {"format": {"type": "json_schema", "schema": schema}}},
        {"output_config": {"format": {"type": "json_schema", "schema": schema}}},
        {"generationConfig": {"responseJsonSchema": schema}},
        {"generation_config": {"response_schema": schema}},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]},
        {"tools": [{"name": "f", "input_schema": schema}]},
        {"tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": schema}]}]},
        {"functions": [{"name": "f", "parameters": schema}]},
    ]


SPOKEN = tuple(
    map(
        dialect,
        (
            "openai-chat", "openai-responses", "anthropic-messages", "gemini", "gemini",
            "openai-chat", "anthropic-messages", "gemini", "openai-chat",
        ),
    )
)  # fmt: skip
"""The dialects of what :func:`placed` gives, in order."""
CHAT, RESPONSES, MESSAGES = SPOKEN[:3]


def within(value: Any) -> list[Any]:
    """Every schema of a payload, found by its shape."""
    if isinstance(value, list):
        return [one for item in value for one in within(item)]
    if not isinstance(value, dict):
        return []
    inner = [one for item in value.values() for one in within(item)]
    return [value, *inner] if "type" in value and "name" not in value else inner


@given(schemas, st.lists(st.sampled_from(BOUNDS), max_size=3), st.integers(0, 8))
def test_the_shape_stays_whatever_goes(schema: dict[str, Any], gone: list[str], at: int) -> None:
    payload = placed(schema)[at]
    before = copy.deepcopy(payload)

    left = reduce_schemas(payload, gone, SPOKEN[at])

    assert payload == before
    assert not any(keywords(one) & set(gone) for one in within(left))
    for one, other in zip(within(payload), within(left), strict=True):
        assert {key: one[key] for key in SHAPE if key in one}.keys() <= other.keys()


@given(schemas, st.sampled_from(sorted(SHAPE)))
def test_what_gives_an_answer_its_shape_is_never_named(schema: dict[str, Any], name: str) -> None:
    for payload, spoken in zip(placed(schema), SPOKEN, strict=True):
        message = f"schema: the properties '{name}', `{name}` are not supported"
        assert name not in find_refused_keywords(payload, message, spoken=spoken)


@pytest.mark.parametrize("at", range(9))
def test_a_schema_is_found_in_every_place(at: int) -> None:
    payload = placed({"type": "integer", "minimum": 1, "multipleOf": 2})[at]

    named = find_refused_keywords(payload, "'minimum' is not supported", spoken=SPOKEN[at])

    assert named == ("minimum", "multipleOf")


def test_only_the_schemas_that_are_spoken_of_count() -> None:
    schema = {"type": "integer", "minimum": 1}
    payload = {
        "response_format": {"json_schema": {"schema": {"type": "string"}}},
        "tools": [{"function": {"parameters": schema}}],
    }

    assert find_refused_keywords(payload, "response_format: minimum", spoken=CHAT) == ()
    assert find_refused_keywords(payload, "tools[0]: minimum", spoken=CHAT) == ("minimum",)


def test_what_another_keyword_can_say_is_said_by_that() -> None:
    schema = {"const": "a", "oneOf": [{"type": "string"}]}
    payload = {"text": {"format": {"schema": schema}}}

    left = reduce_schemas(payload, ("const", "oneOf"), RESPONSES)

    assert left["text"]["format"]["schema"] == {"enum": ["a"], "anyOf": [{"type": "string"}]}


def test_a_keyword_is_no_property_of_that_name_and_no_word_of_a_path() -> None:
    schema = {"type": "object", "properties": {"format": {"type": "string", "format": "uri"}}}
    payload = {"output_config": {"format": {"schema": schema}}}
    message = "output_config.format.schema: 'minimum' is not supported"

    assert find_refused_keywords(payload, message, spoken=MESSAGES) == ()
    left = reduce_schemas(payload, ("format",), MESSAGES)
    assert left["output_config"]["format"]["schema"]["properties"] == {"format": {"type": "string"}}
