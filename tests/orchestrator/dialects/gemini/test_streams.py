"""Streams are read however they are cut, and what is written is read as what was meant."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orchestrator
from orchestrator.dialects import Usage
from orchestrator.dialects.gemini import GEMINI
from orchestrator.dialects.gemini.vocabulary import NAME
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
from tests.dialect_strategies import cuts, delta_sequences, deltas_of, gathered, read, text_of


def _chunk(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    finish = {"finishReason": more.pop("finish")} if "finish" in more else {}
    candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0, **finish}
    return {"candidates": [candidate], "modelVersion": "m-1", "responseId": "r1", **more}


_CHUNKS = [
    _chunk({"text": 'I think. {["', "thought": True}),
    _chunk({"text": "Grüße, "}),
    _chunk({"text": 'Welt: }]\n\n\\"'}, {"text": "", "thoughtSignature": "c2ln"}),
    _chunk({"functionCall": {"name": "look", "args": {"at": "ß"}}, "thoughtSignature": "c2lo"}),
    _chunk(
        {"functionCall": {"id": "given", "name": "stop", "args": {}}},
        finish="STOP",
        usageMetadata={
            "promptTokenCount": 3,
            "candidatesTokenCount": 4,
            "thoughtsTokenCount": 5,
            "totalTokenCount": 12,
        },
    ),
]
_SAID: list[Delta] = [
    StreamStart("r1", "m-1"),
    ThinkingDelta('I think. {["', dialect=NAME),
    TextDelta("Grüße, "),
    TextDelta('Welt: }]\n\n\\"'),
    ThinkingDelta(signature="c2ln", redacted=True, dialect=NAME),
    ToolCallDelta(0, "call_r1_0", "look", '{"at":"ß"}', "c2lo"),
    ToolCallDelta(1, "given", "stop", "{}"),
    UsageDelta(Usage(3, 9, 12, 0, 5)),
    FinishReason("tool_calls"),
    EndMark(),
]


def _events(chunks: list[Any]) -> bytes:
    return b"".join(
        b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\r\n\r\n" for chunk in chunks
    )


def _list(chunks: list[Any]) -> bytes:
    return ("[" + ",\r\n".join(json.dumps(chunk, indent=2) for chunk in chunks) + "\n]\n").encode()


_FORMS = pytest.mark.parametrize("form", [_events, _list])


@_FORMS
def test_a_stream_is_read(form: Any) -> None:
    assert deltas_of(read(GEMINI.stream_reader(), [form(_CHUNKS)])) == _SAID


@_FORMS
@given(data=st.data())
def test_no_cut_changes_what_is_read(form: Any, data: st.DataObject) -> None:
    whole = form(_CHUNKS)

    events = read(GEMINI.stream_reader(), data.draw(cuts(whole)))

    assert deltas_of(events) == _SAID
    assert b"".join(event.raw for event in events) == whole


@_FORMS
def test_a_stream_that_breaks_off_anywhere_is_a_prefix_and_never_whole(form: Any) -> None:
    whole = form(_CHUNKS)
    end = whole.rindex(b"}") + (1 if form is _list else 4)
    for cut in range(end):
        deltas = deltas_of(read(GEMINI.stream_reader(), [whole[:cut]]))

        assert text_of(_SAID).startswith(text_of(deltas))
        assert deltas == _SAID[: len(deltas)]
        assert not any(isinstance(delta, FinishReason | EndMark) for delta in deltas)


@_FORMS
@pytest.mark.parametrize("place", range(1, len(_CHUNKS)))
def test_an_error_between_any_two_events_is_told(form: Any, place: int) -> None:
    error = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}

    deltas = deltas_of(read(GEMINI.stream_reader(), [form([*_CHUNKS[:place], error])]))

    assert deltas[-1] == StreamError(error)
    assert not any(isinstance(delta, FinishReason | EndMark) for delta in deltas)
    assert orchestrator.classify(body=error, dialect=NAME, where="stream").reason == "overloaded"


@_FORMS
@pytest.mark.parametrize("place", range(len(_CHUNKS)))
@pytest.mark.parametrize("broken", [b"data: {oops}\n\n", b": ping\n\n", b"event: x\n\n"])
def test_what_is_inserted_between_two_events_does_no_harm(
    form: Any, place: int, broken: bytes
) -> None:
    if form is _list:
        pieces = [b"[{oops},", *(json.dumps(chunk).encode() + b"," for chunk in _CHUNKS), b"]"]
    else:
        pieces = [_events([chunk]) for chunk in _CHUNKS]
        pieces.insert(place, broken)

    deltas = deltas_of(read(GEMINI.stream_reader(), pieces))

    assert [delta for delta in deltas if not isinstance(delta, Unreadable)] == _SAID
    assert (len(deltas) > len(_SAID)) == (form is _list or b"oops" in broken)


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([{"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r"}], "content_policy"),
        ([{"code": 429, "message": "Resource has been exhausted"}], "rate_limit"),
    ],
)
def test_a_failure_in_place_of_a_candidate_breaks_the_stream(
    chunks: list[Any], reason: str
) -> None:
    broke = deltas_of(read(GEMINI.stream_reader(), [_events(chunks)]))[-1]

    assert isinstance(broke, StreamError)
    assert orchestrator.classify(body=broke.body, dialect=NAME, where="stream").reason == reason


def test_a_refusal_after_words_is_a_finish_reason() -> None:
    deltas = deltas_of(
        read(GEMINI.stream_reader(), [_events([_chunk({"text": "a"}), _chunk(finish="SAFETY")])])
    )

    assert deltas[-2:] == [FinishReason("content_filter"), EndMark()]


def test_other_candidates_are_not_mixed_in() -> None:
    other = {"candidates": [{"index": 1, "content": {"parts": [{"text": "no"}]}}]}

    deltas = deltas_of(read(GEMINI.stream_reader(), [_events([*_CHUNKS[:2], other, *_CHUNKS[2:]])]))

    assert deltas == _SAID


def test_one_object_in_place_of_a_stream_is_read() -> None:
    deltas = deltas_of(
        read(GEMINI.stream_reader(), [json.dumps(_chunk({"text": "a"}, finish="STOP")).encode()])
    )

    assert deltas == [StreamStart("r1", "m-1"), TextDelta("a"), FinishReason("stop"), EndMark()]


@given(
    st.lists(
        st.binary(max_size=30)
        | st.sampled_from([b"[", b"]", b"{", b"}", b'"', b"data: ", b"\n\n", b"{}", b"[]", b"1"])
        | st.sampled_from([_events([chunk]) for chunk in _CHUNKS]),
        max_size=8,
    )
)
def test_no_bytes_raise(pieces: list[bytes]) -> None:
    assert isinstance(read(GEMINI.stream_reader(), pieces), list)


@pytest.mark.parametrize("opening", [b'[{"candidates": "', b'data: {"candidates": "'])
def test_an_event_that_never_ends_does_not_fill_the_memory(opening: bytes) -> None:
    reader = GEMINI.stream_reader()
    deltas = deltas_of(read(reader, [opening, *[b"x" * (1 << 20)] * 20]))

    assert [type(delta) for delta in deltas] == [Unreadable]


# Writing.


def _written(deltas: list[Delta], model: str = "m-1") -> bytes:
    writer = GEMINI.stream_writer(Heading(model=model))
    return b"".join(writer.write(delta) for delta in deltas)


@given(delta_sequences(thinking=True))
def test_what_is_written_is_read_as_what_was_meant(deltas: list[Delta]) -> None:
    signed = [
        attrs.evolve(delta, dialect=NAME) if isinstance(delta, ThinkingDelta) else delta
        for delta in deltas
    ]

    found = deltas_of(read(GEMINI.stream_reader(), [_written(signed, "model-1")]))

    assert gathered(found) == _filled(gathered(signed))
    assert text_of(found) == text_of(deltas)
    assert isinstance(found[-1], EndMark)


def _filled(deltas: list[Delta]) -> list[Delta]:
    """A call without arguments has an empty object here."""
    return [
        attrs.evolve(delta, arguments=delta.arguments or "{}")
        if isinstance(delta, ToolCallDelta)
        else delta
        for delta in deltas
    ]


def test_signatures_are_written_and_those_of_others_are_not() -> None:
    written = _written(
        [
            ThinkingDelta("hm"),
            ThinkingDelta(signature="theirs", dialect="anthropic-messages"),
            ThinkingDelta(signature="ours", redacted=True, dialect=NAME),
            ToolCallDelta(0, "a", "f", "{}", signature="call"),
            FinishReason("tool_calls"),
            EndMark(),
        ]
    )

    assert b"theirs" not in written
    assert deltas_of(read(GEMINI.stream_reader(), [written])) == [
        StreamStart("0", "m-1"),
        ThinkingDelta("hm", dialect=NAME),
        ThinkingDelta(signature="ours", redacted=True, dialect=NAME),
        ToolCallDelta(0, "a", "f", "{}", "call"),
        FinishReason("tool_calls"),
        EndMark(),
    ]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"error": {"code": 429, "message": "slow", "status": "X"}}, 429, "slow"),
        ({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, 500, "busy"),
        ("plain", 500, "plain"),
        (None, 500, "the provider reported an error inside the stream"),
    ],
)
def test_a_break_is_written_as_an_error_and_nothing_after_it(
    body: Any, code: int, message: str
) -> None:
    written = _written(
        [TextDelta("a"), StreamError(body), TextDelta("b"), FinishReason("stop"), EndMark()]
    )

    *_, last = deltas_of(read(GEMINI.stream_reader(), [written]))

    assert isinstance(last, StreamError)
    assert (last.body["error"]["code"], last.body["error"]["message"]) == (code, message)


@pytest.mark.parametrize(
    ("reason", "expected"), [("tool_calls", "MALFORMED_FUNCTION_CALL"), ("length", "MAX_TOKENS")]
)
def test_a_torn_call_is_not_written_as_a_call(reason: str, expected: str) -> None:
    written = _written([ToolCallDelta(0, "a", "f", '{"x": '), FinishReason(reason), EndMark()])

    assert b"functionCall" not in written
    assert json.loads(written.removeprefix(b"data: "))["candidates"][0]["finishReason"] == expected


def test_an_end_without_a_finish_reason_is_not_made_up() -> None:
    assert b"finishReason" not in _written([TextDelta("a"), EndMark()])
