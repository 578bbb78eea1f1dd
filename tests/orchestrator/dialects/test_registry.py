"""The registry of dialects."""

from __future__ import annotations

import pytest

from orchestrator.dialects import DEFAULT_DIALECT, DIALECTS, dialect, register


def test_every_record_has_the_name_by_which_it_is_asked_for() -> None:
    assert [dialect(name).name for name in DIALECTS] == list(DIALECTS)
    assert next(iter(DIALECTS)) == DEFAULT_DIALECT


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(LookupError, match="did you mean 'openai-chat'"):
        dialect("openai_chat")


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="'gemini' is there already"):
        register("gemini", "nowhere:RECORD")
