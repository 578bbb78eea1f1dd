"""Fields of a history: whatever is refused or demanded, what was said stays as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.openai_chat import CHAT
from orchestrator.execution.history_fields import (
    PLACEHOLDER,
    drop_fields,
    find_demanded_fields,
    find_refused_fields,
    pad_fields,
)

CALL = {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SAID = ("role", "content", "tool_calls", "tool_call_id")

extras: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(("reasoning_content", "reasoning", "annotations", "prefix", "name")),
    st.text(max_size=3) | st.none() | st.just([]),
    max_size=3,
)
messages = st.one_of(
    extras.map(lambda more: {"role": "user", "content": "hi", **more}),
    extras.map(lambda more: {"role": "assistant", "content": None, "tool_calls": [CALL], **more}),
    extras.map(lambda more: {"role": "tool", "tool_call_id": "t", "content": "r", **more}),
)
payloads = st.lists(messages, max_size=4).map(lambda given: {"messages": given, "n": 1})


def said(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {name: one.get(name) or "" for name in SAID if name in one} for one in payload["messages"]
    ]


@given(payloads, st.text(max_size=40) | st.sampled_from(("'name'", "`annotations`", "content")))
def test_whatever_a_refusal_names_what_was_said_stays(payload: dict[str, Any], words: str) -> None:
    before = copy.deepcopy(payload)

    left = dict(drop_fields(payload, find_refused_fields(payload, words, CHAT), CHAT))

    assert said(left) == said(payload)
    assert payload == before


@given(payloads)
def test_what_is_named_is_gone_from_every_message(payload: dict[str, Any]) -> None:
    words = "'reasoning_content' and 'annotations' are unknown"

    paths = find_refused_fields(payload, words, CHAT)
    left = drop_fields(payload, paths, CHAT)

    names = {name for one in left["messages"] for name in one}
    assert not names & {"reasoning_content", "annotations"}
    assert find_refused_fields(left, words, CHAT) == ()


@given(payloads, st.sampled_from(("reasoning_content", "content", "name", "anything_else")))
def test_what_is_demanded_is_there_once_and_the_rest_as_it_was(
    payload: dict[str, Any], name: str
) -> None:
    padded = pad_fields(payload, (name,))

    assert pad_fields(padded, (name,)) == padded
    assert said(dict(padded)) == said(payload)
    for before, after in zip(payload["messages"], padded["messages"], strict=True):
        kept = {key: one for key, one in before.items() if key not in (name, "content")}
        assert kept.items() <= after.items()
        if before["role"] == "assistant" and name == "reasoning_content":
            assert after[name]
            assert after["content"] is not None or before.get(name)


def test_what_a_tool_is_given_is_not_looked_into() -> None:
    words = "messages.0.content.0.tool_use: unknown `strict`, `city`, `prefix`, `id`"
    use = {"type": "tool_use", "id": "t", "name": "f", "input": {"city": 1, "prefix": 2}}
    schema = {"type": "object", "properties": {"strict": {"prefix": 1}}, "strict": 1}
    tool = {"name": "f", "input_schema": schema, "description": "d", "strict": True}
    payload = {"messages": [{"role": "assistant", "content": [use]}], "tools": [tool]}

    left = drop_fields(payload, find_refused_fields(payload, words, CHAT), CHAT)

    assert left["messages"] == payload["messages"]
    assert left["tools"] == [{"name": "f", "input_schema": schema, "description": "d"}]


def test_thoughts_that_are_known_by_another_name_are_not_made_up() -> None:
    known = {"role": "assistant", "content": "a", "reasoning": "because"}
    unknown = {"role": "assistant", "content": None, "tool_calls": [CALL]}

    padded = pad_fields({"messages": [known, unknown]}, ("reasoning_content",))["messages"]

    assert padded[0]["reasoning_content"] == "because"
    assert padded[1] == {**unknown, "content": "", "reasoning_content": PLACEHOLDER}


def test_a_tool_is_named_by_the_call_that_it_answers() -> None:
    call = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    result = {"role": "tool", "tool_call_id": "t", "content": "r"}

    padded = pad_fields({"messages": [call, result]}, ("name",))["messages"]

    assert padded == [call, {**result, "name": "f"}]


def test_one_name_at_two_places_is_taken_from_the_place_that_is_named() -> None:
    call = {**CALL, "name": None}
    payload = {"messages": [{"role": "assistant", "name": "Bob", "tool_calls": [call]}]}

    assert find_refused_fields(payload, "messages.0.tool_calls.0.name: extra", CHAT) == (
        "tool_calls.name",
    )
    assert find_refused_fields(payload, "messages.0.assistant.name: extra", CHAT) == ("name",)


@pytest.mark.parametrize("block", ["thinking", "redacted_thinking"])
def test_a_block_of_thoughts_goes_as_a_whole_or_not_at_all(block: str) -> None:
    thought = {"type": block, "thinking": "a", "signature": "s", "data": "d"}
    words = {"type": "text", "text": "b"}
    payload = {"messages": [{"role": "assistant", "content": [thought, words]}]}

    assert (
        find_refused_fields(payload, "messages.0.content.0.signature: unknown `signature`", CHAT)
        == ()
    )
    gone = find_refused_fields(
        payload, f"messages.0.content.0: '{block}' matches no expected tag", CHAT
    )
    assert drop_fields(payload, gone, CHAT) == {
        "messages": [{"role": "assistant", "content": [words]}]
    }
    assert find_demanded_fields(payload, "content[].thinking must be passed back") == ()
