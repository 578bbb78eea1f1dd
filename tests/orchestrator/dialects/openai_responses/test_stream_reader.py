"""Streams as servers send them, whole and damaged."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import orchestrator
from orchestrator.dialects import Usage
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    StreamError,
    StreamStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.openai_responses import RESPONSES as OURS
from orchestrator.dialects.openai_responses.stream_reader import LARGEST
from tests import dialect_strategies as drawn

Event = dict[str, Any]


def sse(*events: Event | str) -> bytes:
    """Events on the wire; a text is an event whose JSON is broken."""
    written = b""
    for event in events:
        data = event.encode() if isinstance(event, str) else msgspec.json.encode(event)
        kind = "response.broken" if isinstance(event, str) else event["type"]
        written += b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"
    return written


def read(stream: bytes) -> list[Delta]:
    return drawn.deltas_of(drawn.read(OURS.stream_reader(), [stream]))


def at(kind: str, index: int, **fields: Any) -> Event:
    return {"type": f"response.{kind}", "output_index": index, "item_id": f"i{index}", **fields}


def text(delta: str, index: int = 1) -> Event:
    return at("output_text.delta", index, content_index=0, delta=delta)


def life(kind: str, **response: Any) -> Event:
    return {"type": f"response.{kind}", "response": {"id": "r1", "model": "m", **response}}


SAID = {"type": "message", "content": [{"type": "output_text", "text": "hello"}]}
CALLED = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
OPENED = {**CALLED, "arguments": ""}
THOUGHT = {
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": text} for text in ("hm", "so")],
    "encrypted_content": "sig",
}
COUNTS = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}

WHOLE: tuple[Event, ...] = (
    life("created"),
    life("in_progress"),
    at("output_item.added", 0, item={"type": "reasoning", "summary": []}),
    at("reasoning_summary_text.delta", 0, summary_index=0, delta="h"),
    at("reasoning_summary_text.delta", 0, summary_index=0, delta="m"),
    at("reasoning_summary_text.delta", 0, summary_index=1, delta="so"),
    at("reasoning_summary_text.done", 0, summary_index=1, text="so"),
    at("output_item.done", 0, item=THOUGHT),
    at("output_item.added", 1, item={"type": "message", "content": []}),
    text("hel"),
    text("lo"),
    at("output_text.done", 1, content_index=0, text="hello"),
    at("output_item.done", 1, item=SAID),
    at("output_item.added", 2, item=OPENED),
    at("function_call_arguments.delta", 2, delta='{"a":'),
    at("function_call_arguments.delta", 2, delta="1}"),
    at("function_call_arguments.done", 2, arguments='{"a":1}'),
    at("output_item.done", 2, item=CALLED),
    life("completed", status="completed", output=[THOUGHT, SAID, CALLED], usage=COUNTS),
)
TOLD: list[Delta] = [
    StreamStart("r1", "m"),
    ThinkingDelta("hm\n\nso", "sig", dialect=OURS.name),
    TextDelta("hello"),
    ToolCallDelta(0, "c1", "f", '{"a":1}'),
    FinishReason("tool_calls"),
    EndMark(),
    UsageDelta(Usage(3, 4, 7)),
]


def test_a_stream_is_told_once_and_in_order() -> None:
    assert drawn.gathered(read(sse(*WHOLE))) == TOLD


@given(drawn.cuts(sse(*WHOLE)))
def test_the_network_may_cut_it_anywhere(pieces: list[bytes]) -> None:
    events = drawn.read(OURS.stream_reader(), pieces)

    assert b"".join(event.raw for event in events) == sse(*WHOLE)
    assert drawn.gathered(drawn.deltas_of(events)) == TOLD


def without(kinds: tuple[str, ...]) -> tuple[Event, ...]:
    return tuple(event for event in WHOLE if not event["type"].endswith(kinds))


@pytest.mark.parametrize(
    "kinds",
    [
        (".delta",),
        (".done",),
        (".delta", "_text.done", "arguments.done"),
        ("added", ".delta", ".done"),
    ],
    ids=["no deltas", "no repetition", "items alone", "the last event alone"],
)
def test_a_server_may_leave_out_what_is_said_twice(kinds: tuple[str, ...]) -> None:
    told = drawn.gathered(read(sse(*without(kinds))))

    unsigned = [ThinkingDelta("hm\n\nso") if isinstance(d, ThinkingDelta) else d for d in TOLD]
    assert told == (unsigned if kinds == (".done",) else TOLD)


@pytest.mark.parametrize("copied", range(len(WHOLE)))
def test_an_event_without_new_content_may_come_twice(copied: int) -> None:
    twice = (*WHOLE[: copied + 1], WHOLE[copied], *WHOLE[copied + 1 :])

    if not WHOLE[copied]["type"].endswith(".delta"):
        assert drawn.gathered(read(sse(*twice))) == TOLD


def test_a_cut_stream_has_told_a_beginning_and_no_end() -> None:
    stream = sse(*WHOLE)
    for end in range(len(stream)):
        told = read(stream[:end])

        assert "hello".startswith(drawn.text_of(told))
        assert not any(isinstance(delta, EndMark | FinishReason | StreamError) for delta in told)


@pytest.mark.parametrize("place", range(len(WHOLE)))
@pytest.mark.parametrize("junk", ["{", "[]", '{"type":"response.output_text.delta"}', "null"])
def test_a_broken_event_between_two_is_skipped_and_told(place: int, junk: str) -> None:
    told = read(sse(*WHOLE[:place], junk, *WHOLE[place:]))

    assert drawn.gathered(d for d in told if not isinstance(d, Unreadable)) == TOLD
    assert Unreadable(junk) in told


@pytest.mark.parametrize("place", range(len(WHOLE)))
def test_a_stream_that_lost_words_is_never_whole(place: int) -> None:
    told = read(sse(*WHOLE[:place], "{", *WHOLE[place + 1 :]))

    unheard = Unreadable | ThinkingDelta | StreamStart
    whole = drawn.gathered(delta for delta in told if not isinstance(delta, unheard))
    if any(isinstance(delta, EndMark) for delta in told):
        assert whole == TOLD[2:]
    else:
        lost_end = place == len(WHOLE) - 1
        assert lost_end or any(isinstance(delta, StreamError) for delta in told)


ERRORS: dict[str, Event] = {
    "as documented": {"type": "error", "code": "insufficient_quota", "message": "no money"},
    "as sent": {"type": "error", "error": {"code": "insufficient_quota", "message": "no money"}},
    "failed": life("failed", error={"code": "insufficient_quota", "message": "no money"}),
    "failed inside completed": life("completed", error={"code": "insufficient_quota"}),
    "a gateway's": {"type": "", "error": {"code": "insufficient_quota", "message": "no money"}},
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("place", [0, 1, 10, 18])
def test_an_error_ends_the_stream_and_can_be_classified(name: str, place: int) -> None:
    told = read(sse(*WHOLE[:place], ERRORS[name], *WHOLE[place:]))

    assert isinstance(told[-1], StreamError)
    error = orchestrator.classify(
        status=200, headers={}, body=told[-1].body, provider="openai",
        dialect=OURS.name, where="stream",
    )  # fmt: skip
    assert error.reason == "billing"


def test_lost_words_are_an_interrupted_stream() -> None:
    told = read(sse(*WHOLE[:9], "{", *WHOLE[10:]))

    assert isinstance(told[-1], StreamError)
    error = orchestrator.classify(status=200, body=told[-1].body, where="stream")
    assert error.reason == "stream_interrupted"


def test_what_follows_the_end_is_passed_on_and_means_nothing() -> None:
    stream = sse(*WHOLE) + b"data: [DONE]\n\n" + sse(text("more"))

    assert drawn.gathered(read(stream)) == TOLD


def test_parallel_calls_may_take_turns() -> None:
    second = {**OPENED, "call_id": "c2", "name": "g"}
    told = read(
        sse(
            at("output_item.added", 0, item=OPENED),
            at("output_item.added", 1, item=second),
            at("function_call_arguments.delta", 0, delta="{"),
            at("function_call_arguments.delta", 1, delta="["),
            at("function_call_arguments.delta", 0, delta="}"),
        )
    )

    calls = [delta for delta in told if isinstance(delta, ToolCallDelta)]
    assert [(call.index, call.arguments) for call in calls[2:]] == [(0, "{"), (1, "["), (0, "}")]


def test_a_server_may_count_nothing_and_name_its_items() -> None:
    nameless = [{k: v for k, v in event.items() if k != "output_index"} for event in WHOLE]

    assert drawn.gathered(read(sse(*nameless))) == TOLD


def test_thoughts_are_told_in_the_form_that_comes_first() -> None:
    told = read(
        sse(
            at("reasoning_text.delta", 0, content_index=0, delta="long"),
            at("reasoning_summary_text.delta", 0, summary_index=0, delta="short"),
        )
    )

    assert told == [ThinkingDelta("long")]


def test_hidden_thoughts_are_a_signature_alone() -> None:
    item = {"type": "reasoning", "summary": [], "encrypted_content": "sig"}

    assert read(sse(at("output_item.done", 0, item=item))) == [
        ThinkingDelta(signature="sig", redacted=True, dialect=OURS.name)
    ]


def test_a_refusal_is_what_the_model_said() -> None:
    told = read(
        sse(
            at("refusal.delta", 0, content_index=0, delta="n"),
            at("refusal.done", 0, content_index=0, refusal="no"),
        )
    )

    assert drawn.gathered(told) == [TextDelta("no")]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter"), (None, "length")],
)
def test_an_incomplete_stream_has_ended_and_says_why(reason: str | None, finish: str) -> None:
    told = read(sse(life("incomplete", incomplete_details={"reason": reason})))

    assert told == [StreamStart("r1", "m"), FinishReason(finish), EndMark()]


def test_no_server_can_name_new_items_for_ever() -> None:
    reader = OURS.stream_reader()

    told = [reader.feed(sse(text("x", index))) for index in range(LARGEST + 10)]

    assert isinstance(told[-1][0].deltas[0], Unreadable)


KEYS = (
    "type", "delta", "item", "output_index", "content_index", "summary_index", "response",
    "output", "error", "content", "text", "arguments", "call_id", "encrypted_content", "usage",
)  # fmt: skip
KINDS = [*sorted({event["type"] for event in WHOLE}), "response.failed", "error", "message"]
events = st.builds(
    lambda kind, body: {**body, "type": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(KEYS), drawn.any_json(KEYS)),
)


@given(st.lists(events, max_size=6))
@settings(max_examples=60)
def test_no_event_makes_it_raise(sent: list[Event]) -> None:
    drawn.read(OURS.stream_reader(), [sse(*sent)])


@given(st.lists(st.binary(max_size=30) | st.sampled_from([sse(event) for event in WHOLE])))
@settings(max_examples=60)
def test_no_bytes_make_it_raise(pieces: list[bytes]) -> None:
    drawn.read(OURS.stream_reader(), pieces)
