"""The words that configs, ledgers and diagrams use."""

from __future__ import annotations

import enum

import pytest

from orchestrator.states import Mark, Move, OnInterrupted, Reason, Scope, StoppedBy

WORDS: dict[type[enum.StrEnum], str] = {
    Reason: (
        "billing rate_limit auth overloaded server_error timeout stream_interrupted "
        "invalid_response connection forbidden model_not_found context_overflow "
        "payload_too_large content_policy bad_request output_truncated unknown cancelled deadline"
    ),
    Move: "rotate retry fallback",
    Scope: "key account model request",
    OnInterrupted: "fail continue hold",
    Mark: "cooldown circuit bench dead",
    StoppedBy: "exhausted attempts deadline cancelled committed",
}


@pytest.mark.parametrize("kind", WORDS, ids=lambda kind: kind.__name__)
def test_the_words_are_those_of_the_design(kind: type[enum.StrEnum]) -> None:
    assert WORDS[kind].split() == [word.value for word in kind]
    assert WORDS[kind].upper().split() == [word.name for word in kind]
