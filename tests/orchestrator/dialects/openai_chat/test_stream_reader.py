"""Streams of the chat-completions dialect, in all the forms that servers give them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import Usage, dialect
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
from tests.dialect_strategies import any_json, cuts, deltas_of, read

CHAT = dialect("openai-chat")
DONE = b"data: [DONE]\n\n"
BEGAN = StreamStart("a-1", "m")


def event(body: Any) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def piece(finish: str | None = None, **delta: Any) -> bytes:
    return event(body(finish, **delta))


def body(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "a-1", "model": "m", "choices": [choice]}


def call(**fields: Any) -> bytes:
    function = {key: fields.pop(key) for key in ("name", "arguments") if key in fields}
    return piece(tool_calls=[{**fields, "function": function}])


def said(*pieces: bytes) -> list[Delta]:
    return deltas_of(read(CHAT.stream_reader(), pieces))


def said_after_beginning(*pieces: bytes) -> list[Delta]:
    began, *rest = said(*pieces)
    assert began == BEGAN
    return rest


def test_the_standards_stream() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    counted = {"id": "a-1", "model": "m", "choices": [], "usage": usage}
    last = body(finish="stop") | {"usage": None}

    assert said(
        piece(role="assistant", content=""),
        piece(content="Hel"),
        piece(content="lo"),
        event(last),
        event(counted),
        DONE,
    ) == [
        BEGAN,
        TextDelta("Hel"),
        TextDelta("lo"),
        FinishReason("stop"),
        UsageDelta(Usage(3, 2, 5)),
        EndMark(),
    ]


@pytest.mark.parametrize(
    ("pieces", "deltas"),
    [
        ([b": OPENROUTER PROCESSING\n\n", b"\n\n", piece(content="a")], [TextDelta("a")]),
        (
            [piece(reasoning_content="hm"), piece(content="a")],
            [ThinkingDelta("hm"), TextDelta("a")],
        ),
        ([piece(reasoning="hm")], [ThinkingDelta("hm")]),
        ([piece(content=None, reasoning_content=None)], []),
        ([piece(refusal="no")], [TextDelta("no")]),
        ([piece(content=[{"type": "text", "text": "a"}])], [TextDelta("a")]),
        (
            [piece(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}])],
            [ThinkingDelta("hm")],
        ),
        (
            [piece(reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}])],
            [
                ThinkingDelta(
                    signature='{"type":"reasoning.encrypted","data":"x"}', dialect="openai-chat"
                )
            ],
        ),
        (
            [piece(reasoning_details=[{"type": "reasoning.text", "text": "hm"}])],
            [ThinkingDelta("hm")],
        ),
        (
            [event(body("stop", content="a") | {"usage": {"prompt_tokens": 1}})],
            [TextDelta("a"), FinishReason("stop"), UsageDelta(Usage(1, 0, 1))],
        ),
        (
            [event(body("stop") | {"x_groq": {"usage": {"completion_tokens": 1}}})],
            [FinishReason("stop"), UsageDelta(Usage(0, 1, 1))],
        ),
        ([piece(finish="max_tokens")], [FinishReason("length")]),
        ([piece(finish="")], []),
        (
            [event({"id": "a-1", "model": "m", "choices": [{"message": {"content": "whole"}}]})],
            [TextDelta("whole")],
        ),
        (
            [piece(content="a"), event({"choices": [{"index": 1, "delta": {"content": "b"}}]})],
            [TextDelta("a")],
        ),
        ([piece(), b"data: [DONE] \n\n"], [EndMark()]),
        ([piece(), b'data: {"choices": [\n\n', DONE], [Unreadable('{"choices": ['), EndMark()]),
        ([piece(), b"data: 42\n\n"], [Unreadable("42")]),
    ],
)
def test_other_forms(pieces: list[bytes], deltas: list[Delta]) -> None:
    assert said_after_beginning(*pieces) == deltas


def test_a_filters_report_before_the_answer_is_no_beginning() -> None:
    azure = {"id": "", "model": "", "choices": [], "prompt_filter_results": []}

    assert said(event(azure), piece(content="a")) == [BEGAN, TextDelta("a")]


ONE, TWO = ToolCallDelta(0, "x", "f", ""), ToolCallDelta(1, "y", "g", "")


@pytest.mark.parametrize(
    "pieces",
    [
        [
            call(index=0, id="x", name="f", arguments=""),
            call(index=0, arguments="{}"),
            call(index=1, id="y", name="g", arguments=""),
            call(index=1, arguments="[]"),
        ],
        [
            call(id="x", name="f"),
            call(arguments="{}"),
            call(id="y", name="g"),
            call(arguments="[]"),
        ],
        [
            call(index=0, id="x", name="f", arguments="{}"),
            call(index=0, id="y", name="g", arguments="[]"),
        ],
        [
            call(index=0, id="x", name="f", arguments="{"),
            call(index=0, id="x", name="f", arguments="}"),
            call(index=1, id="y", name="g", arguments="["),
            call(index=1, id="y", name="g", arguments="]"),
        ],
        [
            call(index=3, id="x", name="f", arguments=""),
            call(index=3, name="f", arguments="{}"),
            call(index=7, id="y", name="g", arguments=[]),
        ],
        [
            call(index=0, id="x", name="f"),
            call(index=1, id="y", name="g"),
            call(index=0, arguments="{}"),
            call(index=1, arguments="[]"),
        ],
        [
            call(index=0, id="x", name="f"),
            call(arguments="{}"),
            call(index=1, id="y", name="g", arguments=""),
            call(arguments="[]"),
        ],
    ],
)
def test_tool_calls_are_told_apart_however_they_are_numbered(pieces: list[bytes]) -> None:
    calls: dict[int, list[str]] = {}
    for delta in said_after_beginning(*pieces):
        assert isinstance(delta, ToolCallDelta)
        texts = calls.setdefault(delta.index, [delta.id, delta.name, ""])
        texts[2] += delta.arguments

    assert calls == {0: ["x", "f", "{}"], 1: ["y", "g", "[]"]}


def test_calls_without_ids_get_them_and_another_name_is_another_call() -> None:
    deltas = said_after_beginning(
        call(name="f", arguments="{"), call(name="f", arguments="}"), call(name="g")
    )

    assert deltas == [
        ToolCallDelta(0, "call_a-1_0", "f", "{"),
        ToolCallDelta(0, arguments="}"),
        ToolCallDelta(1, "call_a-1_1", "g", ""),
    ]


def test_the_form_of_before_tools_and_googles_signature() -> None:
    signed = {"google": {"thought_signature": "s"}}

    assert said_after_beginning(
        piece(function_call={"name": "f", "arguments": ""}),
        piece(function_call={"arguments": "{}"}, finish="function_call"),
    ) == [
        ToolCallDelta(0, "call_a-1_0", "f", ""),
        ToolCallDelta(0, arguments="{}"),
        FinishReason("tool_calls"),
    ]
    assert said_after_beginning(call(index=0, id="x", name="f", extra_content=signed)) == [
        ToolCallDelta(0, "x", "f", "", "s")
    ]


@pytest.mark.parametrize("where", ["chunk", "choice", "delta"])
def test_the_quick_way_hides_nothing(where: str) -> None:
    odd = body(content="a")
    places = {"chunk": odd, "choice": odd["choices"][0], "delta": odd["choices"][0]["delta"]}
    places[where]["error"] = ERROR
    told = {
        "chunk": StreamError(odd),
        "choice": StreamError({"error": ERROR}),
        "delta": TextDelta("a"),
    }

    assert said_after_beginning(piece(content="b"), event(odd)) == [TextDelta("b"), told[where]]


@pytest.mark.parametrize(
    "extra", [{}, {"obfuscation": "x"}, {"usage": None, "service_tier": "default"}, {"x_new": 1}]
)
def test_the_quick_way_and_the_long_one_read_the_same(extra: dict[str, Any]) -> None:
    chunk = event(body(content="a") | extra)

    assert said_after_beginning(chunk, chunk) == [TextDelta("a"), TextDelta("a")]


ERROR = {"message": "Insufficient Balance", "code": 402}


@pytest.mark.parametrize(
    ("pieces", "reported"),
    [
        ([event({"error": ERROR})], {"error": ERROR}),
        ([event(body("error") | {"error": ERROR})], body("error") | {"error": ERROR}),
        (
            [event({"choices": [{"index": 0, "delta": {}, "error": ERROR}]})],
            {"error": ERROR},
        ),
        ([event({"id": "a-1", "x_groq": {"error": "over"}, "choices": []})], {"error": "over"}),
        ([b"event: error\ndata: overloaded\n\n"], "overloaded"),
        ([b'event: error\ndata: {"message": "over"}\n\n'], {"message": "over"}),
        (
            [event({"error": "over", "error_type": "overloaded"})],
            {"error": "over", "error_type": "overloaded"},
        ),
        ([b'{"error": {"code": 402}}'], {"error": {"code": 402}}),
        ([b'{"error": {"code": 402}}\n\n'], {"error": {"code": 402}}),
    ],
)
def test_an_error_in_the_stream_is_told_whole(pieces: list[bytes], reported: Any) -> None:
    assert said(*pieces) == [StreamError(reported)]
    assert said(piece(content="a"), *pieces)[2:] == [StreamError(reported)]


@given(st.data())
def test_no_cut_changes_what_was_said_and_a_prefix_says_a_prefix(data: st.DataObject) -> None:
    whole = b"".join(
        [
            piece(role="assistant", content=""),
            b": ping\r\n\r\n",
            piece(content="Héllo"),
            call(index=0, id="x", name="f", arguments="{}"),
            piece(finish="tool_calls"),
            DONE,
        ]
    )
    pieces = data.draw(cuts(whole))
    events = read(CHAT.stream_reader(), pieces)
    end = data.draw(st.integers(0, len(whole)))
    part = said(whole[:end])

    assert deltas_of(events) == said(whole)
    assert b"".join(event.raw for event in events) == whole
    assert said(whole)[: len(part)] == part
    assert (EndMark() in part) is (end == len(whole))


KEYS = [
    "choices", "delta", "content", "tool_calls", "function", "name", "arguments", "index", "id",
    "usage", "error", "finish_reason", "message", "reasoning_details", "text", "function_call",
]  # fmt: skip


@given(st.lists(any_json(KEYS).map(event) | st.binary(max_size=20), max_size=4), st.data())
def test_reading_never_raises(events: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(events)

    assert said(*data.draw(cuts(whole))) == said(whole)


@given(any_json(KEYS), any_json(KEYS))
def test_reading_survives_anything_in_a_delta(one: Any, other: Any) -> None:
    said(event({"choices": [{"delta": {"content": one, "tool_calls": other}}], "usage": one}))
    said(piece(tool_calls=[{"index": one, "function": other}, {"id": other, "function": one}]))
