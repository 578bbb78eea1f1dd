"""What a streamed call gives the caller: chunks, then the whole response."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from orchestrator import NoTarget, Orchestrator
from orchestrator.api.chunks import Chunk
from orchestrator.api.streams import AsyncChunkStream, ChunkStream
from orchestrator.clock import SystemClock
from orchestrator.dialects.answer import Usage
from orchestrator.dialects.neutral import TextDelta
from orchestrator.sim import replies
from tests.acceptance.world import HI, counts
from tests.orchestrator.execution.streamed import Reader, aread, paced, raw, read, streams
from tests.orchestrator.execution.wires import TEXT, chat, event

both = pytest.mark.parametrize("reader", [read, aread], ids=["stream", "astream"])


@both
def test_chunks_say_the_text_then_why_it_ended_then_what_it_cost(reader: Reader) -> None:
    with streams({"a": replies.ok("a few words")}) as (providers, orchestrator):
        got = reader(orchestrator)

        assert [chunk.text for chunk in got.chunks] == ["a", " few", " words", "", ""]
        assert [chunk.finish_reason for chunk in got.chunks] == [None, None, None, "stop", None]
        assert got.chunks[-1].usage == Usage(10, 5, 15)
        assert providers.received("a")[0].body["stream_options"] == {"include_usage": True}


@both
def test_a_chunk_is_a_chat_completion_chunk_of_one_answer(reader: Reader) -> None:
    with streams({"a": paced(*chat().events, pace=0.17)}) as (_, orchestrator):
        got = reader(orchestrator)

        dicts = [chunk.to_dict() for chunk in got.chunks]
        assert {each["object"] for each in dicts} == {"chat.completion.chunk"}
        # The stream lasts longer than a second, and yet it is one answer.
        assert len({(each["id"], each["created"], each["model"]) for each in dicts}) == 1
        assert dicts[0]["choices"][0]["delta"]["content"] == TEXT[:3]
        assert got.response is not None
        whole = got.response.to_dict()
        assert whole["choices"][0]["message"]["content"] == TEXT
        assert whole["created"] == dicts[0]["created"] > 1_700_000_000


@both
def test_tool_calls_come_in_pieces_and_whole(reader: Reader) -> None:
    calls = [("search", '{"q": "a"}'), ("fetch", '{"u": "b"}')]
    reply = replies.ok(None, finish_reason="tool_calls", tool_calls=calls)
    with streams({"a": reply}) as (_, orchestrator):
        got = reader(orchestrator)

        assert got.response is not None
        assert [(c.name, c.arguments) for c in got.response.tool_calls] == calls
        pieces = [piece for chunk in got.chunks for piece in chunk.tool_calls]
        assert "".join(piece.arguments for piece in pieces if piece.index == 1) == '{"u": "b"}'


def test_thoughts_are_told_apart_from_words() -> None:
    def chunk(**delta: str) -> bytes:
        return event({"id": "x", "choices": [{"index": 0, "delta": delta}]})

    body = chunk(reasoning_content="hm") + b"".join(chat(("so",)).events)
    with streams({"a": raw(body)}) as (_, orchestrator):
        got = read(orchestrator)

        assert ("".join(chunk.reasoning for chunk in got.chunks), got.text) == ("hm", "so")


@both
def test_a_finished_stream_gives_nothing_more_and_asks_nobody_again(reader: Reader) -> None:
    with streams({"a": replies.ok()}) as (providers, orchestrator):
        stream = orchestrator.stream(HI)

        assert "".join(chunk.text for chunk in stream) == "ok"
        assert list(stream) == []
        assert counts(providers, "a") == (1,)
        assert reader(orchestrator).text == "ok"


def test_many_tasks_stream_at_once_and_none_gets_what_is_anothers() -> None:
    async def one(orchestrator: Orchestrator, number: int) -> str:
        stream = orchestrator.astream(HI, route=f"p{number % 5}/m")
        async with stream as chunks:
            return "".join([chunk.text async for chunk in chunks])

    async def main(orchestrator: Orchestrator) -> list[str]:
        return await asyncio.gather(*(one(orchestrator, number) for number in range(100)))

    scripts = {f"p{number}": replies.ok(f"I am {number}", pace=0.005) for number in range(5)}
    with streams(scripts) as (_, orchestrator):
        told = asyncio.run(main(orchestrator))

        assert told == [f"I am {number % 5}" for number in range(100)]


@both
def test_where_nobody_can_be_asked_the_first_chunk_says_so(reader: Reader) -> None:
    small = '[targets."a/m"]\ncontext = 10'
    long = {"messages": [{"role": "user", "content": "word " * 1000}]}
    with streams({"a": replies.ok()}, extra=small) as (providers, orchestrator):
        got = reader(orchestrator, long)

        assert isinstance(got.failure, NoTarget)
        assert counts(providers, "a") == (0,)


def test_a_chunk_is_a_value_that_pickles() -> None:
    chunk, other = (Chunk(TextDelta("hi"), "id", "m", 1, "a/m") for _ in range(2))

    assert (chunk, hash(chunk)) == (other, hash(other))
    assert chunk != Chunk(TextDelta("ho"), "id", "m", 1, "a/m")
    assert pickle.loads(pickle.dumps(chunk)) == chunk
    assert "text='hi'" in repr(chunk)
    with pytest.raises(AttributeError):
        chunk.model = "other"  # type: ignore[misc]


class Interrupt(BaseException):
    """What a signal handler may raise, anywhere."""


@attrs.frozen
class InterruptingClock(SystemClock):
    """Raises once where it is read after a stream's first content has come."""

    seen: list[str] = attrs.field(factory=list)

    def observe(self, entry: Any) -> None:
        self.seen.append(entry.to if entry.kind == "transition" else entry.kind)

    def time(self) -> float:
        if self.seen[-1:] == ["stream"]:
            self.seen.append("interrupted")
            raise Interrupt
        return time.time()


Left = tuple[list[Chunk], ChunkStream | AsyncChunkStream]
Interrupted = Callable[[Orchestrator, Callable[[Any], None]], Left]


def interrupted(orchestrator: Orchestrator, observe: Callable[[Any], None]) -> Left:
    stream = orchestrator.stream(HI, observe=observe)
    with pytest.raises(Interrupt):
        next(stream)
    return list(stream), stream


def ainterrupted(orchestrator: Orchestrator, observe: Callable[[Any], None]) -> Left:
    async def main() -> Left:
        stream = orchestrator.astream(HI, observe=observe)
        with pytest.raises(Interrupt):
            await anext(stream)
        return [chunk async for chunk in stream], stream

    return asyncio.run(main())


@pytest.mark.parametrize("reader", [interrupted, ainterrupted], ids=["stream", "astream"])
def test_an_interrupt_in_the_middle_of_an_event_leaves_no_hole_in_the_text(
    reader: Interrupted,
) -> None:
    clock = InterruptingClock()
    with streams({"a": raw(b"".join(chat().events))}, clock=clock) as (_, orchestrator):
        chunks, stream = reader(orchestrator, clock.observe)

        assert chunks == []
        with pytest.raises(LookupError):
            stream.response.to_dict()
        assert clock.seen[-1] == "closed"
