"""Tool calls of a stream are told once, whole, however a server spells them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import FinishReason, StreamEvent, ToolCallDelta, is_content
from tests.dialect_strategies import cuts

CHAT = dialect("openai-chat")


def chunk(finish: str | None = None, **delta: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "a-1", "choices": [choice]}).encode() + b"\n\n"


def piece(arguments: Any = None, *, name: str | None = None, **more: Any) -> dict[str, Any]:
    said = {"name": name, "arguments": arguments}
    return {**more, "function": {key: said[key] for key in said if said[key] is not None}}


def stream(pieces: Iterable[dict[str, Any]], finish: str = "tool_calls") -> list[StreamEvent]:
    reader = CHAT.stream_reader()
    body = b"".join(chunk(tool_calls=[one]) for one in pieces) + chunk(finish)
    return [*reader.feed(body + b"data: [DONE]\n\n"), *reader.close()]


def calls(events: Iterable[StreamEvent]) -> list[tuple[str, str, str]]:
    """Each call with its id, its name and its arguments."""
    found: dict[int, list[str]] = {}
    for event in events:
        for delta in event.deltas:
            if isinstance(delta, ToolCallDelta):
                call = found.setdefault(delta.index, ["", "", ""])
                call[0] += delta.id
                call[1] += delta.name
                call[2] += delta.arguments
    return [(one[0], one[1], one[2]) for _, one in sorted(found.items())]


def shown(events: Iterable[StreamEvent]) -> list[tuple[str, str, str]]:
    """The same as a client puts it together of the bytes that it is passed."""
    reader = CHAT.stream_reader()
    accumulated: dict[int, list[str]] = {}
    raw = b"".join(event.raw for event in events)
    for line in raw.decode().splitlines():
        if not line.startswith("data: {"):
            continue
        for one in json.loads(line[6:])["choices"][0]["delta"].get("tool_calls", ()):
            call = accumulated.setdefault(one["index"], ["", "", ""])
            call[0] += one.get("id") or ""
            call[1] += one["function"].get("name") or ""
            call[2] += one["function"].get("arguments") or ""
    assert calls(reader.feed(raw)) == calls(events)
    return [(one[0], one[1], one[2]) for _, one in sorted(accumulated.items())]


F, G = ("t1", "f", '{"x":1}'), ("t2", "g", "{}")

SPELLINGS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str, str]]]] = {
    "the standard": (
        [piece("", index=0, id="t1", name="f"), piece('{"x"', index=0), piece(":1}", index=0)],
        [F],
    ),
    "name after the id": ([piece(id="t1"), piece('{"x":1}', id="t1", name="f")], [F]),
    "name after arguments": (
        [piece('{"x"', id="t1"), piece(":1}", id="t1", name="f")],
        [F],
    ),
    "name at the end": (
        [piece(index=0, id="t1"), piece('{"x":1}', index=0), piece(index=0, name="f")],
        [F],
    ),
    "id after the name": ([piece(name="f"), piece('{"x":1}', id="t1")], [("call_a-1_0", *F[1:])]),
    "id and name in every piece": (
        [piece('{"x"', id="t1", name="f"), piece(":1}", id="t1", name="f")],
        [F],
    ),
    "another index for every piece": (
        [piece('{"x"', index=0, id="t1", name="f"), piece(":1}", index=1, id="t1", name="f")],
        [F],
    ),
    "one index for all": (
        [piece('{"x":1}', index=0, id="t1", name="f"), piece("{}", index=0, id="t2", name="g")],
        [F, G],
    ),
    "no index": (
        [piece('{"x":1}', id="t1", name="f"), piece("{}", id="t2", name="g")],
        [F, G],
    ),
    "one id for two": (
        [piece('{"x":1}', id="t1", name="f"), piece("{}", id="t1", name="g")],
        [F, ("call_a-1_1", "g", "{}")],
    ),
    "neither id nor index": (
        [piece('{"x":1}', name="f"), piece("{}", name="f")],
        [("call_a-1_0", "f", '{"x":1}'), ("call_a-1_1", "f", "{}")],
    ),
    "no arguments": ([piece(index=0, id="t2", name="g")], [G]),
    "empty arguments": ([piece("", index=0, id="t2", name="g")], [G]),
    "null": ([piece("null", index=0, id="t2", name="g")], [G]),
    "null in pieces": (
        [piece("nu", index=0, id="t2", name="g"), piece("ll", index=0)],
        [G],
    ),
    "an object": ([piece({"x": 1}, index=0, id="t1", name="f")], [F]),
    "pieces of white space": (
        [piece('{"x":', index=0, id="t1", name="f"), piece(" ", index=0), piece("1}", index=0)],
        [("t1", "f", '{"x": 1}')],
    ),
    "null as a value": (
        [piece('{"x":', index=0, id="t1", name="f"), piece("null", index=0), piece("}", index=0)],
        [("t1", "f", '{"x":null}')],
    ),
    "another number": ([piece('{"x":1}', index=3, id="t1", name="f")], [F]),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_call_is_one_call_with_all_that_is_its_own(spelling: str) -> None:
    pieces, expected = SPELLINGS[spelling]
    events = stream(pieces)

    assert calls(events) == expected
    assert shown(events) == expected


@pytest.mark.parametrize("spelling", SPELLINGS)
@given(data=st.data())
def test_no_cut_changes_it(spelling: str, data: st.DataObject) -> None:
    pieces, expected = SPELLINGS[spelling]
    body = b"".join(chunk(tool_calls=[one]) for one in pieces) + chunk("tool_calls")
    reader = CHAT.stream_reader()

    events = [event for part in data.draw(cuts(body)) for event in reader.feed(part)]

    assert calls(events) == expected


def test_a_client_is_shown_the_very_bytes_where_nothing_is_amiss() -> None:
    pieces, _ = SPELLINGS["the standard"]
    body = b"".join(chunk(tool_calls=[one]) for one in pieces) + chunk("tool_calls")

    assert b"".join(event.raw for event in CHAT.stream_reader().feed(body)) == body


@pytest.mark.parametrize(
    ("said", "told"), [("stop", "tool_calls"), ("tool_use", "tool_calls"), ("length", "length")]
)
def test_the_parts_decide_why_it_stopped(said: str, told: str) -> None:
    events = stream(SPELLINGS["the standard"][0], said)
    (last,) = [event for event in events if any(isinstance(d, FinishReason) for d in event.deltas)]

    assert last.deltas == (FinishReason(told),)
    assert f'"finish_reason":"{told}"'.encode() in last.raw.replace(b" ", b"")


def test_arguments_that_did_not_come_before_the_limit_are_not_made_up() -> None:
    assert calls(stream(SPELLINGS["empty arguments"][0], "length")) == [("t2", "g", "")]


def test_a_call_whose_name_never_comes_is_no_content() -> None:
    events = stream([piece('{"x":1}', index=0, id="t1")])

    assert calls(events) == [("t1", "", '{"x":1}')]
    assert not any(is_content(delta) for event in events for delta in event.deltas)


WHOLE = {"role": "assistant", "content": "one two"}


@pytest.mark.parametrize("before", [["one ", "two"], []])
def test_a_whole_message_at_the_end_is_the_answer_only_where_none_came(before: list[str]) -> None:
    last = {"index": 0, "delta": {}, "message": WHOLE, "finish_reason": "stop"}
    body = b"".join(chunk(content=text) for text in before)
    events = CHAT.stream_reader().feed(
        body + b"data: " + json.dumps({"id": "a-1", "choices": [last]}).encode() + b"\n\n"
    )
    raw = b"".join(event.raw for event in events).decode()

    texts = [getattr(delta, "text", "") for event in events for delta in event.deltas]
    pieces = [json.loads(line[6:])["choices"][0]["delta"] for line in raw.splitlines() if line]
    assert "".join(texts) == "one two"
    assert "".join(one.get("content", "") for one in pieces) == "one two"


def test_of_a_message_at_the_end_counts_what_did_not_come_before() -> None:
    call = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {**WHOLE, "tool_calls": [call]}
    last = {"index": 0, "delta": {}, "message": message, "finish_reason": "stop"}
    body = chunk(content="one two") + b"data: " + json.dumps({"choices": [last]}).encode() + b"\n\n"

    events = CHAT.stream_reader().feed(body)

    assert calls(events) == [("t1", "f", "{}")]
    assert shown(events) == [("t1", "f", "{}")]
    assert sum(getattr(d, "text", "") == "one two" for e in events for d in e.deltas) == 1
