"""A task that is cancelled, wherever it waits: nothing stays open, and the next is right."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from types import coroutine
from typing import Any

import pytest

from orchestrator import Orchestrator
from orchestrator.connections.loops import LoopTransport
from orchestrator.http_messages import Address, ConnectionOptions, OutgoingRequest
from orchestrator.secrets import Secret
from tests.orchestrator.connections.raw_server import Peer, RawServer, in_chunks, raw_server
from tests.orchestrator.connections.test_calls import asking
from tests.orchestrator.connections.test_interrupted import says_back
from tests.orchestrator.connections.test_proxied_connections import tunnelling
from tests.orchestrator.connections.test_tls_connections import AUTHORITY, serving
from tests.waiting import AMPLE, eventually


class Cancelling:
    """Cancels the task that awaits something, when it waits for the nth time.

    Attributes:
        has_struck: Whether it has waited so often.
    """

    def __init__(self, nth: int, *, late: bool) -> None:
        self.nth, self.late = nth, late
        self.has_struck = False

    @coroutine
    def over(self, inner: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """What ``inner`` comes to."""
        waits, task = 0, asyncio.current_task()
        assert task is not None
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                future = inner.send(value) if error is None else inner.throw(error)
            except StopIteration as end:
                return end.value
            waits, value, error = waits + 1, None, None
            if waits == self.nth:
                self.has_struck = True
                if self.late and future is not None:  # what it waited for is there as well
                    future.add_done_callback(lambda _: task.cancel())
                else:
                    asyncio.get_running_loop().call_soon(task.cancel)
            try:
                value = yield future
            except BaseException as raised:  # noqa: BLE001 - it is the inner one's to deal with
                error = raised


def echoing(peer: Peer) -> None:
    """Says back what it was asked, in two pieces."""
    while asked := peer.request():
        body = asked.partition(b"\r\n\r\n")[2]
        whole = in_chunks(body, b"!")
        peer.send(whole[:-12], 0.002, whole[-12:])


async def exchange(transport: LoopTransport, request: OutgoingRequest) -> bytes:
    answer = await transport.open(request, AMPLE, AMPLE)
    body = b""
    try:
        while (piece := await answer.read(AMPLE)) is not None:
            body += piece
    finally:
        await answer.aclose()
    return body


async def interrupted(
    transport: LoopTransport, request: OutgoingRequest, nth: int, *, late: bool
) -> bool:
    """Cancel an exchange at its nth wait, and exchange again; False where it was over before."""
    cancelling = Cancelling(nth, late=late)

    async def begin() -> bytes:
        return await cancelling.over(exchange(transport, request))  # type: ignore[no-any-return]

    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.create_task(begin())
    again = OutgoingRequest("POST", request.url, {}, b"%d" % nth, request.options)
    assert await exchange(transport, again) == b"%d!" % nth
    return cancelling.has_struck


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def _all(server: RawServer, request: OutgoingRequest, *, kept: bool, late: bool) -> None:
    loop = asyncio.get_running_loop()
    warm = LoopTransport(loop)
    await exchange(warm, request)
    await warm.aclose()
    assert await asyncio.to_thread(eventually, lambda: server.open == 0)
    before, nth = descriptors(), 0
    struck = True
    while struck:
        nth += 1
        transport = LoopTransport(loop)
        if kept:
            await exchange(transport, request)
        struck = await interrupted(transport, request, nth, late=late)
        await transport.aclose()
        assert await asyncio.to_thread(eventually, lambda: server.open == 0)
    # A machine so busy that both pieces are there at once waits once at a kept connection.
    assert nth > (1 if kept else 2)
    assert await asyncio.to_thread(eventually, lambda: descriptors() <= before)


@pytest.mark.parametrize("late", [False, True], ids=["waiting", "there"])
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cancelled_at_each_wait(
    scheme: str, host: str, tmp_path: Path, *, kept: bool, late: bool
) -> None:
    bundle = tmp_path / "corp.pem"
    bundle.write_bytes(AUTHORITY.cert_pem.bytes())
    with raw_server(echoing, serving(host) if scheme == "https" else None) as server:
        url, options = Address.parse(server.url(scheme, host)), ConnectionOptions(str(bundle))
        request = OutgoingRequest("POST", url, {}, b"first", options)
        asyncio.run(_all(server, request, kept=kept, late=late))


@pytest.mark.parametrize("late", [False, True], ids=["waiting", "there"])
def test_cancelled_at_each_wait_for_a_tunnel(tmp_path: Path, *, late: bool) -> None:
    bundle = tmp_path / "corp.pem"
    bundle.write_bytes(AUTHORITY.cert_pem.bytes())
    with (
        raw_server(echoing, serving("provider.test")) as server,
        raw_server(tunnelling(server.port)) as proxy,
    ):
        options = ConnectionOptions(str(bundle), Secret(f"http://127.0.0.1:{proxy.port}"))
        url = Address.parse("https://provider.test/")
        request = OutgoingRequest("POST", url, {}, b"first", options)
        asyncio.run(_all(server, request, kept=False, late=late))


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


async def streamed(orchestrator: Orchestrator, text: str) -> str:
    async with orchestrator.astream(said(text)) as chunks:
        return "".join([chunk.text async for chunk in chunks])


async def whole(orchestrator: Orchestrator, text: str) -> str:
    return (await orchestrator.arun(said(text))).text


Calling = Callable[[Orchestrator, str], Coroutine[Any, Any, str]]


@pytest.mark.parametrize("call", [whole, streamed])
@pytest.mark.parametrize("late", [False, True], ids=["waiting", "there"])
@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
def test_a_call_cancelled_at_each_wait(call: Calling, *, kept: bool, late: bool) -> None:
    async def main() -> None:
        nth, struck = 0, True
        while struck:
            nth += 1
            if kept:
                await whole(orchestrator, "first")
            cancelling = Cancelling(nth, late=late)

            async def begin(cancelling: Cancelling = cancelling) -> object:
                return await cancelling.over(call(orchestrator, "cancelled"))

            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.create_task(begin())
            struck = cancelling.has_struck
            assert await call(orchestrator, f"{nth}") == f"to {nth}"
            await orchestrator.aclose()
            assert await asyncio.to_thread(eventually, lambda: server.open == 0)
        assert nth > 1

    with asking(says_back) as (server, orchestrator):
        asyncio.run(main())
