"""Schemas are walked where schemas stand, and a property may be called like a keyword."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.json_schema import closed, keywords, rewritten

NESTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "minimum": {"type": "integer", "minimum": 1},
        "list": {"type": "array", "items": {"enum": ["maxLength"]}, "default": {"pattern": 1}},
        "either": {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]},
    },
    "$defs": {"pattern": {"type": "string", "pattern": "a"}},
    "required": ["minimum"],
}


def without(*names: str) -> Any:
    return lambda schema: {key: one for key, one in schema.items() if key not in names}


def test_a_name_of_a_property_and_a_value_are_no_keywords() -> None:
    before = copy.deepcopy(NESTED)

    left = rewritten(NESTED, without("minimum", "maxLength", "pattern"))

    assert left["properties"]["minimum"] == {"type": "integer"}
    assert left["properties"]["list"] == NESTED["properties"]["list"]
    assert left["properties"]["either"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert left["$defs"] == {"pattern": {"type": "string"}}
    assert before == NESTED


def test_the_keywords_of_a_schema_are_those_of_all_within_it() -> None:
    assert keywords(NESTED) == {
        "type", "properties", "minimum", "items", "enum", "default", "anyOf", "maxLength", "$defs",
        "pattern", "required",
    }  # fmt: skip


schemas = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "integer", "minimum": 1}, {}, True]),
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.text(max_size=3), inner)},
            optional={"additionalProperties": st.booleans() | inner},
        ),
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, max_size=2)}),
    ),
    max_leaves=5,
)


@given(schemas)
def test_changing_nothing_changes_nothing(schema: Any) -> None:
    assert rewritten(schema, lambda one: one) == schema


@given(schemas.filter(lambda schema: isinstance(schema, dict)))
def test_what_is_closed_has_no_open_object_and_is_else_the_same(schema: dict[str, Any]) -> None:
    shut = closed(schema)
    if shut is None:
        return

    objects: list[dict[str, Any]] = []

    def note(one: dict[str, Any]) -> dict[str, Any]:
        objects.extend([one] if one.get("type") == "object" else [])
        return one

    rewritten(shut, note)
    assert all(one["additionalProperties"] is False and one["properties"] for one in objects)
    strip = without("additionalProperties")
    assert rewritten(shut, strip) == rewritten(schema, strip)
