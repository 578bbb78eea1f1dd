"""JSON that may lie, read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import wire

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(anything)
def test_readers_give_their_type_whatever_they_get(value: Any) -> None:
    assert isinstance(wire.string(value), str)
    assert isinstance(wire.mapping(value), dict)
    assert all(isinstance(item, dict) for item in wire.mappings(value))
    assert wire.count({"n": value}, "n") >= 0
    assert wire.count(value, "n") >= 0


@given(st.binary())
def test_decoding_never_raises(body: bytes) -> None:
    wire.decoded(body)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (None, ""),
        ("", ""),
        (" ", ""),
        ("null", ""),
        ({}, "{}"),
        ({"x": None}, '{"x":null}'),
        ([1], "[1]"),
        ('{"x": ', '{"x": '),
    ],
)
def test_arguments_become_text(given: Any, text: str) -> None:
    assert wire.arguments(given) == text


@given(anything)
def test_any_arguments_do(value: Any) -> None:
    assert isinstance(wire.arguments(value), str)


def test_made_ids_are_stable_and_fit_every_vendor() -> None:
    assert wire.call_id("a/b=" * 30, 1, "x") == wire.call_id("a/b=" * 30, 1, "y")
    assert wire.call_id("", 0, "f{}") == wire.call_id("", 0, "f{}")
    assert wire.call_id("", 0, "f{}") != wire.call_id("", 0, "g{}")
    assert len(wire.call_id("x" * 100, 123, "")) < 40
