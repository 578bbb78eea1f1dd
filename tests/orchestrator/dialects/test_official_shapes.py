"""Whatever is said, what is written of it is as the vendors' own descriptions have it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS, dialect
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    NeutralAnswer,
    StreamError,
)
from tests.dialect_strategies import delta_sequences, replies
from tests.official_shapes import wrong_in_answer, wrong_in_event

each = pytest.mark.parametrize("name", DIALECTS)
few = settings(max_examples=10, deadline=None)
HEADING = Heading("1", "model", 1_700_000_000)
FINISHES = ("stop", "length", "tool_calls", "content_filter", "a_new_one", None)


@each
@few
@given(reply=replies(thinking=True), finish=st.sampled_from(FINISHES))
def test_an_answer_is_as_described(name: str, reply: NeutralAnswer, finish: str | None) -> None:
    written = dialect(name).write_answer(NeutralAnswer(reply.parts, finish), HEADING)

    assert wrong_in_answer(name, written) == []


@each
@few
@given(deltas=delta_sequences(thinking=True), finish=st.sampled_from(FINISHES))
def test_a_stream_is_as_described(name: str, deltas: list[Delta], finish: str | None) -> None:
    stops: list[Delta] = [FinishReason(finish)] if finish else []
    ended = [
        *(one for one in deltas if not isinstance(one, FinishReason | EndMark)),
        *stops,
        EndMark(),
    ]

    for event in events(name, ended):
        assert wrong_in_event(name, event) == [], event


def test_a_failure_in_a_stream_of_the_responses_api_is_as_described() -> None:
    said = StreamError({"error": {"type": "overloaded_error", "message": "Overloaded"}})

    for event in events("openai-responses", [said]):
        assert wrong_in_event("openai-responses", event) == []


@each
@few
@given(reply=replies(thinking=True))
def test_nothing_needs_to_be_added_to_what_is_written(name: str, reply: NeutralAnswer) -> None:
    written = dialect(name).write_answer(reply, HEADING)

    assert dialect(name).complete_answer(written, HEADING) == written


def events(name: str, deltas: list[Delta]) -> list[object]:
    """The data of every event that is written."""
    writer = dialect(name).stream_writer(HEADING)
    text = b"".join(writer.write(delta) for delta in deltas).decode()
    data = (line.removeprefix("data: ") for line in text.split("\n") if line[:5] == "data:")
    return [json.loads(one) for one in data if one != "[DONE]"]
