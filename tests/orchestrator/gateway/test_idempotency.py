"""``Idempotency-Key``: one call for all who ask with the same, within bounds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.gateway import idempotency
from orchestrator.gateway.client_request import ClientRequest
from orchestrator.gateway.idempotency import IdempotentCalls, is_nested_retry
from orchestrator.serving.refusals import RequestRefused
from orchestrator.serving.respond import HttpReply
from orchestrator.sim import replies
from tests.acceptance.world import HI, counts
from tests.orchestrator.gateway.running import Running, running
from tests.waiting import eventually

CHAT = "/v1/chat/completions"
SLOW = replies.ok("a b c d e f g h", delay=0.3)
SLOW_STREAM = replies.ok("a b c d e f g h", pace=0.1)


def post(served: Running, key: str = "k", **fields: Any) -> httpx.Response:
    body = {"model": "default", **HI, **fields}
    return served.post(CHAT, json=body, headers={"idempotency-key": key})


# Over a socket.


@pytest.mark.parametrize("stream", [False, True])
def test_the_same_request_gets_the_same_answer_again(stream: bool) -> None:  # noqa: FBT001
    with running({"one": replies.ok("hello")}) as served:
        first, second = (post(served, stream=stream) for _ in range(2))
        asked = counts(served.providers, "one")

    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert asked == (1,)
    assert "x-orchestrator-replayed" not in first.headers
    assert second.headers["x-orchestrator-replayed"] == "true"
    call = "x-orchestrator-call-id"
    assert first.headers[call] == second.headers[call]


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_attaches_to_the_call_under_way(stream: bool) -> None:  # noqa: FBT001
    answers: list[httpx.Response] = []
    with running({"one": SLOW_STREAM if stream else SLOW}) as served:
        threads = [
            threading.Thread(target=lambda: answers.append(post(served, stream=stream)))
            for _ in range(5)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        asked = counts(served.providers, "one")

    assert asked == (1,)
    assert len({one.content for one in answers}) == 1
    assert answers[0].status_code == 200
    assert not stream or answers[0].content.endswith(b"data: [DONE]\n\n")


def test_another_body_with_the_same_key_is_refused_in_the_client_s_words() -> None:
    with running({"one": replies.ok()}) as served, served.client() as client:
        post(served)
        refused = post(served, temperature=1)
        hi = {"model": "default", "max_tokens": 5, **HI}
        headers = {"idempotency-key": "k"}
        client.post("/v1/messages", json=hi, headers=headers)  # another path
        other = client.post("/v1/messages", json={**hi, "max_tokens": 6}, headers=headers)

    assert refused.status_code == other.status_code == 409
    assert refused.json()["error"]["code"] == "idempotency_conflict"
    assert other.json()["type"] == "error"
    assert refused.headers["x-should-retry"] == "false"


def test_what_failed_is_tried_again() -> None:
    script = [replies.openai_error(400, "no"), replies.ok()]
    with running({"one": script}) as served:
        tries = [post(served) for _ in range(3)]

    assert [one.status_code for one in tries] == [400, 200, 200]
    assert tries[-1].headers.get("x-orchestrator-replayed") == "true"


def test_the_call_goes_on_without_its_first_caller_and_ends_without_any() -> None:
    with running({"one": SLOW_STREAM}) as served, served.client() as client:
        body = {"model": "default", **HI, "stream": True}
        headers = {"idempotency-key": "k"}
        second = served.client()
        with client.stream("POST", CHAT, json=body, headers=headers) as first:
            begun = first.iter_bytes()
            next(begun)
            attached = second.send(
                second.build_request("POST", CHAT, json=body, headers=headers), stream=True
            )
        rest = attached.read()
        attached.close()
        asked = counts(served.providers, "one")
        # Both leave: nothing is left upstream.
        with client.stream("POST", CHAT, json=body, headers={"idempotency-key": "l"}) as one:
            next(one.iter_bytes())
        is_quiet = eventually(lambda: served.providers.connections == 0)
        again = post(served, "l", stream=True)
        second.close()
        asked_at_last = counts(served.providers, "one")

    assert rest.endswith(b"data: [DONE]\n\n")
    assert asked == (1,)
    assert is_quiet
    assert again.status_code == 200
    assert asked_at_last == (3,)  # what was left is no answer, and was made anew


def test_what_openai_s_client_sends_on_retries_is_counted() -> None:
    with (
        running({"one": replies.ok()}) as served,
        openai.OpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as client,
    ):
        again = {"x-stainless-retry-count": "1"}
        for headers in ({}, again, again):
            client.chat.completions.create(
                model="default", messages=[{"role": "user", "content": "hi"}], extra_headers=headers
            )
        counted = served.get("/metrics").text

    assert "orchestrator_nested_retries_total 2.0" in counted


def test_another_route_is_another_request() -> None:
    with running({"one": replies.ok()}) as served, served.client() as client:
        headers = {"idempotency-key": "r"}
        first = client.post(CHAT, json=HI, headers=headers)
        other = client.post(CHAT, json=HI, headers={**headers, "x-orchestrator-route": "one/other"})

    assert (first.status_code, other.status_code) == (200, 409)


# By itself.


def request(key: str = "k", body: bytes = b"{}", **headers: str) -> ClientRequest:
    return ClientRequest("POST", CHAT, b"", {"idempotency-key": key, **headers}, body)


class Pieces:
    """A stream that notes how many of its pieces were taken, and whether it was closed."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces, self.taken, self.is_closed = pieces, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            await asyncio.sleep(0)
            self.taken += 1
            yield piece

    async def aclose(self) -> None:
        self.is_closed = True


def making(body: Any, status: int = 200) -> Callable[[], Awaitable[HttpReply]]:
    async def make() -> HttpReply:
        await asyncio.sleep(0)
        return HttpReply(status, {}, body)

    return make


async def ask(
    calls: IdempotentCalls, asked: ClientRequest, body: Any, *, status: int = 200, caller: str = ""
) -> HttpReply:
    make = making(body, status)
    return await calls.reply(caller, asked, "openai-chat", make, lambda: True)


async def read(reply: HttpReply) -> bytes:
    if isinstance(reply.body, bytes):
        return reply.body
    read = b"".join([piece async for piece in reply.body])  # type: ignore[union-attr]
    await reply.body.aclose()  # type: ignore[union-attr]
    return read


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(1, 5))
def test_whoever_attaches_whenever_reads_the_same(pieces: list[bytes], readers: int) -> None:
    async def main() -> None:
        calls, source = IdempotentCalls(), Pieces(pieces)
        got = []
        for _ in range(readers):
            got.append(asyncio.create_task(read(await ask(calls, request(), source))))
            await asyncio.sleep(0)
        assert {bytes(one) for one in await asyncio.gather(*got)} == {b"".join(pieces)}
        assert (source.taken, source.is_closed) == (len(pieces), True)

    asyncio.run(main())


def test_two_callers_have_nothing_in_common() -> None:
    async def main() -> None:
        calls = IdempotentCalls()
        first = await ask(calls, request(), b"1", caller="a")
        other = await ask(calls, request(body=b"[]"), b"2", caller="b")
        assert (first.body, other.body) == (b"1", b"2")

    asyncio.run(main())


def test_many_answers_take_no_more_than_is_allowed() -> None:
    async def main() -> None:
        calls, body = IdempotentCalls(), bytes(1024 * 1024)
        for number in range(200):
            await ask(calls, request(str(number)), body)
            assert calls.size <= idempotency.MOST_BYTES
        assert 50 < len(calls) < 70
        again = await ask(calls, request("199"), b"new")
        assert again.body == body
        forgotten = await ask(calls, request("0"), b"new")
        assert forgotten.body == b"new"

    asyncio.run(main())


def test_many_small_answers_are_bounded_too() -> None:
    async def main() -> None:
        calls = IdempotentCalls()
        for number in range(idempotency.MOST_KEPT + 500):
            await ask(calls, request(str(number)), b"")
        assert len(calls) <= idempotency.MOST_KEPT
        assert calls.size <= idempotency.MOST_BYTES

    asyncio.run(main())


def test_failures_and_what_nobody_waits_for_take_nothing() -> None:
    async def main() -> None:
        calls = IdempotentCalls()
        await ask(calls, request("a"), b"no", status=503)

        async def fail() -> HttpReply:
            raise RequestRefused(400, "bad_request", "no")

        with pytest.raises(RequestRefused):
            await calls.reply("", request("b"), "openai-chat", fail, lambda: True)
        assert (len(calls), calls.size) == (0, 0)
        waits = asyncio.create_task(read(await ask(calls, request("c"), Pieces([b"x"] * 9999))))
        await asyncio.sleep(0)
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        assert len(calls) == 1  # whoever was cancelled has yet to say that it leaves
        assert calls.size < 20_000

    asyncio.run(main())


def test_an_endless_stream_comes_as_fast_as_its_fastest_client_reads() -> None:
    async def main() -> None:
        calls, size = IdempotentCalls(), 64 * 1024
        source = Pieces([bytes(size)] * 500)
        first = await ask(calls, request(), source)
        slow = await ask(calls, request(), source)
        for _ in range(1000):  # nobody reads yet
            await asyncio.sleep(0)
        with pytest.raises(RequestRefused):
            await ask(calls, request(), source)
        ahead = source.taken * size
        assert ahead <= idempotency.MOST_BYTES_EACH + size
        assert calls.size <= ahead + idempotency.HEAD_BYTES
        taken, most = 0, 0
        async for piece in first.body:  # type: ignore[union-attr]
            taken += len(piece)
            most = max(most, calls.size)
        assert taken == 500 * size
        assert most <= idempotency.MOST_BYTES_EACH + 2 * size
        # The slow one lags behind by more than is held for it.
        told = await read(slow)
        assert told.startswith(b"data:")
        assert b"too slowly" in told
        assert b"[DONE]" not in told
        await first.body.aclose()  # type: ignore[union-attr]
        assert (len(calls), calls.size) == (0, 0)
        assert source.is_closed

    asyncio.run(main())


def test_whoever_is_the_last_to_leave_ends_the_call() -> None:
    async def main() -> None:
        calls, source = IdempotentCalls(), Pieces([b"x" * 1000] * 100_000)
        replies = [await ask(calls, request(), source) for _ in range(3)]
        for reply in replies:
            assert not source.is_closed
            await reply.body.aclose()  # type: ignore[union-attr]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert source.is_closed
        assert (len(calls), calls.size) == (0, 0)

    asyncio.run(main())


def test_whoever_is_cancelled_before_there_is_an_answer_leaves_too() -> None:
    async def main() -> None:
        calls, ended = IdempotentCalls(), asyncio.Event()

        async def make() -> HttpReply:
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            raise AssertionError

        async def wait() -> HttpReply:
            return await calls.reply("", request(), "openai-chat", make, lambda: True)

        tasks = [asyncio.create_task(wait()) for _ in range(2)]
        await asyncio.sleep(0.01)
        for one in tasks:
            assert not ended.is_set()
            one.cancel()
            await asyncio.gather(one, return_exceptions=True)
        await asyncio.wait_for(ended.wait(), 5)
        assert len(calls) == 0

    asyncio.run(main())


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(RequestRefused, match="Idempotency-Key has"):
        asyncio.run(ask(IdempotentCalls(), request(key), b""))


@pytest.mark.parametrize(("told", "is_one"), [({}, False), ("0", False), ("1", True), ("2", True)])
def test_a_retry_of_the_client_s_own_is_known_by_its_header(told: Any, is_one: bool) -> None:  # noqa: FBT001
    headers = {"x-stainless-retry-count": told} if told else {}
    assert is_nested_retry(request(**headers)) is is_one
