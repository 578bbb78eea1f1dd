"""A gateway without machine or config, made of what a restart needs: real sockets and processes.

As a program: ``tiny_gateway FILE PORT``. The file says how a start goes: ``good``, ``slow`` (it
never becomes ready), ``wrong`` (it says what is wrong and ends), ``dies``; and behind that how
many seconds a drain may take.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import attrs

from orchestrator.gateway.control import PREFIX, Control, ControlAnswer
from orchestrator.gateway.handover import (
    Handover,
    HandoverFailed,
    Successor,
    start_successor,
    take_over,
)
from orchestrator.gateway.instance import Instance, InstanceFile, new_instance
from orchestrator.gateway.notify import Notifier
from orchestrator.health import AccountBalance

WRONG = "gateway.toml:1: this config is wrong"


@attrs.define
class TinyGateway:
    """See :class:`orchestrator.gateway.control.ControlledGateway`."""

    instance: Instance
    file: InstanceFile
    listener: socket.socket
    notifier: Notifier
    limit: float
    config_hash: str = "c0ffee"
    keys_file: str = ""
    balances: dict[str, AccountBalance] = attrs.field(factory=dict)
    audited: dict[str, int] | None = None
    in_flight: int = 0
    streams: int = 0
    draining: bool = False
    ended: asyncio.Event = attrs.field(factory=asyncio.Event)
    idle: set[asyncio.StreamWriter] = attrs.field(factory=set)

    async def start_successor(self, limit: float) -> Successor:
        return await start_successor([self.listener], limit=limit, on_ready=self.notifier.main_pid)

    async def drain(self) -> int:
        self.draining = True
        self.file.remove()
        asyncio.get_running_loop().remove_reader(self.listener.fileno())
        self.listener.close()
        await asyncio.sleep(0.05)  # whom it has accepted and not yet served
        for writer in self.idle:
            writer.close()
        ends = time.monotonic() + self.limit
        while self.in_flight and time.monotonic() < ends:  # noqa: ASYNC110 - it is tiny
            await asyncio.sleep(0.01)
        self.ended.set()
        return self.in_flight

    async def accept(self, control: Control) -> None:
        loop = asyncio.get_running_loop()
        self.listener.setblocking(False)
        tasks = set()
        while not self.draining:
            try:
                connection, _ = await loop.sock_accept(self.listener)
            except OSError:
                return
            tasks.add(asyncio.create_task(self.serve(connection, control)))

    async def serve(self, connection: socket.socket, control: Control) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                self.idle.add(writer)
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.idle.discard(writer)
                line, *fields = head.split("\r\n")
                method, target, _ = line.split(" ")
                pairs = (field.partition(": ") for field in fields if field)
                headers = {name.lower(): value for name, _, value in pairs}
                if target.startswith(PREFIX):
                    await send(writer, control.answer(method, target, headers))
                    break
                if not await self.call(target, writer):
                    break
        self.idle.discard(writer)
        writer.close()

    async def call(self, target: str, writer: asyncio.StreamWriter) -> bool:
        """Answer a call; whether its connection goes on."""
        seconds = float(target.partition("?")[2] or 0)
        self.in_flight += 1
        self.streams += bool(seconds)
        try:
            await send(writer, ControlAnswer(200, "text/plain", self.words(seconds)))
        finally:
            self.in_flight -= 1
            self.streams -= bool(seconds)
        return not self.draining

    async def words(self, seconds: float) -> AsyncIterator[bytes]:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            yield b"word "
            await asyncio.sleep(0.05)
        yield self.instance.id.encode()


async def send(writer: asyncio.StreamWriter, answer: ControlAnswer) -> None:
    lines = [f"HTTP/1.1 {answer.status} X", f"Content-Type: {answer.content_type}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    writer.write("\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode())
    async for part in answer.body:
        writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def listening(handover: Handover | None, port: int) -> socket.socket:
    if handover is not None:
        return handover.listeners[0]
    return socket.create_server(("127.0.0.1", port))


async def main() -> int:
    file, port = Path(sys.argv[1]), int(sys.argv[2])
    handover = take_over()
    how, _, limit = file.read_text().strip().partition(" ")  # noqa: ASYNC240
    if how == "dies":
        os._exit(3)
    if how == "slow":
        await asyncio.sleep(3600)
    if how == "wrong" and handover is not None:
        handover.failed(WRONG)
    if how != "good":
        return 2
    listener = listening(handover, port)
    host, port = listener.getsockname()[:2]
    instance = new_instance(host, port, file, time.time())
    with InstanceFile.write(instance) as written:
        gateway = TinyGateway(
            instance, written, listener, Notifier.from_environ(), float(limit or 30)
        )
        await run(gateway, handover)
    return 0


async def run(gateway: TinyGateway, handover: Handover | None) -> None:
    control = Control(gateway, gateway.file.token)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, gateway.ended.set)
    accepting = asyncio.create_task(gateway.accept(control))
    if handover is not None:
        handover.ready(gateway.instance.id)
        await handover.released()
    gateway.notifier.ready("serving")
    alive = asyncio.create_task(gateway.notifier.keep_alive())
    sys.stdout.write(f"{gateway.instance.id}\n")
    sys.stdout.flush()
    await gateway.ended.wait()
    gateway.notifier.stopping()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await control.finished()
    alive.cancel()
    accepting.cancel()


if __name__ == "__main__":
    with contextlib.suppress(HandoverFailed):
        sys.exit(asyncio.run(main()))
    sys.exit(2)
