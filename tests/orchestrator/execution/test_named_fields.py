"""A name is a whole word; an ordinary word is a name only where it is marked as one."""

from __future__ import annotations

import pytest

from orchestrator.execution.named_fields import is_named, snake, without_addresses


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reasoning_content", "messages.1: reasoning_content is unsupported"),
        ("maxLength", "unsupported field max_length"),
        ("thoughtSignature", 'Unknown name "thoughtSignature"'),
        ("name", "messages.0.user.name: Extra inputs are not permitted"),
        ("name", "unknown field `name`"),
        ("seed", "Unrecognized request argument supplied: seed"),
        ("index", "tool_calls[0].index"),
        ("user", "body.user, body.seed: no"),
    ],
)
def test_it_is_named(name: str, text: str) -> None:
    assert is_named(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reasoning", "reasoning_content is unsupported"),
        ("reasoning_content", "my_reasoning_content"),
        ("name", "the name of the model is unknown"),
        ("user", "messages.0.user.name"),
        ("store", "stored 'restore'"),
        ("maxLength", "maxLengths"),
    ],
)
def test_it_is_not(name: str, text: str) -> None:
    assert not is_named(name, text)


def test_what_a_page_is_called_names_no_field() -> None:
    assert without_addresses("see https://a.example/thinking_mode#x now") == "see   now"


def test_a_name_in_snake_case() -> None:
    assert [snake(name) for name in ("maxLength", "$schema", "a_b")] == [
        "max_length", "$schema", "a_b",
    ]  # fmt: skip
