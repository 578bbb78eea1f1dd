"""Connections through the public API: what a call and its ledger say of them."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator import CallFailed, Orchestrator, Response
from orchestrator.config.loading import loads
from tests.acceptance.world import HI
from tests.orchestrator.connections.raw_server import (
    Peer,
    RawServer,
    Script,
    keeping,
    of_length,
    raw_server,
)
from tests.orchestrator.connections.test_interrupted import says_back
from tests.waiting import AMPLE, eventually

ROOT = Path(__file__).parents[3]
CHOICE = {"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
BODY = json.dumps({"choices": [CHOICE]}).encode()
ANSWER = of_length(BODY, content_type="application/json")

CONFIG = """
health = "memory"
[policy]
{policy}
[providers.a]
base_url = "http://127.0.0.1:{port}/v1"
credentials = ["canary"]
{provider}
[routes]
default = ["a/m"]
"""

Run = Callable[[Orchestrator], Response]


@contextmanager
def asking(
    script: Script, policy: str = "", provider: str = ""
) -> Iterator[tuple[RawServer, Orchestrator]]:
    """An orchestrator over a raw server."""
    with raw_server(script) as server:
        text = CONFIG.format(port=server.port, policy=policy, provider=provider)
        with Orchestrator(loads(text, {})) as orchestrator:
            yield server, orchestrator


@contextmanager
def calling(way: str, orchestrator: Orchestrator) -> Iterator[Callable[[], Response]]:
    """Calls of threads, or of tasks of one loop."""
    if way == "threads":
        yield lambda: orchestrator.run(HI)
        return
    with asyncio.Runner() as runner:
        yield lambda: runner.run(orchestrator.arun(HI))
        runner.run(orchestrator.aclose())


both = pytest.mark.parametrize("way", ["threads", "tasks"])


def gone_upon_the_second(peer: Peer) -> None:
    """Answers, and closes when it is asked again: the first connection alone."""
    while peer.request():
        if peer.number == 1 and len(peer.server.requests) > 1:
            return
        peer.send(ANSWER)


@both
def test_a_stale_connection_is_a_counted_attempt_that_is_sent_again_at_once(way: str) -> None:
    with (
        asking(gone_upon_the_second, "attempts_per_target = 1") as (server, orchestrator),
        calling(way, orchestrator) as call,
    ):
        call()
        response = call()

        first, second = response.attempts
        assert (first.number, first.reason, first.rule) == (
            1,
            "connection",
            "transport.stale-connection",
        )
        assert (first.next, second.reason) == ("repair", None)
        assert response.text == "hello"
        assert second.started - first.started < AMPLE
        assert (len(server.requests), server.accepted) == (3, 2)
        # It marks nothing: the next call has the same target, and no other attempt.
        assert len(call().attempts) == 1


@both
def test_a_stale_connection_that_may_not_be_sent_again_is_told_in_words(way: str) -> None:
    with (
        asking(gone_upon_the_second, "max_attempts = 1") as (_, orchestrator),
        calling(way, orchestrator) as call,
    ):
        call()
        with pytest.raises(CallFailed) as failed:
            call()

        assert failed.value.reason == "connection"
        assert "a kept connection turned out closed" in str(failed.value)
        assert len(call().attempts) == 1


@both
def test_a_bomb_costs_no_more_memory_than_any_answer(way: str) -> None:
    bomb = gzip.compress(bytes(200 << 20))
    script = keeping(of_length(bomb, content_encoding="gzip"))
    provider = 'headers = { Accept-Encoding = "gzip" }'
    with (
        asking(script, "max_attempts = 1", provider) as (_, orchestrator),
        calling(way, orchestrator) as call,
    ):
        before = resident()
        with pytest.raises(CallFailed) as failed:
            call()

        assert failed.value.reason == "invalid_response"
        assert resident() - before < 300 << 20


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_loops_have_connections_of_their_own_and_leave_none_behind() -> None:
    with asking(keeping(ANSWER)) as (server, orchestrator):
        with asyncio.Runner() as one, asyncio.Runner() as other:
            for _ in range(3):
                assert one.run(orchestrator.arun(HI)).text == "hello"
                assert other.run(orchestrator.arun(HI)).text == "hello"
            assert server.accepted == 2

        assert eventually(lambda: server.open == 0)


IN_A_LOOP_THAT_IS_CLOSED_BY_HAND = """
import asyncio, gc, sys
from orchestrator import Orchestrator
from orchestrator.config.loading import loads
hi = {"messages": [{"role": "user", "content": "1"}]}
with Orchestrator(loads(sys.argv[1], {})) as orchestrator:
    for _ in range(3):
        loop = asyncio.new_event_loop()
        print(loop.run_until_complete(orchestrator.arun(hi)).text, flush=True)
        loop.close()
    print(asyncio.run(orchestrator.arun(hi)).text, flush=True)
"""

WHILE_A_CALL_RUNS_IN_A_THREAD = """
import os, sys, threading
from orchestrator import Orchestrator
from orchestrator.config.loading import loads
hi = lambda n: {"messages": [{"role": "user", "content": str(n)}]}
with Orchestrator(loads(sys.argv[1], {})) as orchestrator:
    orchestrator.run(hi(1))
    is_over, wrong = threading.Event(), []
    def work(first):
        number = first
        while not is_over.is_set():
            number += 1
            if orchestrator.run(hi(number)).text != f"to {number}":
                wrong.append(number)
    threads = [threading.Thread(target=work, args=(1000 * i,)) for i in range(1, 4)]
    for thread in threads:
        thread.start()
    for turn in range(10):
        child = os.fork()
        if not child:
            good = all(orchestrator.run(hi(n)).text == f"to {n}" for n in range(9000, 9005))
            orchestrator.close()
            os._exit(0 if good else 1)
        assert os.waitpid(child, 0)[1] == 0
    is_over.set()
    for thread in threads:
        thread.join()
    print("right" if not wrong else wrong)
"""


def program(code: str, port: int, *flags: str, **environ: str) -> Any:
    text = CONFIG.format(port=port, policy="", provider="")
    return subprocess.run(
        [sys.executable, *flags, "-c", code, text],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * AMPLE,
    )


def test_a_loop_that_was_closed_by_hand_is_left_behind() -> None:
    with raw_server(says_back) as server:
        done = program(IN_A_LOOP_THAT_IS_CLOSED_BY_HAND, server.port)

        assert (done.stdout.split("\n"), done.stderr) == (["to 1"] * 4 + [""], "")


def test_a_fork_while_calls_run_harms_neither_side() -> None:
    with raw_server(says_back) as server:
        done = program(WHILE_A_CALL_RUNS_IN_A_THREAD, server.port, "-X", "dev", "-W", "error")

        assert (done.stdout, done.stderr) == ("right\n", "")


WITHOUT_LLHTTP = """
import asyncio, sys
sys.modules["httptools"] = None
from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from orchestrator.connections import parsers
assert parsers.new_parser.__name__ == "H11Parser"
hi = {"messages": [{"role": "user", "content": "1"}]}
with Orchestrator(loads(sys.argv[1], {})) as orchestrator:
    print(orchestrator.run(hi).text, asyncio.run(orchestrator.arun(hi)).text)
    with orchestrator.stream(hi) as chunks:
        print("".join(chunk.text for chunk in chunks))
"""


def test_without_llhttp_h11_reads_the_answers() -> None:
    with raw_server(says_back) as server:
        done = program(WITHOUT_LLHTTP, server.port)

        assert (done.stdout, done.stderr) == ("to 1 to 1\nto 1\n", "")


def test_many_threads_close_while_they_call() -> None:
    with asking(keeping(ANSWER)) as (server, orchestrator):
        texts: list[str] = []

        def work() -> None:
            for _ in range(40):
                texts.append(orchestrator.run(HI).text)
                orchestrator.close()

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert texts == ["hello"] * 240
        assert len(server.requests) == 240
        assert eventually(lambda: server.open == 0)


def test_a_port_that_hangs_up_is_a_failed_connection() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        text = CONFIG.format(port=sock.getsockname()[1], policy="max_attempts = 1", provider="")
        with Orchestrator(loads(text, {})) as orchestrator, pytest.raises(CallFailed) as failed:
            orchestrator.run(HI)

    assert failed.value.reason == "connection"
