"""What can be had of an object that nobody can parse."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.classification.cut_json import decode_cut

values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)
objects = st.dictionaries(st.text(min_size=1, max_size=5), values, min_size=1, max_size=4)


@given(objects)
def test_what_is_whole_comes_back_whole(value: dict[str, Any]) -> None:
    assert decode_cut(json.dumps(value)) == value
    assert decode_cut(json.dumps(value) + " and more") == value


@given(objects, st.data())
def test_what_is_cut_off_comes_back_in_part(value: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value)
    cut = decode_cut(text[: data.draw(st.integers(0, len(text)))])

    assert cut is None or set(cut) <= set(value)


@given(st.text(max_size=80))
def test_it_never_raises(text: str) -> None:
    decode_cut(text)
    decode_cut("{" + text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{ error: { type: 'billing_error', message: 'no money' } }",
         {"error": {"type": "billing_error", "message": "no money"}}),
        ("{'code': 402, 'ok': False, 'x': None", {"code": 402, "ok": False, "x": None}),
        ('{"a": "b\\u00e9\\n', {"a": "b\u00e9\n"}),
        ('{"a": 1, "a": 2}', {"a": 1}),
        ('[{"a": 1}', [{"a": 1}]),
        ("{", None),
        ("words", None),
    ],
)  # fmt: skip
def test_what_comes_of_what_is_no_json(text: str, value: Any) -> None:
    assert decode_cut(text) == value
