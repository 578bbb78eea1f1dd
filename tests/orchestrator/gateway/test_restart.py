"""Restarts of a real gateway under load, and its sudden death: nothing that was asked is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import attrs
import httpx
import pytest

from tests.orchestrator.cli.entry import Ended
from tests.orchestrator.gateway.serving_processes import (
    CHAT,
    MESSAGES,
    WORDS,
    Serving,
    serving,
    start,
)
from tests.orchestrator.gateway.tiny_processes import open_descriptors
from tests.slow import nightly, slow
from tests.waiting import AMPLE


@attrs.define
class Load:
    """Clients that ask without a pause.

    Attributes:
        url: Whom.
        answered: By the kind of client.
        failed: What went wrong.
        over: Set when they are to end.
    """

    url: str
    answered: dict[str, int] = attrs.field(factory=dict)
    failed: list[str] = attrs.field(factory=list)
    over: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def run(self, kinds: dict[str, int]) -> None:
        tasks = [self.client(kind) for kind, number in kinds.items() for _ in range(number)]
        await asyncio.gather(*tasks)

    async def client(self, kind: str) -> None:
        options: dict[str, Any] = {"base_url": self.url, "trust_env": False, "timeout": AMPLE}
        async with httpx.AsyncClient(**options) as kept:
            while not self.over.is_set():
                try:
                    if kind == "fresh":
                        async with httpx.AsyncClient(**options) as client:
                            await self.ask(client)
                    elif kind == "kept":
                        await self.ask(kept)
                    else:
                        await self.stream(kept)
                except (httpx.HTTPError, AssertionError, LookupError) as error:
                    self.failed.append(f"{kind}: {error!r}")
                self.answered[kind] = self.answered.get(kind, 0) + 1

    async def ask(self, client: httpx.AsyncClient) -> None:
        got = await client.post(CHAT, json={"model": "default", "messages": MESSAGES})
        assert got.status_code == 200, got.text
        assert got.json()["choices"][0]["message"]["content"] == WORDS

    async def stream(self, client: httpx.AsyncClient) -> None:
        body = {"model": "slow", "messages": MESSAGES, "stream": True}
        async with client.stream("POST", CHAT, json=body) as got:
            assert got.status_code == 200
            lines = [line async for line in got.aiter_lines() if line]
        assert lines[-1] == "data: [DONE]", lines[-1]
        text = "".join(re.findall(r'"content":\s*"([^"]*)"', "".join(lines)))
        assert text == WORDS, text


def under_load(gateway: Serving, restarts: int) -> tuple[Load, list[Ended], list[str]]:
    async def main() -> tuple[Load, list[Ended], list[str]]:
        load, ended, ids = Load(gateway.url), [], [gateway.id]
        clients = asyncio.create_task(load.run({"fresh": 3, "kept": 3, "stream": 6}))
        for _ in range(restarts):
            before = dict(load.answered)
            while load.answered.get("kept", 0) < before.get("kept", 0) + 20:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            ended.append(await asyncio.to_thread(gateway.restart))
            ids.append(gateway.id)
        load.over.set()
        await clients
        return load, ended, ids

    return asyncio.run(main())


@slow("three restarts under load; the other tests here make one each")
def test_three_restarts_under_load_lose_nothing(tmp_path: Path) -> None:
    with serving(tmp_path, ["up/m"]) as gateway:
        load, ended, ids = under_load(gateway, 3)
        log = gateway.log.read_text()

    assert [one.status for one in ended] == [0, 0, 0], ended
    assert load.failed == []
    assert len(set(ids)) == 4
    assert load.answered["stream"] >= 12
    assert load.answered["kept"] >= 60
    assert load.answered["fresh"] >= 10
    assert "Traceback" not in log


def test_a_config_that_is_wrong_is_refused_and_the_old_one_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path, ["up/m"]) as gateway:
        before, text = gateway.id, gateway.config.read_text()
        gateway.config.write_text(f"{text}\n[providers.x]\nbase_ul = 1\n")
        ended = gateway.restart()

        assert ended.status == 1
        assert "failed: start: the new process ended with status 2: " in ended.err
        assert "orchestrator.toml" in ended.err
        assert "base_ul: unknown key (did you mean 'base_url'?)" in ended.err
        assert f"goes on (instance {before})" in ended.err
        assert gateway.get("/readyz")["instance"] == before
        log = gateway.log.read_text()
        assert re.search(r"ERROR this process, \d+, does not serve: .*base_ul", log)
        assert f"ERROR the restart failed, and this process, {gateway.pid}, goes on: " in log

        gateway.config.write_text(text)
        assert gateway.restart().status == 0
        assert gateway.get("/readyz")["instance"] not in (before, "")


def test_who_is_killed_in_mid_load_leaves_every_bench_to_the_next(tmp_path: Path) -> None:
    with serving(tmp_path, ["broke/m", "up/m"], "file") as gateway:
        httpx.post(
            f"{gateway.url}{CHAT}", json={"messages": MESSAGES}, trust_env=False, timeout=AMPLE
        )
        degraded = gateway.get("/readyz")["degraded"]
        assert [one["provider"] for one in degraded] == ["broke"]

        async def main() -> None:
            load = Load(gateway.url)
            clients = asyncio.create_task(load.run({"kept": 3, "stream": 3}))
            while load.answered.get("kept", 0) < 20:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            os.kill(gateway.pid, signal.SIGKILL)
            load.over.set()
            await clients

        port = gateway.running[0].instance.port
        asyncio.run(main())
        gateway.first.wait(AMPLE)
        assert gateway.running == ()

        gateway.first = start(gateway.place, port).first
        assert gateway.get("/readyz")["degraded"] == degraded


Notice = tuple[int, str]
"""The process id of who sent it, and what it says."""


@contextlib.contextmanager
def systemd(folder: Path) -> Iterator[SimpleQueue[Notice]]:
    """What comes to the socket that systemd opens for a unit.

    It is read at once, as systemd does: the kernel keeps ten notices, and a restart on a busy
    machine takes longer than ten signs of life.
    """
    said: SimpleQueue[Notice] = SimpleQueue()

    def read() -> None:
        text = b"begun"
        while text:
            text, ((_, _, credentials),), _, _ = opened.recvmsg(4096, 256)
            said.put((struct.unpack("iii", credentials)[0], text.decode()))

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        opened.bind(str(folder / "notify"))
        reader = threading.Thread(target=read)
        reader.start()
        try:
            yield said
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", str(folder / "notify"))
            reader.join(AMPLE)


def notices(said: SimpleQueue[Notice], until: str) -> list[Notice]:
    """The notices up to the one that begins so, signs of life apart."""
    found: list[Notice] = []
    ends = time.monotonic() + AMPLE
    while not (found and found[-1][1].startswith(until)):
        notice = said.get(timeout=max(0.0, ends - time.monotonic()))
        if notice[1] != "WATCHDOG=1":
            found.append(notice)
    return found


@pytest.mark.skipif(not hasattr(socket, "SO_PASSCRED"), reason="senders are told on Linux alone")
def test_systemd_hears_one_process_at_a_time(tmp_path: Path) -> None:
    variables = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "2000000"}
    with systemd(tmp_path) as said, serving(tmp_path, ["up/m"], variables=variables) as gateway:
        first = gateway.pid
        assert notices(said, "READY=1") == [(first, "READY=1\nSTATUS=serving")]

        assert gateway.restart().status == 0
        second = gateway.pid
        assert notices(said, "READY=1") == [
            (first, f"MAINPID={second}"),
            (second, "READY=1\nSTATUS=serving"),
        ]
        assert said.get(timeout=AMPLE)[0] == second  # it lives

        os.kill(second, signal.SIGHUP)
        (reloading, _), ready = notices(said, "RELOADING=1")[-1], notices(said, "READY=1")
        assert (reloading, ready) == (second, [(second, "READY=1\nSTATUS=serving")])

        os.kill(second, signal.SIGTERM)
        assert notices(said, "STOPPING=1") == [(second, "STOPPING=1")]


@pytest.mark.skipif(not Path("/proc").exists(), reason="descriptors are counted in /proc")
@pytest.mark.parametrize(
    "times", [3, pytest.param(20, marks=nightly("half a second each; every change makes three"))]
)
def test_no_descriptor_is_handed_on_that_is_not_meant(tmp_path: Path, times: int) -> None:
    with serving(tmp_path, ["up/m"]) as gateway:
        counts = []
        for _ in range(times):
            assert gateway.restart().status == 0
            counts.append(open_descriptors(gateway.pid))

    assert len(set(counts)) == 1, counts
