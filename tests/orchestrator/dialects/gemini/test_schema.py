"""The vendor's subset of OpenAPI becomes JSON schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.gemini.schema import json_schema


@pytest.mark.parametrize(
    ("subset", "expected"),
    [
        ({"type": "STRING"}, {"type": "string"}),
        ({"type": "STRING", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "STRING", "nullable": False}, {"type": "string"}),
        (
            {"type": "ARRAY", "items": {"type": "NUMBER"}, "minItems": "2"},
            {"type": "array", "items": {"type": "number"}, "minItems": 2},
        ),
        (
            {"type": "OBJECT", "properties": {"type": {"type": "INTEGER"}}, "required": ["type"]},
            {"type": "object", "properties": {"type": {"type": "integer"}}, "required": ["type"]},
        ),
        ({"any_of": [{"type": "STRING"}]}, {"anyOf": [{"type": "string"}]}),
        (
            {"type": "OBJECT", "properties": {}, "propertyOrdering": ["b", "a"]},
            {"type": "object", "properties": {}},
        ),
    ],
)
def test_departures_are_undone(subset: dict[str, Any], expected: dict[str, Any]) -> None:
    assert json_schema(subset) == expected


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "items", "properties", "anyOf", "minItems", "nullable"]),
                inner,
            )
        ),
    )
)
def test_anything_is_taken(schema: Any) -> None:
    assert json_schema(json_schema(schema)) == json_schema(schema)
