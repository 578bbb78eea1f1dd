"""Answers: what they say of themselves, and what they keep to themselves."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import Answer, Fault, ToolCall


@given(st.dictionaries(st.text(), st.integers(-100, 100) | st.text() | st.none(), min_size=1))
def test_whole_arguments_parse_and_halves_do_not(arguments: dict[str, int | str | None]) -> None:
    text = msgspec.json.encode(arguments).decode()

    assert ToolCall("a", "f", text).parses
    for end in range(1, len(text)):
        assert not ToolCall("a", "f", text[:end]).parses


@given(st.text())
def test_asking_whether_arguments_parse_never_raises(arguments: str) -> None:
    assert ToolCall("a", "f", arguments).parses in (True, False)


@pytest.mark.parametrize("arguments", ["[" * 100_000, '{"a":' * 100_000, "\ud800", "[1]", "3"])
def test_what_is_no_object_does_not_parse(arguments: str) -> None:
    assert not ToolCall("a", "f", arguments).parses


def test_one_broken_call_among_many_is_told() -> None:
    calls = (ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"x": '))

    assert Answer("", calls).truncated_tool_call
    assert not Answer("", calls[:1]).truncated_tool_call
    assert not Answer("text", finish_reason="length").truncated_tool_call


def test_a_repr_shows_no_body() -> None:
    assert "quiet" not in repr(Fault(402, {"set-cookie": "quiet"}, {"error": "quiet"}))
    assert "quiet" not in repr(Answer("text", raw={"id": "quiet"}))
