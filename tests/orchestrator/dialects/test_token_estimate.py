"""Estimates of tokens: in the right order of size, and growing with what is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS, dialect
from orchestrator.dialects.token_estimate import estimate_tokens, texts_in

WORDS = dialect("openai-chat").shape.words


def said(text: str) -> int:
    return estimate_tokens({"messages": [{"role": "user", "content": text}]}, WORDS)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 20, 200),
        ("大规模语言模型" * 30, 210),
        ("大きな言語モデル" * 30, 240),
        ("언어 모델" * 40, 160),
        ("большая модель " * 20, 120),
    ],
    ids=["English", "Chinese", "Japanese", "Korean", "Russian"],
)
def test_an_estimate_is_near_what_tokenizers_say(text: str, tokens: int) -> None:
    assert tokens * 0.6 < said(text) < tokens * 1.5


@given(st.text(), st.text())
def test_more_said_is_never_fewer_tokens(first: str, second: str) -> None:
    assert 1 <= said(first) <= said(first + second)


VALUES = st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=10)


@given(st.dictionaries(st.text(), VALUES))
def test_anything_has_an_estimate(payload: dict[str, object]) -> None:
    for name in DIALECTS:
        words = dialect(name).shape.words
        assert estimate_tokens(payload, words) >= 1


def test_tools_count_and_pictures_do_not() -> None:
    plain = {"messages": [{"role": "user", "content": "hi"}]}
    tools = plain | {"tools": [{"type": "function", "function": {"name": "f" * 400}}]}
    picture = {"type": "image_url", "image_url": {"url": "data:" + "a" * 4000}}
    shown = {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}, picture]}]}

    assert estimate_tokens(tools, WORDS) >= estimate_tokens(plain, WORDS) + 100
    assert estimate_tokens(shown, WORDS) < 50


def test_only_words_are_texts() -> None:
    body = {"messages": [{"role": "user", "content": ["a", {"text": "b", "id": "c"}]}], "n": "d"}

    assert list(texts_in(body, WORDS)) == ["a", "b"]
