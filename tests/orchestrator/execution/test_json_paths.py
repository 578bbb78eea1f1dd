"""Fields at paths are found, and changed on a copy."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.execution.json_paths import find_values, remove_fields, replace_values

names = st.sampled_from(("a", "b", "*"))
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
payloads = st.dictionaries(
    names,
    st.recursive(
        st.integers(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
        max_leaves=5,
    ),
    max_size=3,
)
TOOLS: dict[str, Any] = {"tools": [{"f": {"p": 1}}, {"g": 2}, 3], "n": 0}
PARAMETERS = ("tools", "*", "f", "p")


@given(payloads, paths)
def test_what_was_found_is_replaced_and_the_given_stays(
    payload: dict[str, object], path: tuple[str, ...]
) -> None:
    before = copy.deepcopy(payload)

    left = replace_values(payload, (path,), lambda _: "new")

    assert find_values(left, (path,)) == ["new" for _ in find_values(payload, (path,))]
    assert payload == before


def test_each_item_of_a_list_is_looked_into() -> None:
    assert find_values(TOOLS, (PARAMETERS, ("n",), ("m",))) == [1, 0]
    assert replace_values(TOOLS, (PARAMETERS,), str)["tools"] == [{"f": {"p": "1"}}, {"g": 2}, 3]
    assert replace_values(TOOLS, (("tools", "*"),), str)["tools"] == [
        str(one) for one in TOOLS["tools"]
    ]


def test_an_object_that_is_left_empty_goes_too() -> None:
    assert remove_fields({"a": {"b": 1}, "c": {"d": 1, "e": 2}}, (("a", "b"), ("c", "d"))) == {
        "c": {"e": 2}
    }
