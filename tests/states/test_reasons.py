"""The words that configs, ledgers and diagrams use."""

from __future__ import annotations

import enum

import pytest

from orchestrator.states import Mark, Move, OnInterrupted, Policy, Reason, Scope, StoppedBy
from orchestrator.states.reasons import DEFAULT_MOVES, SPECS

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


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_one_record(reason: Reason) -> None:
    spec = SPECS[reason]

    assert 400 <= spec.status < 600
    assert spec.headline.format(target="a/m", provider="a")
    for hint in (spec.hint, spec.quoted.hint if spec.quoted else spec.hint):
        assert hint.endswith(".")
        assert ":" in hint
    assert DEFAULT_MOVES[reason] == spec.moves
    for first_target, moves in ((True, spec.moves), (False, spec.moves | spec.moves_later)):
        assert Policy().moves(reason, first_target=first_target) == moves


def test_what_no_provider_says_allows_nothing_and_marks_nothing() -> None:
    ours = [spec for spec in SPECS.values() if spec.ours]

    assert len(ours) == 2
    assert not [spec for spec in ours if spec.moves or spec.mark or spec.quoted]
