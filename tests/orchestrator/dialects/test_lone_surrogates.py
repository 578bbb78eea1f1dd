"""Halves of characters are replaced, with a note; everything else is the very same."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.lone_surrogates import without_lone_surrogates

any_text = st.text(st.characters(exclude_categories=()), max_size=6)
values = st.recursive(
    st.none() | st.integers(0, 9) | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
)
payloads = st.dictionaries(any_text, values, max_size=3)


def has_half(value: Any) -> bool:
    if isinstance(value, str):
        return any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return any(has_half(one) for pair in value.items() for one in pair)
    return isinstance(value, list) and any(map(has_half, value))


@given(payloads)
def test_what_is_sent_can_be_said_and_is_noted(payload: dict[str, Any]) -> None:
    mended, note = without_lone_surrogates(payload)

    msgspec.json.encode(mended)
    assert bool(note) is has_half(payload)
    if not note:
        assert mended is payload
    msgspec.json.encode(note)


def test_the_note_names_the_places() -> None:
    content = [{"type": "text", "text": "a\ud800"}]
    payload = {"messages": [{"role": "user", "content": content}], "user": "\udfff"}

    mended, note = without_lone_surrogates(payload)

    assert note == "lone surrogates replaced in messages[0].content[0].text, user"
    assert mended["messages"][0]["content"][0]["text"] == "a\ufffd"


def test_halves_that_belong_together_are_one_character() -> None:
    mended, note = without_lone_surrogates({"a": "\ud83d\ude00"})

    assert mended == {"a": "😀"}
    assert note


def test_of_many_places_some_are_named() -> None:
    _, note = without_lone_surrogates({"a": ["\ud800"] * 5})

    assert note == "lone surrogates replaced in a[0], a[1], a[2] and 2 more"
