"""Why a model stopped, in every vendor's words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.finish_reasons import STANDARD, finish_reason, is_failed, standard


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("stop", "stop"),
        ("STOP", "stop"),
        ("eos", "stop"),
        ("eos_token", "stop"),
        ("end_turn", "stop"),
        ("EndTurn", "stop"),
        ("COMPLETE", "stop"),
        ("model_context_window_exceeded", "length"),
        ("MAX_TOKENS", "length"),
        ("FINISH_REASON_MAX_TOKENS", "length"),
        ("ERROR_LIMIT", "length"),
        ("tool-calls", "tool_calls"),
        ("TOOL_CALL", "tool_calls"),
        ("sensitive", "content_filter"),
        ("content-filter", "content_filter"),
        ("ERROR_TOXIC", "content_filter"),
        ("guardrail_intervened", "content_filter"),
        ("A new one", "a_new_one"),
        ("null", None),
        ("", None),
        ("FINISH_REASON_UNSPECIFIED", None),
        (None, None),
        (7, None),
        (["stop"], None),
    ],
)
def test_every_vendors_word_has_a_meaning(said: object, word: str | None) -> None:
    assert finish_reason(said) == word


@pytest.mark.parametrize("word", ["stop", "end_turn", "STOP"])
def test_the_parts_decide_between_an_end_and_calls(word: str) -> None:
    assert finish_reason(word, calls=True) == "tool_calls"
    assert finish_reason("length", calls=True) == "length"
    assert finish_reason(None, calls=True) is None


@pytest.mark.parametrize(
    "said",
    [
        "error", "ERROR", "network_error", "insufficient_system_resource", "abort", "aborted",
        "cancelled", "USER_CANCEL", "failed", "generation_failed", "GenerationFailure", "timeout",
        "TIMED_OUT", "interrupted", "OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "NO_IMAGE", "engine_overloaded",
        "insufficient_balance",
    ],
)  # fmt: skip
def test_a_word_that_says_failed_is_a_failure(said: str) -> None:
    assert is_failed(finish_reason(said))


@pytest.mark.parametrize(
    "said", [*sorted(STANDARD), "eos", "a_new_one", "terrific", "prefailing", None]
)
def test_no_other_word_is(said: str | None) -> None:
    assert not is_failed(finish_reason(said))


@given(st.text(), st.booleans())
def test_a_word_is_read_once_and_told_in_the_standard(said: str, calls: bool) -> None:  # noqa: FBT001 - drawn
    word = finish_reason(said, calls=calls)

    assert finish_reason(word, calls=calls) == word
    assert standard(word, calls=calls) in STANDARD
