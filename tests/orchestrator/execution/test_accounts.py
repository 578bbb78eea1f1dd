"""What each attempt cost: the provider's own count, and whether it may be on a bill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest

from orchestrator import Orchestrator, Usage
from orchestrator.config import loading
from orchestrator.ledger import Attempt, Billed, billed
from orchestrator.sim import ClosedPort, Cut, Ending, Reply, replies
from orchestrator.sim.script import AnyScript
from orchestrator.states import Error, Reason, State
from tests.acceptance.world import HI, failure, outcome, run, world
from tests.orchestrator.execution.streamed import CONTINUE, Reader, aread, cut, raw, read, streams
from tests.orchestrator.execution.wires import WIRES, Wire, chat, event, messages

both = pytest.mark.parametrize("reader", [read, aread], ids=["stream", "astream"])
each = pytest.mark.parametrize("wire", WIRES, ids=[wire.dialect for wire in WIRES])

TOLD = {"prompt_tokens": 41, "completion_tokens": 7, "total_tokens": 48}
COUNTED = Usage(41, 7, 48)
WORD = event({"id": "x", "choices": [{"index": 0, "delta": {"content": "half "}}]})
COUNT = event({"id": "x", "choices": [], "usage": TOLD})

ONE_TRY = "[policy]\nattempts_per_target = 1\nmax_attempts = 2"


def account(attempt: Attempt) -> tuple[str, Usage | None]:
    return attempt.billed.value, attempt.usage


FAILURES: dict[str, tuple[AnyScript, str, Usage | None]] = {
    "no money": (replies.billing_402(), "none", None),
    "throttled": (replies.rate_limited(), "none", None),
    "a bad key": (replies.bad_key(), "none", None),
    "overloaded": (replies.overloaded(), "none", None),
    "a redirect": (replies.error(302, b"", {"Location": "http://x"}), "none", None),
    "broken there": (replies.error(500, "oops"), "failed", None),
    "no answer": (replies.error(200, {"choices": [], "usage": TOLD}), "failed", COUNTED),
    "an error that counts": (
        replies.error(400, {"error": {"message": "filtered"}, "usage": TOLD}),
        "failed",
        COUNTED,
    ),
    "torn": (Reply(body="x" * 99, cut=Cut(5)), "failed", None),
}


@pytest.mark.parametrize("name", FAILURES)
def test_of_a_failed_attempt_it_is_told_what_it_cost(name: str) -> None:
    script, how, usage = FAILURES[name]
    with world({"a": script}, extra=ONE_TRY) as (_, orchestrator):
        first = failure(run, orchestrator).attempts[0]

    assert account(first) == (how, usage)


def test_who_was_never_reached_bills_nobody() -> None:
    text = 'health = "memory"\nroutes.default = ["a/m"]\n' + ONE_TRY
    with ClosedPort() as port:
        loaded = loading.loads(f'{text}\n[providers.a]\nbase_url = "{port.url}"', {})
        with Orchestrator(loaded) as orchestrator:
            (*_, last) = failure(run, orchestrator).attempts

    assert account(last) == ("none", None)


@each
@both
def test_of_an_answer_it_is_told_in_every_dialect(reader: Reader, wire: Wire) -> None:
    with streams({"a": raw(wire.body)}, dialects={"a": wire.dialect}) as (_, orchestrator):
        (attempt,) = reader(orchestrator).attempts

    assert attempt.billed is Billed.SERVED
    assert attempt.usage is not None
    assert attempt.usage.total_tokens == 15


def test_of_a_whole_answer_it_is_told_too_and_of_one_that_says_nothing_it_is_not() -> None:
    silent = replies.error(
        200, {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}
    )
    with world({"a": replies.ok(usage=TOLD)}) as (providers, orchestrator):
        assert account(run(orchestrator).attempts[0]) == ("served", COUNTED)
        providers.set("a", silent)
        assert account(run(orchestrator).attempts[0]) == ("served", None)


@both
@pytest.mark.parametrize("ahead", [b"", WORD], ids=["before the first word", "after it"])
def test_of_a_stream_that_breaks_after_its_count_the_count_is_kept(
    reader: Reader, ahead: bytes
) -> None:
    with streams({"a": raw(ahead + COUNT)}, extra=ONE_TRY) as (_, orchestrator):
        got = reader(orchestrator)

    assert account(got.attempts[0]) == ("failed", COUNTED)


def test_of_an_answer_that_is_too_short_for_its_caller_the_count_is_kept() -> None:
    with world({"a": replies.ok(finish_reason="length", usage=TOLD)}, extra=ONE_TRY) as (_, orc):
        first = failure(run, orc, HI, require_complete=True).attempts[0]

    assert account(first) == ("failed", COUNTED)


@both
def test_a_stream_that_the_caller_leaves_is_abandoned_with_what_was_counted(
    reader: Reader,
) -> None:
    wire = messages()
    begun = cut(wire.body, len(b"".join(wire.events[:5])), Ending.HANG)
    entries: list[Any] = []
    with streams({"a": begun}, dialects={"a": wire.dialect}) as (_, orchestrator):
        if reader is read:
            with orchestrator.stream(HI, observe=entries.append) as chunks:
                next(chunks)
        else:
            asyncio.run(_left(orchestrator, entries.append))

    (attempt,) = [entry for entry in entries if isinstance(entry, Attempt)]
    assert attempt.reason is Reason.CANCELLED
    assert attempt.billed is Billed.ABANDONED
    assert attempt.usage is not None
    assert attempt.usage.prompt_tokens == 10


async def _left(orchestrator: Orchestrator, observe: Callable[[Any], None]) -> None:
    async with orchestrator.astream(HI, observe=observe) as chunks:
        await anext(chunks)


def test_what_the_deadline_ends_is_abandoned() -> None:
    with world({"a": replies.ok(delay=20)}) as (_, orchestrator):
        (attempt,) = failure(run, orchestrator, HI, timeout=0.3).attempts

    assert account(attempt) == ("abandoned", None)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.DEADLINE])
def test_nothing_that_was_never_sent_is_billed_and_all_that_was_counted_is(reason: Reason) -> None:
    error = Error(reason, "rule")

    assert billed(error, State.CLASSIFY, None, unsent=True) is Billed.NONE
    assert billed(error, State.CLASSIFY, COUNTED, unsent=False) is not Billed.NONE
    assert billed(None, State.SUCCEED, None, unsent=False) is Billed.SERVED


# Several writers of one answer.


@both
def test_each_chunk_names_its_writer_and_the_count_is_that_of_all_attempts(
    reader: Reader,
) -> None:
    first, last = chat(("Once upon a time ", "there was")), chat(("a prince", "."))
    refused = replies.error(402, {"error": {"message": "Insufficient Balance"}})
    scripts = {
        "a": raw(first.events[0] + first.events[1] + COUNT),
        "b": refused,
        "c": raw(COUNT),
        "d": raw(last.body.replace(b'"model": "m"', b'"model": "m-of-d"')),
    }
    with streams(scripts, extra=CONTINUE) as (_, orchestrator):
        got = reader(orchestrator)

    assert got.response is not None
    writers = [chunk.target for chunk in got.chunks if chunk.text]
    assert writers == ["a/m", *["d/m"] * (len(writers) - 1)]
    assert {chunk.model for chunk in got.chunks if chunk.target == "d/m"} == {"m-of-d"}
    told = [attempt.usage for attempt in got.attempts]
    assert told == [COUNTED, None, COUNTED, Usage(10, 5, 15)]
    assert got.response.usage == Usage(92, 19, 111)
    assert [attempt.billed.value for attempt in got.attempts] == [
        *("failed", "none", "failed", "served")
    ]
    (*_, last_count) = [chunk for chunk in got.chunks if chunk.usage is not None]
    assert (last_count.usage, last_count.target) == (got.response.usage, "d/m")


# A failure in the middle of a stream.


@attrs.define
class Watched(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that goes on for ever, and notes whether anybody waits for more of it."""

    pieces: tuple[bytes, ...]
    waited_for: bool = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        self.waited_for = True
        yield b": still here\n\n"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


@both
def test_a_failure_in_a_stream_is_acted_on_before_anything_else_is_read(reader: Reader) -> None:
    body = Watched((WORD, event({"error": {"message": "Insufficient Balance", "code": 402}})))
    kind = {"content-type": "text/event-stream"}

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=kind, stream=body)

    transport = httpx.MockTransport(answer)
    text = 'health = "memory"\nroutes.default = ["a/m"]\n[providers.a]\nbase_url = "http://a"'
    loaded = loading.loads(text, {})
    with Orchestrator(loaded, transport=transport, async_transport=transport) as orchestrator:
        got = reader(orchestrator)

    assert got.failure is not None
    assert got.failure.reason is Reason.BILLING
    assert not body.waited_for


def test_the_words_of_an_attempt_and_of_a_ledger() -> None:
    with world({"a": replies.billing_402(), "b": replies.ok()}) as (_, orchestrator):
        found = outcome(run, orchestrator)

    first, second = map(str, found.attempts)
    assert first.startswith("attempt 1 a/model-of-a key#1 → 402 billing (")
    assert first.endswith(") → eager_fallback")
    assert second == "attempt 2 b/model-of-b key#1 → 200 → succeed"
    assert str(found.ledger) == (
        "ready → attempt a/model-of-a key#1 → classify → (billing) eager_fallback → "
        "attempt b/model-of-b key#1 → succeed"
    )
