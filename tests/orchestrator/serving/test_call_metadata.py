"""The object of a call's facts, put into bytes that anybody may have written and cut anywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.serving.call_metadata import wants_metadata, with_metadata
from orchestrator.serving.respond import HttpReply

FACTS = {"x-orchestrator-target": "a/m", "x-orchestrator-attempts": "2", "x-request-id": "no"}
TOLD = {"target": "a/m", "attempts": 2}
Said = tuple[list[str], int]

STREAMS: dict[str, Said] = {
    "openai-chat": (
        [
            '{"choices":[{"delta":{"content":"a } b"},"finish_reason":null}]}',
            '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
            '{"choices":[{"delta":{"content":"of another"},"finish_reason":null}]}',
            '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
            '{"choices": [], "usage": {"total_tokens": 3} }',
            "[DONE]",
        ],
        4,
    ),
    "anthropic-messages": (
        [
            '{"type":"message_start","message":{}}',
            '{"type":"content_block_delta","delta":{"type":"text_delta","text":"}"}}',
            '{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}',
            '{"type": "message_stop"}',
        ],
        2,
    ),
    "openai-responses": (
        [
            '{"type":"response.created","sequence_number":0}',
            '{"type":"response.completed","sequence_number":1,"response":{"id":"r"}}',
        ],
        1,
    ),
    "gemini": (
        [
            '{"candidates":[{"content":{},"finishReason":"STOP"}]}',
            '{"candidates":[{"content":{},"finishReason":"STOP"}],"usageMetadata":{}}',
        ],
        1,
    ),
}
"""What is said, and the place of the last event before the end mark."""


class Cut:
    """A stream cut anywhere."""

    def __init__(self, data: bytes, at: Sequence[int]) -> None:
        self.data, self.at, self.is_closed = data, sorted({0, *at, len(data)}), False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for begin, end in zip(self.at, self.at[1:], strict=False):
            yield self.data[begin:end]

    async def aclose(self) -> None:
        self.is_closed = True


def annotated(body: Cut, dialect: str) -> bytes:
    async def main() -> bytes:
        reply = with_metadata(HttpReply(200, {}, body), dialect, lambda: FACTS)
        stream: Any = reply.body
        read = b"".join([data async for data in stream])
        await stream.aclose()
        assert body.is_closed
        return read

    return asyncio.run(main())


def lines(data: bytes) -> list[str]:
    return [
        line.removeprefix("data:").strip()
        for line in data.decode().splitlines()
        if line.startswith("data:")
    ]


@pytest.mark.parametrize("dialect", STREAMS)
@given(
    cuts=st.lists(st.integers(0, 400), max_size=12),
    ends=st.sampled_from(["\n", "\r\n"]),
    comment=st.sampled_from(["", ": ping\n\n"]),
)
def test_the_last_event_before_the_end_mark_has_it(
    dialect: str, cuts: list[int], ends: str, comment: str
) -> None:
    said, last = STREAMS[dialect]
    written = comment.join(f"event: x{ends}data: {one}{ends}{ends}" for one in said).encode()
    got = annotated(Cut(written, [at % (len(written) + 1) for at in cuts]), dialect)
    events = lines(got)

    found = json.loads(events[last])
    assert found.pop("orchestrator") == TOLD
    assert found == json.loads(said[last])
    assert [*events[:last], *events[last + 1 :]] == [*said[:last], *said[last + 1 :]]
    assert got.count(b"orchestrator") == 1
    added = len(got) - len(written)
    assert added == len(json.dumps({"orchestrator": TOLD}, separators=(",", ":"))) - 1


@pytest.mark.parametrize("dialect", STREAMS)
@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200)))
def test_what_is_no_stream_of_the_dialect_passes_as_it_is(
    dialect: str, data: bytes, cuts: list[int]
) -> None:
    assert annotated(Cut(data, [min(at, len(data)) for at in cuts]), dialect) == data


@pytest.mark.parametrize("dialect", STREAMS)
def test_a_stream_that_breaks_off_says_it_in_its_error(dialect: str) -> None:
    error = {"type": "error", "error": {"message": "no"}}
    said, _ = STREAMS[dialect]
    got = annotated(Cut(f"data: {said[0]}\n\ndata: {json.dumps(error)}\n\n".encode(), []), dialect)

    assert json.loads(lines(got)[-1]) == error | {"orchestrator": TOLD}


@given(
    st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.lists(st.integers())),
    st.integers(0, 4) | st.none(),
)
def test_a_whole_answer_has_it_and_stays_what_it_was(body: Any, indent: int | None) -> None:
    body.pop("orchestrator", None)
    content = json.dumps(body, indent=indent).encode() + b"\n"
    reply = with_metadata(HttpReply(200, FACTS, content), "openai-chat", dict)

    assert isinstance(reply.body, bytes)
    assert json.loads(reply.body) == body | {"orchestrator": TOLD}


@pytest.mark.parametrize("content", [b"", b"[1]", b"text"])
def test_what_is_no_object_passes_as_it_is(content: bytes) -> None:
    assert with_metadata(HttpReply(200, FACTS, content), "openai-chat", dict).body == content


@pytest.mark.parametrize(
    ("value", "wanted"), [("enabled", True), ("Enabled ", True), ("disabled", False), ("", False)]
)
def test_it_is_asked_for_by_a_header(value: str, wanted: bool) -> None:  # noqa: FBT001
    assert wants_metadata({"x-orchestrator-metadata": value}) is wanted
    assert not wants_metadata({})
