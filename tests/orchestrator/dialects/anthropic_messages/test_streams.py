"""A stream, written and read, whole and in pieces, sound and broken."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import classify
from orchestrator.dialects.answer import Usage
from orchestrator.dialects.anthropic_messages import MESSAGES
from orchestrator.dialects.anthropic_messages.stream_reader import MOST_OPEN_BLOCKS
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    StreamError,
    StreamEvent,
    StreamStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
)
from orchestrator.states.reasons import Reason
from tests.anthropic_strategies import cut, streams


def written(deltas: list[Delta], model: str = "shown") -> bytes:
    writer = MESSAGES.stream_writer(Heading(model=model))
    return b"".join(writer.write(delta) for delta in deltas)


def events_of(*pieces: bytes) -> list[StreamEvent]:
    reader = MESSAGES.stream_reader()
    found = [event for piece in pieces for event in reader.feed(piece)]
    return found + reader.close()


def deltas_of(*pieces: bytes) -> list[Delta]:
    return [delta for event in events_of(*pieces) for delta in event.deltas]


def event(kind: str, **fields: Any) -> bytes:
    data = msgspec.json.encode({"type": kind, **fields}).decode()
    return f"event: {kind}\ndata: {data}\n\n".encode()


def begun(index: int = 0, **block: Any) -> bytes:
    return event("content_block_start", index=index, content_block=block)


def more(index: int = 0, **delta: Any) -> bytes:
    return event("content_block_delta", index=index, delta=delta)


# Written and read.


@settings(max_examples=60)
@given(streams())
def test_a_stream_comes_back_as_it_was(deltas: list[Delta]) -> None:
    found = deltas_of(written(deltas))

    # The first count stands in the beginning, and knows nothing yet.
    assert [found[0], *found[2:]] == deltas


@settings(max_examples=60)
@given(streams())
def test_blocks_begin_and_end_once_and_are_counted_from_0(deltas: list[Delta]) -> None:
    bodies = [
        msgspec.json.decode(line.removeprefix(b"data: "))
        for line in written(deltas).splitlines()
        if line.startswith(b"data: ")
    ]
    started = [body["index"] for body in bodies if body["type"] == "content_block_start"]
    stopped = [body["index"] for body in bodies if body["type"] == "content_block_stop"]
    kinds = [kind for kind, _ in groupby(body["type"] for body in bodies)]

    assert started == list(range(len(started)))
    assert sorted(stopped) == started
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    open_blocks = set()
    for body in bodies:
        if body["type"] == "content_block_start":
            open_blocks.add(body["index"])
        elif body["type"] == "content_block_delta":
            assert body["index"] in open_blocks
        elif body["type"] == "content_block_stop":
            open_blocks.remove(body["index"])


@settings(max_examples=60)
@given(streams(), st.lists(st.integers(0, 10**6), max_size=12))
def test_any_pieces_say_the_same_and_keep_every_byte(deltas: list[Delta], at: list[int]) -> None:
    whole = written(deltas)

    found = events_of(*cut(whole, at))

    assert b"".join(event.raw for event in found) == whole
    assert [delta for event in found for delta in event.deltas] == deltas_of(whole)


def test_a_stream_that_is_cut_anywhere_never_ends() -> None:
    whole = written([TextDelta("héllo"), FinishReason("stop"), EndMark()])

    for place in range(len(whole)):
        found = deltas_of(whole[:place])
        assert EndMark() not in found
        assert not any(isinstance(delta, Unreadable | StreamError) for delta in found)


def test_calls_that_are_told_by_turns_each_get_their_own_arguments() -> None:
    deltas: list[Delta] = [
        ToolCallDelta(0, "toolu_1", "f"),
        ToolCallDelta(1, "toolu_2", "g"),
        ToolCallDelta(0, arguments='{"a":'),
        ToolCallDelta(1, arguments="{}"),
        ToolCallDelta(0, arguments="1}"),
    ]

    found = deltas_of(written([*deltas, EndMark()]))

    assert [delta for delta in found if isinstance(delta, ToolCallDelta)] == deltas


def test_a_stream_without_a_beginning_is_given_one() -> None:
    found = deltas_of(written([TextDelta("hi"), EndMark()]))

    assert found[0] == StreamStart("msg_0", "shown")
    assert TextDelta("hi") in found


def test_what_says_nothing_writes_nothing() -> None:
    deltas: list[Delta] = [StreamStart("msg_1"), TextDelta(""), ThinkingDelta(), Unreadable("?")]

    assert written([*deltas, FinishReason("stop")]) == b""


def test_tokens_that_are_counted_at_once_stand_in_the_beginning() -> None:
    usage = Usage(9, 0, 9, 2)

    found = deltas_of(written([StreamStart("msg_1", "m"), UsageDelta(usage), TextDelta("hi")]))

    assert found == [StreamStart("msg_1", "m"), UsageDelta(usage), TextDelta("hi")]


def test_nothing_is_written_after_the_end() -> None:
    assert written([EndMark(), EndMark(), TextDelta("late")]) == written([EndMark()])


def test_a_signature_of_another_vendor_is_not_handed_out() -> None:
    foreign: list[Delta] = [
        ThinkingDelta("hm", "sig", dialect="gemini"),
        ThinkingDelta("", "sealed", redacted=True, dialect="gemini"),
    ]

    found = deltas_of(written(foreign))

    assert [delta for delta in found if isinstance(delta, ThinkingDelta)] == [ThinkingDelta("hm")]


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            "overloaded_error",
            "Overloaded",
        ),
        ({"error": {"message": "no money", "code": 402}}, "api_error", "no money"),
        ({"error": "gone"}, "api_error", "gone"),
        ("plain words", "api_error", "plain words"),
        (None, "api_error", "The provider broke the stream off."),
    ],
)
def test_a_break_is_written_as_an_error_and_nothing_after_it(
    body: Any, kind: str, message: str
) -> None:
    found = deltas_of(written([TextDelta("hi"), StreamError(body), TextDelta("late"), EndMark()]))

    error = {"type": kind, "message": message}
    assert found[-1] == StreamError({"type": "error", "error": error, "request_id": None})
    assert found[-2] == TextDelta("hi")


# Read.


def test_counts_add_up_over_the_stream() -> None:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1}

    found = deltas_of(
        event("message_start", message={"id": "msg_1", "model": "m", "usage": usage}),
        event(
            "message_delta",
            delta={"stop_reason": "end_turn"},
            usage={"output_tokens": 7, "input_tokens": 0, "cache_read_input_tokens": None},
        ),
    )

    assert found == [
        StreamStart("msg_1", "m"),
        UsageDelta(Usage(15, 1, 16, 5)),
        FinishReason("stop"),
        UsageDelta(Usage(15, 7, 22, 5)),
    ]


@pytest.mark.parametrize(
    "data",
    [
        event("ping"),
        b": keep-alive\n\n",
        b"data: [DONE]\n\n",
        event("an_event_of_tomorrow", index=0),
        begun(type="text", text=""),
        begun(type="server_tool_use", id="srvtoolu_1", name="web_search", input={})
        + more(type="input_json_delta", partial_json='{"q"')
        + event("content_block_stop", index=0),
        more(type="citations_delta", citation={}),
        event("message_delta", delta={"stop_reason": None}),
    ],
)
def test_what_is_no_content_means_nothing(data: bytes) -> None:
    assert deltas_of(data) == []


@pytest.mark.parametrize(
    "data",
    [
        b"data: {broken\n\n",
        b"event: content_block_delta\ndata: {broken\n\n",
        b"data: <html>\n\n",
        b"data: 7\n\n",
        event("content_block_start", index="x"),
        event("content_block_delta", index=0),
        more(type="input_json_delta", partial_json="{}"),
    ],
)
def test_an_event_that_makes_no_sense_is_kept_apart(data: bytes) -> None:
    (found,) = deltas_of(data)

    assert isinstance(found, Unreadable)
    assert found.data in data.decode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
            Reason.OVERLOADED,
        ),
        (b'data: {"error":{"type":"rate_limit_error","message":"slow"}}\n\n', Reason.RATE_LIMIT),
        (b"event: error\ndata: Rate limit exceeded\n\n", Reason.RATE_LIMIT),
    ],
)
def test_an_error_inside_can_be_classified(data: bytes, reason: Reason) -> None:
    (found,) = deltas_of(data)

    assert isinstance(found, StreamError)
    error = classify(
        status=200,
        body=found.body,
        provider="anthropic",
        dialect=MESSAGES.name,
        where="stream",
    )
    assert error.reason is reason


def test_an_event_may_tell_its_kind_beside_its_data() -> None:
    assert deltas_of(b"event: message_stop\ndata: {}\n\n") == [EndMark()]


def test_a_beginning_that_is_said_twice_is_one_call() -> None:
    call = begun(type="tool_use", id="toolu_1", name="f", input={})

    found = deltas_of(call, call, more(type="input_json_delta", partial_json="{}"))

    assert found == [ToolCallDelta(0, "toolu_1", "f"), ToolCallDelta(0, arguments="{}")]


def test_arguments_may_come_with_the_beginning() -> None:
    found = deltas_of(
        begun(0, type="tool_use", id="toolu_1", name="f", input={"a": 1}),
        event("content_block_stop", index=0),
        begun(1, type="tool_use", id="toolu_2", name="f", input={"a": 1}),
        more(1, type="input_json_delta", partial_json='{"a":2}'),
        event("content_block_stop", index=1),
    )

    assert found == [
        ToolCallDelta(0, "toolu_1", "f"),
        ToolCallDelta(0, arguments='{"a":1}'),
        ToolCallDelta(1, "toolu_2", "f"),
        ToolCallDelta(1, arguments='{"a":2}'),
    ]


def test_blocks_that_never_close_do_not_make_memory_grow() -> None:
    found = deltas_of(*(begun(n, type="text", text="") for n in range(MOST_OPEN_BLOCKS + 1)))

    assert [type(delta) for delta in found] == [Unreadable]


@settings(max_examples=100)
@given(
    st.lists(
        st.binary(max_size=30)
        | st.sampled_from(
            [
                b"\n\n",
                b"data: ",
                b"event: error\n",
                b'{"type":"message_start","message":[]}',
                b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use"}}',
                b'{"type":"content_block_start","index":[],"content_block":{"type":[]}}',
                b'{"type":"content_block_delta","index":{},"delta":{"type":"input_json_delta"}}',
                b'{"type":"content_block_delta","index":0,"delta":{"type":["x"],"text":7}}',
                b'{"type":"content_block_stop","index":[]}',
                b'{"type":"message_delta","delta":{"stop_reason":{}},"usage":{"output_tokens":[]}}',
                b'{"type":[],"error":{}}',
            ]
        ),
        max_size=12,
    )
)
def test_no_bytes_make_it_raise(pieces: list[bytes]) -> None:
    found = events_of(*pieces)

    assert b"".join(event.raw for event in found) == b"".join(pieces)
