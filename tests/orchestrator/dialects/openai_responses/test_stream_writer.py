"""Streams for callers who speak this dialect."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from orchestrator.dialects import Usage
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    StreamError,
    StreamStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.openai_responses import RESPONSES as OURS
from tests import dialect_strategies as drawn


def write(deltas: list[Delta]) -> bytes:
    writer = OURS.stream_writer(Heading(model="model-1"))
    return b"".join(writer.write(delta) for delta in deltas)


def events_of(stream: bytes) -> list[dict[str, Any]]:
    blocks = [block for block in stream.split(b"\n\n") if block]
    events = [msgspec.json.decode(block.split(b"data: ", 1)[1]) for block in blocks]
    kinds = [block.split(b"\n")[0].removeprefix(b"event: ").decode() for block in blocks]
    assert kinds == [event["type"] for event in events]
    return events


def read(stream: bytes) -> list[Delta]:
    return drawn.deltas_of(drawn.read(OURS.stream_reader(), [stream]))


@given(drawn.delta_sequences(thinking=True))
@settings(max_examples=60)
def test_what_is_written_is_read_again(deltas: list[Delta]) -> None:
    told = read(write(deltas))

    assert drawn.gathered(told) == drawn.gathered(deltas)
    assert drawn.text_of(told) == drawn.text_of(deltas)


@given(drawn.delta_sequences(thinking=True))
@settings(max_examples=60)
def test_the_last_event_holds_the_whole_answer(deltas: list[Delta]) -> None:
    events = events_of(write(deltas))

    last = OURS.read_answer(events[-1]["response"])
    stopped = next(delta for delta in deltas if isinstance(delta, FinishReason))
    spoken = "".join(getattr(part, "text", "") for part in last.parts if hasattr(part, "cache"))
    assert (last.finish_reason, spoken) == (stopped.finish_reason, drawn.text_of(deltas))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


@given(drawn.delta_sequences(thinking=True))
@settings(max_examples=60)
def test_every_item_opens_grows_and_closes_once(deltas: list[Delta]) -> None:
    events = events_of(write(deltas))

    added = [e["output_index"] for e in events if e["type"] == "response.output_item.added"]
    done = [e["output_index"] for e in events if e["type"] == "response.output_item.done"]
    items = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert added == list(range(len(added)))
    assert sorted(done) == added
    ids = [item["id"] for item in events[-1]["response"]["output"]]
    assert sorted(item["id"] for item in items) == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_every_stream_begins_as_the_dialect_demands() -> None:
    for deltas in (
        [TextDelta("a")],
        [StreamStart("", "m"), StreamStart("", "m"), TextDelta("a")],
        [EndMark()],
    ):
        kinds = [event["type"] for event in events_of(write([*deltas]))]

        assert kinds[:2] == ["response.created", "response.in_progress"]
        assert kinds.count("response.created") == 1


@pytest.mark.parametrize(
    "delta",
    [TextDelta(""), ThinkingDelta(""), FinishReason("stop"), UsageDelta(Usage()), Unreadable("{")],
)
def test_what_says_nothing_yet_writes_nothing(delta: Delta) -> None:
    assert write([delta]) == b""


def test_nothing_follows_the_end() -> None:
    ended = write([TextDelta("a"), EndMark()])

    assert write([TextDelta("a"), EndMark(), TextDelta("b"), EndMark(), StreamError("x")]) == ended


def test_parallel_calls_may_take_turns() -> None:
    deltas: list[Delta] = [
        ToolCallDelta(0, "c1", "f"),
        ToolCallDelta(1, "c2", "g", "["),
        ToolCallDelta(0, arguments="{}"),
        ToolCallDelta(1, arguments="]"),
        FinishReason("tool_calls"),
        EndMark(),
    ]

    assert [d for d in read(write(deltas)) if isinstance(d, ToolCallDelta) and d.arguments] == [
        ToolCallDelta(1, arguments="["),
        ToolCallDelta(0, arguments="{}"),
        ToolCallDelta(1, arguments="]"),
    ]


def test_calls_without_an_id_get_different_ones() -> None:
    told = read(write([ToolCallDelta(0, "", "f"), ToolCallDelta(1, "", "f"), EndMark()]))

    begun = [delta.id for delta in told if isinstance(delta, ToolCallDelta) and delta.name]
    assert len(set(begun)) == 2
    assert all(begun)


def test_signed_and_hidden_thoughts_keep_their_order() -> None:
    deltas: list[Delta] = [
        StreamStart("r", "m"),
        ThinkingDelta("a"),
        ThinkingDelta("b"),
        ThinkingDelta(signature="sig-1", dialect=OURS.name),
        ThinkingDelta("c", "sig-2", dialect=OURS.name),
        ThinkingDelta(signature="sig-3", redacted=True, dialect=OURS.name),
        TextDelta("d"),
        ThinkingDelta("e"),
        FinishReason("stop"),
        EndMark(),
    ]

    assert drawn.gathered(read(write(deltas))) == drawn.gathered(deltas)


def test_thoughts_of_another_vendor_are_shown_unsigned() -> None:
    signed = ThinkingDelta("a", "sig", dialect="anthropic-messages")
    hidden = ThinkingDelta(signature="sig", redacted=True, dialect="anthropic-messages")

    told = read(write([StreamStart("r", "m"), signed, hidden, FinishReason("stop"), EndMark()]))

    assert told == [StreamStart("r", "m"), ThinkingDelta("a"), FinishReason("stop"), EndMark()]


def test_a_cut_off_answer_is_incomplete() -> None:
    last = events_of(write([TextDelta("a"), FinishReason("length"), EndMark()]))[-1]

    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "max_output_tokens"}


QUOTA = {"code": "insufficient_quota", "message": "m"}
ERRORS: dict[str, tuple[Any, str | None, str]] = {
    "openai": ({"error": QUOTA}, "insufficient_quota", "m"),
    "anthropic": ({"error": {"type": "overloaded_error", "message": "m"}}, None, "m"),
    "gemini": ({"error": {"code": 429, "status": "EXHAUSTED", "message": "m"}}, "429", "m"),
    "failed": ({"response": {"error": QUOTA}}, "insufficient_quota", "m"),
    "flat": ({"type": "error", **QUOTA}, "insufficient_quota", "m"),
    "text": ("upstream is gone", None, "upstream is gone"),
    "odd": ([1], None, "[1]"),
    "unsayable": ({"a": object()}, None, "the provider reported an error"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_told_where_either_kind_of_client_looks(name: str) -> None:
    body, code, message = ERRORS[name]

    event = events_of(write([TextDelta("a"), StreamError(body)]))[-1]

    assert (event["type"], event["code"], event["message"]) == ("error", code, message)
    assert (event["error"]["code"], event["error"]["message"]) == (code, message)
    assert event["error"]["type"]


def test_an_error_is_an_error_again_when_read() -> None:
    (*_, last) = read(write([TextDelta("a"), StreamError({"error": {"message": "m"}})]))

    assert isinstance(last, StreamError)


@given(drawn.delta_sequences(thinking=True))
@settings(max_examples=60)
def test_a_caller_sees_each_word_as_it_comes(deltas: list[Delta]) -> None:
    writer, reader = OURS.stream_writer(Heading(model="m")), OURS.stream_reader()
    for delta in deltas:
        told = drawn.deltas_of(reader.feed(writer.write(delta)))
        if isinstance(delta, TextDelta):
            assert drawn.text_of(told) == delta.text


@given(drawn.delta_sequences())
@settings(max_examples=60)
def test_events_are_numbered_without_a_gap(deltas: list[Delta]) -> None:
    numbers = [event["sequence_number"] for event in events_of(write(deltas))]

    assert all(b == a + 1 for a, b in pairwise(numbers))
