"""Connections: whose they are, how long they live, and what is never done with them."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import httpx
import pytest

from orchestrator import Orchestrator
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.ledger import Billed
from orchestrator.sim import Framing, Reply, ScriptedProviders, SimProcess, replies
from tests.acceptance.world import HI, Call, arun, environment, failure, run, text_of, world
from tests.waiting import AMPLE, eventually

ROOT = Path(__file__).parents[3]

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@both
def test_no_redirect_is_followed(call: Call, status: int) -> None:
    with ScriptedProviders({"trap": replies.ok("gotcha")}) as elsewhere:
        moved = replies.redirect(elsewhere.url("trap") + "/chat/completions", status)
        once = "policy = { attempts_per_target = 1 }"
        with world({"a": moved, "b": replies.ok("b")}, extra=once) as (_, orchestrator):
            response = call(orchestrator)

        # No answer, as a web page in its place is none.
        assert [each.status for each in response.attempts] == [status, 200]
        assert response.attempts[0].reason == "invalid_response"
        host = elsewhere.url("trap").partition("://")[2].partition("/")[0]
        assert response.attempts[0].message == f"redirects to http://{host}"
        assert "base_url" in response.attempts[0].hint
        assert elsewhere.received("trap") == ()


ANSWER = {"choices": [{"message": {"role": "assistant", "content": "mocked"}}]}


def test_a_transport_that_is_handed_in_takes_every_request() -> None:
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        status = 402 if request.url.host == "a.test" else 200
        return httpx.Response(status, json={} if status == 402 else ANSWER)

    mock = httpx.MockTransport(answer)
    urls = {"a": "http://a.test/v1", "b": "http://b.test/v1"}
    config = loads(text_of(urls, ["a/one", "b/two"]), environment("ab"))
    with Orchestrator(config, transport=mock, async_transport=mock) as orchestrator:
        assert run(orchestrator).text == "mocked"
        assert arun(orchestrator).text == "mocked"

    assert [str(request.url) for request in sent] == [
        "http://a.test/v1/chat/completions",
        "http://b.test/v1/chat/completions",
        "http://b.test/v1/chat/completions",
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectError("refused"), "connection"),
        # At once: whatever it is called, no limit of ours has passed.
        (httpx.ConnectTimeout("slow"), "connection"),
        (httpx.ReadTimeout("slow"), "connection"),
        (httpx.PoolTimeout("slow"), "connection"),
        (httpx.RemoteProtocolError("odd"), "connection"),
        (OSError("odd"), "connection"),
        (TimeoutError("slow"), "connection"),
        (RuntimeError("deque mutated during iteration"), "unknown"),
        (StopIteration("odd"), "unknown"),
    ],
    ids=lambda value: type(value).__name__,
)
@both
def test_what_a_transport_raises_is_classified(call: Call, error: Exception, reason: str) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise error

    mock = httpx.MockTransport(refuse)
    text = text_of({"a": "http://a.test"}, ["a/m"], extra="[policy]\nattempts_per_target = 1")
    with Orchestrator(
        loads(text, environment("a")), transport=mock, async_transport=mock
    ) as orchestrator:
        assert failure(call, orchestrator).reason == reason


@both
def test_a_limit_of_the_transports_own_is_said_to_be_none_of_ours(call: Call) -> None:
    def give_up(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    mock = httpx.MockTransport(give_up)
    text = text_of({"a": "http://a.test"}, ["a/m"], extra="[policy]\nattempts_per_target = 1")
    with Orchestrator(
        loads(text, environment("a")), transport=mock, async_transport=mock
    ) as orchestrator:
        (attempt, *_) = failure(call, orchestrator).attempts

    said = attempt.message or ""
    assert said.startswith("the transport gave up after ")
    assert said.endswith(" s, before a limit had passed: slow")


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ProxyError("403 Forbidden"),
        httpx.PoolTimeout("no connection is free"),
        httpx.LocalProtocolError("Illegal header value"),
        httpx.UnsupportedProtocol("Unsupported protocol 'corp://'"),
        httpx.InvalidURL("Invalid port: 'x'"),
    ],
    ids=lambda value: type(value).__name__,
)
@both
def test_what_a_transport_never_sent_is_on_nobodys_bill(call: Call, error: Exception) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise error

    mock = httpx.MockTransport(refuse)
    text = text_of({"a": "http://a.test"}, ["a/m"], extra="[policy]\nattempts_per_target = 1")
    with Orchestrator(
        loads(text, environment("a")), transport=mock, async_transport=mock
    ) as orchestrator:
        assert {one.billed for one in failure(call, orchestrator).attempts} == {Billed.NONE}


@pytest.mark.parametrize(
    ("error", "seconds", "rule"),
    [
        (httpx.ConnectTimeout("slow"), 5.0, "timeout.connect"),
        (httpx.ReadTimeout("slow"), 120.0, "timeout.total"),
        (TimeoutError("slow"), 120.0, "timeout.total"),
    ],
    ids=lambda value: type(value).__name__,
)
@both
def test_a_limit_is_one_where_its_time_has_passed(
    call: Call, error: Exception, seconds: float, rule: str
) -> None:
    clock = VirtualClock()

    def silent(_: httpx.Request) -> httpx.Response:
        clock.advance(seconds)
        raise error

    mock = httpx.MockTransport(silent)
    text = text_of({"a": "http://a.test"}, ["a/m"], extra="[policy]\nattempts_per_target = 1")
    with Orchestrator(
        loads(text, environment("a")), transport=mock, async_transport=mock, clock=clock
    ) as orchestrator:
        assert failure(call, orchestrator).error.rule == rule


@both
def test_calls_in_a_row_share_one_connection(call: Call) -> None:
    scripts = {"a": [replies.ok(), replies.rate_limited(0), replies.chunked(replies.ok())]}
    with world(scripts, clock=VirtualClock()) as (providers, orchestrator):
        if call is run:
            for _ in range(5):
                run(orchestrator)
                assert providers.connections == 1
        else:

            async def main() -> None:
                for _ in range(5):
                    await orchestrator.arun(HI)
                    assert providers.connections == 1

            asyncio.run(main())


@both
def test_a_connection_that_the_provider_closed_is_replaced_unnoticed(call: Call) -> None:
    closing = Reply(completion=replies.ok().completion, framing=Framing.CLOSE)
    with world({"a": closing}) as (_, orchestrator):
        for _ in range(3):
            assert len(call(orchestrator).attempts) == 1


def test_each_loop_has_its_own_connections_and_leaves_nothing_behind() -> None:
    with world({"a": replies.ok()}) as (providers, orchestrator):
        loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

        async def main() -> None:
            # Its own alone: a failed test may keep others alive in its traceback.
            loops.append(weakref.ref(asyncio.get_running_loop()))
            await orchestrator.arun(HI)

        for _ in range(4):
            asyncio.run(main())
            # A socket that was left open would warn here, and warnings are errors.
            gc.collect()

        assert [loop() for loop in loops] == [None] * 4
        assert len(providers.received("a")) == 4


def test_loops_in_threads_do_not_meet() -> None:
    with world({"a": replies.ok(delay=0.02)}) as (_, orchestrator):
        texts: list[str] = []

        async def main() -> None:
            responses = await asyncio.gather(*(orchestrator.arun(HI) for _ in range(5)))
            texts.extend(response.text for response in responses)

        threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert texts == ["ok"] * 20


def test_close_closes_the_connections_and_the_next_call_opens_others() -> None:
    with world({"a": replies.ok()}) as (providers, orchestrator):
        for _ in range(2):
            run(orchestrator)
            assert providers.connections == 1
            orchestrator.close()
            assert eventually(lambda: not providers.connections)

        async def main() -> None:
            async with orchestrator:
                await orchestrator.arun(HI)
                assert providers.connections == 1
            assert await asyncio.to_thread(eventually, lambda: not providers.connections)
            assert (await orchestrator.arun(HI)).text == "ok"

        asyncio.run(main())


FORK = """
import asyncio, os, sys, warnings
import orchestrator
hi = {"messages": [{"role": "user", "content": "hi"}]}
with orchestrator.Orchestrator.from_file(sys.argv[1]) as shared:
    shared.run(hi)
    child = os.fork()
    text = shared.run(hi).text
    text += asyncio.run(shared.arun(hi)).text
    if child == 0:
        shared.close()
        print("child", text, flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    text += shared.run(hi).text
    print("parent", text, flush=True)
"""


def test_a_forked_child_opens_connections_of_its_own(tmp_path: Path) -> None:
    with SimProcess({"a": replies.ok("ok", delay=0.05)}) as providers:
        config = tmp_path / "orchestrator.toml"
        config.write_text(text_of({"a": providers.url("a")}, ["a/m"]))
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", FORK, str(config)],
            env=os.environ | environment("a") | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * AMPLE,
        )

    assert sorted(done.stdout.splitlines()) == ["child okok", "parent okokok"]
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("size", [100, 8 << 20])
@both
def test_an_answer_that_comes_before_the_request_was_read_is_read(call: Call, size: int) -> None:
    body = b'{"error": {"message": "request entity too large"}}'
    head = b"HTTP/1.1 413 X\r\ncontent-type: application/json\r\nconnection: close\r\n"

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        peer.recv(4096)
        peer.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        time.sleep(0.1)  # until it has been read; what is not read by then resets the connection
        peer.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        text = text_of({"a": address}, ["a/m"], extra="[policy]\nmax_attempts = 1")
        asked = {"messages": [{"role": "user", "content": "z" * size}]}
        with Orchestrator(loads(text, environment("a"))) as orchestrator:
            assert failure(call, orchestrator, asked).reason == "payload_too_large"
        thread.join(AMPLE)


LOADED = """
import asyncio, sys, threading
from orchestrator import CallFailed, Orchestrator

threads = []

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "httpx":
            threads.append(threading.current_thread())

sys.meta_path.insert(0, Finder)
config = {
    "health": "memory",
    "policy": {"attempts_per_target": 1},
    "providers": {
        "a": {
            "base_url": "http://a.test/v1",
            "credentials": ["token"],
            "proxy": "https://127.0.0.1:9",
        }
    },
    "routes": {"default": ["a/m"]},
}
try:
    asyncio.run(Orchestrator.from_dict(config).arun("hi"))
except CallFailed:
    print(len(threads), threading.main_thread() in threads)
"""


def test_httpx_is_not_loaded_on_an_event_loop() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=AMPLE,
    )

    assert (done.stdout, done.stderr) == ("1 False\n", "")
