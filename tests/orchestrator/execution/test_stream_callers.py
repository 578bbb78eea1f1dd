"""Callers of streams who go away: the machine and the connection end with them, at once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import pytest

from orchestrator import Orchestrator
from orchestrator.api.streams import AsyncChunkStream, ChunkStream
from orchestrator.clock import VirtualClock
from orchestrator.ledger import Closed, Entry
from orchestrator.sim import Ending, ScriptedProviders, replies
from tests.acceptance.world import HI, counts
from tests.orchestrator.execution.streamed import cut, paced, read, streams
from tests.orchestrator.execution.wires import TEXT, chat
from tests.waiting import eventually


def gone(providers: ScriptedProviders) -> bool:
    """Whether the connection is closed, which its provider never does and no limit does so soon."""
    return eventually(lambda: not providers.connections)


@contextmanager
def slow() -> Iterator[tuple[ScriptedProviders, Orchestrator, list[Entry]]]:
    entries: list[Entry] = []
    begun = b"".join(chat().events[:2])
    scripts = {"a": cut(begun + b"x", len(begun), Ending.HANG), "b": replies.ok()}
    with streams(scripts) as (providers, orchestrator):
        yield providers, orchestrator, entries
        assert counts(providers, "a", "b") == (1, 0)


def ended(entries: list[Entry]) -> tuple[str | None, str]:
    (closed,) = [entry for entry in entries if isinstance(entry, Closed)]
    return closed.stopped_by, closed.outcome


def by_break(stream: ChunkStream) -> None:
    with stream as chunks:
        for chunk in chunks:
            assert chunk.text
            break


def by_close(stream: ChunkStream) -> None:
    next(stream)
    stream.close()
    stream.close()
    assert list(stream) == []


def by_forgetting(stream: ChunkStream) -> None:
    next(stream)


def by_an_exception(stream: ChunkStream) -> None:
    with pytest.raises(KeyError), stream as chunks:  # noqa: PT012 - a block that breaks
        next(chunks)
        raise KeyError


ways = pytest.mark.parametrize("leave", [by_break, by_close, by_forgetting, by_an_exception])


@ways
def test_a_caller_who_leaves_ends_the_call(leave: Callable[[ChunkStream], None]) -> None:
    with slow() as (providers, orchestrator, entries):
        leave(orchestrator.stream(HI, observe=entries.append))

        assert gone(providers)
        assert ended(entries) == ("cancelled", "fail_terminal")


async def abreak(stream: AsyncChunkStream) -> None:
    async with stream as chunks:
        async for chunk in chunks:
            assert chunk.text
            break


async def aclose(stream: AsyncChunkStream) -> None:
    await anext(stream)
    await stream.close()
    await stream.close()
    assert [chunk async for chunk in stream] == []


async def aforget(stream: AsyncChunkStream) -> None:
    await anext(stream)
    del stream
    gc.collect()
    await asyncio.sleep(0)


async def acancel(stream: AsyncChunkStream) -> None:
    begun = asyncio.Event()

    async def consume(chunks: AsyncIterator[object]) -> None:
        async for _ in chunks:
            begun.set()

    task = asyncio.create_task(consume(stream))
    await begun.wait()
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task


async def atimeout(stream: AsyncChunkStream) -> None:
    await anext(stream)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(stream), 0.05)


@pytest.mark.parametrize("leave", [abreak, aclose, aforget, acancel, atimeout])
def test_a_task_that_leaves_ends_the_call(leave: Callable[[AsyncChunkStream], object]) -> None:
    with slow() as (providers, orchestrator, entries):

        async def main() -> None:
            await leave(orchestrator.astream(HI, observe=entries.append))  # type: ignore[misc]  # each is a coroutine function
            # The loop still runs: it is the call that closed the connection.
            assert await asyncio.to_thread(gone, providers)
            assert ended(entries) == ("cancelled", "fail_terminal")

        asyncio.run(main())


def test_who_leaves_after_the_finish_reason_has_it_all() -> None:
    entries: list[Entry] = []
    wire = chat()
    with streams({"a": paced(*wire.events[:-2], wire.events[-1], pace=0.1)}) as (_, orchestrator):
        stream = orchestrator.stream(HI, observe=entries.append)
        with stream as chunks:
            for chunk in chunks:
                if chunk.finish_reason:
                    break

        assert ended(entries) == (None, "succeed")
        assert stream.response.text == TEXT


def test_a_claim_is_given_back_by_who_leaves() -> None:
    clock = VirtualClock()
    script = [*[replies.overloaded()] * 3, paced(*chat().events), replies.ok("again")]
    with streams({"a": script}, clock=clock) as (_, orchestrator):
        for _call in range(3):
            read(orchestrator)
        clock.advance(6)
        # The circuit was open: this call is its probe, and nobody else may be until it ends.
        with orchestrator.stream(HI) as chunks:
            next(chunks)
        began = clock.monotonic()

        assert read(orchestrator).text == "again"
        assert clock.monotonic() - began < 1


def test_nothing_is_asked_before_the_first_chunk_is_wanted() -> None:
    with streams({"a": replies.ok()}) as (providers, orchestrator):
        with orchestrator.stream(HI):
            pass
        orchestrator.stream(HI).close()

        assert counts(providers, "a") == (0,)


def test_there_is_no_response_before_the_end() -> None:
    with streams({"a": replies.ok("two words")}) as (_, orchestrator):
        chunks = orchestrator.stream(HI)
        next(chunks)
        with pytest.raises(LookupError, match="iterate it first"):
            _ = chunks.response
        chunks.close()
