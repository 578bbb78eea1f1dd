"""What a request costs a gateway in instructions, stage by stage.

    python -m benchmarks.gateways.instructions

Counted as :mod:`benchmarks.instructions` counts a call: by callgrind, in user space, with an
upstream and a client that are in memory. A stage is what a request needs up to its end, less
what it needs up to the end of the stage before. The last lines are of the whole, through the
protocol of a connection. Not in them are the loop's sockets, on either side.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import attrs
from uvicorn.config import Config as ServerConfig

from benchmarks.gateways.load import request_bytes
from benchmarks.instructions import MARK, MemoryTransports, interpreter, totalled
from benchmarks.peers.upstream import LONG, ROOT, new_loop
from orchestrator import Orchestrator
from orchestrator.api.request import Request
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.gateway.app import GatewayApp
from orchestrator.gateway.browser_guard import check_content_type
from orchestrator.gateway.client_request import ClientRequest
from orchestrator.gateway.machine_calls import headers, read_request
from orchestrator.gateway.protocol import Connections, GatewayProtocol, Limits
from orchestrator.gateway.served_paths import served_at
from orchestrator.gateway.server import _refusal
from orchestrator.gateway.state import Gateway, Handling
from orchestrator.serving.respond import answer

WORKER = "--worker"
NOTHING = "nothing"
TIMES = 100
CONFIG = """\
health = "file"
{ledger}
[routes]
default = ["bench/model"]
[providers.bench]
base_url = "http://127.0.0.1:1/v1"
credentials = ["benchmark"]
"""
SENT = request_bytes("http://127.0.0.1:8400/v1/chat/completions")
Message = MutableMapping[str, Any]
Once = Callable[[], Awaitable[None]]


class Client(asyncio.Transport):
    """The connection of a client that writes nowhere."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 9), "sockname": ("127.0.0.1", 8400)})
        self.written = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """See :class:`asyncio.Transport`."""
        self.written += len(data)

    def is_closing(self) -> bool:
        """See :class:`asyncio.Transport`."""
        return False

    def close(self) -> None:
        """See :class:`asyncio.Transport`."""

    def abort(self) -> None:
        """See :class:`asyncio.Transport`."""


def made(ledger: Path | None = None) -> Gateway:
    """A gateway whose every call is answered out of memory."""
    named = "" if ledger is None else f'ledger = "{ledger}"'
    orchestrator = Orchestrator(
        loads(CONFIG.format(ledger=named), {}), clock=VirtualClock(), seed=1
    )
    orchestrator._transports = MemoryTransports([LONG])  # noqa: SLF001 - no option takes one
    return Gateway.over(orchestrator, "benchmark")


def asked(app: Any) -> Once:
    """A whole request over the protocol of a connection, answered by ``app``."""
    config = ServerConfig(
        app, lifespan="off", ws="none", log_config=None, access_log=False, proxy_headers=False
    )
    config.load()
    protocol = GatewayProtocol(config, Connections(Limits(), _refusal), asyncio.get_running_loop())
    protocol.connection_made(Client())

    async def once() -> None:
        protocol.data_received(SENT)
        task = protocol._task  # noqa: SLF001 - what else says when it is done
        assert task is not None
        await task

    return once


async def at_once(scope: Message, receive: Any, send: Any) -> None:  # noqa: ARG001
    """An application that reads its request, and answers it."""
    await receive()
    told = [(b"content-type", b"application/json"), (b"content-length", b"600")]
    await send({"type": "http.response.start", "status": 200, "headers": told})
    await send({"type": "http.response.body", "body": b" " * 600})


STAGES = (
    "ClientRequest.of, Handling",
    "guards, served_at, begin",
    "read the body",
    "parse_request",
    "route, admit",
    "begin_call",
    "CallStore.begin",
    "arun_call (flow, board, memory transport)",
    "headers (call_headers, facts)",
    "answer (the body in the client's dialect)",
    "_send (header pairs)",
    "end (facts, CallStore.add, metrics)",
)


@attrs.frozen
class Walk:
    """A request, gone through by hand as :mod:`orchestrator.gateway.app` does it.

    Attributes:
        app: Of the gateway.
        gateway: That is asked.
        scope: Of the request.
    """

    app: Any
    gateway: Gateway
    scope: Message

    async def _receive(self) -> Message:
        body = SENT.partition(b"\r\n\r\n")[2]
        return {"type": "http.request", "body": body, "more_body": False}

    async def _send(self, message: Message) -> None:
        """Nowhere."""

    async def stages(self) -> AsyncGenerator[None, None]:
        """Go through a request, to the end of each of :data:`STAGES`."""
        gateway, app = self.gateway, self.app
        handling = Handling(ClientRequest.of(self.scope), gateway.clock.monotonic())
        incoming = handling.incoming
        yield
        app._guard(handling)  # noqa: SLF001
        served = served_at(incoming.method, incoming.path)
        app._authenticate(handling, served)  # noqa: SLF001
        check_content_type(incoming.headers.get("content-type"))
        gateway.begin(handling)
        yield
        await app._read(handling, self._receive)  # noqa: SLF001
        yield
        assert served.called is not None
        request: Request = await read_request(handling, served.called)
        yield
        gateway.orchestrator.config.route(request.wants)
        gateway.admit(handling, request)
        yield
        call = gateway.orchestrator.begin_call(request)
        yield
        gateway.run(handling, call)
        yield
        response = await gateway.orchestrator.arun_call(call)
        yield
        told = headers(gateway, handling, request)
        yield
        reply = answer(request, response, told)
        yield
        await app._send(reply, handling, self._send)  # noqa: SLF001
        yield
        gateway.end(handling)
        yield

    def through(self, count: int) -> Once:
        """Go through so many of them."""

        async def once() -> None:
            stages = self.stages()
            for _ in range(count):
                await anext(stages)
            await stages.aclose()
            self.gateway.in_flight = 0

        return once


async def scope_of_one() -> Message:
    """The scope of a request, as the protocol makes it."""
    found: list[Message] = []

    async def keep(scope: Message, receive: Any, send: Any) -> None:
        found.append(dict(scope))
        await at_once(scope, receive, send)

    await asked(keep)()
    return found[0]


async def counted(once: Once) -> None:
    """Go through it; caches are filled, and rubbish collected, before it counts."""
    for _ in range(TIMES):
        await once()
    gc.collect()
    os.getpriority(os.PRIO_PROCESS, 0)
    for _ in range(TIMES):
        await once()
    os.getpriority(os.PRIO_PROCESS, 0)


async def work_through(folder: Path) -> list[str]:
    """Go through everything; the names of what was counted, in order."""
    names = []
    gateway = made()
    walk = Walk(GatewayApp(gateway), gateway, await scope_of_one())
    for at, name in enumerate((NOTHING, *STAGES)):
        await counted(walk.through(at))
        names.append(name)
    await counted(asked(at_once))
    names.append("protocol, with an app that answers at once")
    for name, ledger in (("ledger off", None), ("ledger in a file", folder / "calls.jsonl")):
        await counted(asked(GatewayApp(made(ledger))))
        names.append(f"whole, {name}")
    return names


def main() -> int:
    """Count, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(WORKER, action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().worker:
        gc.disable()
        with (
            tempfile.TemporaryDirectory() as folder,
            asyncio.Runner(loop_factory=new_loop()) as runner,
        ):
            print(json.dumps(runner.run(work_through(Path(folder)))))
        return 0
    if shutil.which("valgrind") is None:
        print("no instructions were counted: valgrind is not installed", file=sys.stderr)
        return 2
    print(interpreter())
    for name, instructions in count().items():
        print(f"{name:<50}{instructions:>12,}")
    return 0


def count() -> dict[str, int]:
    """Instructions of each stage of a request, and of the whole of it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counts"
        done = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"),
                *(f"--dump-before={MARK}", "--quiet", sys.executable, "-P", "-m"),
                *("benchmarks.gateways.instructions", WORKER),
            ],
            check=True, stdout=subprocess.PIPE, text=True, timeout=900, cwd=ROOT,
            env={
                "PYTHONHASHSEED": "0",
                "PYTHONPATH": ".",
                "PATH": os.environ["PATH"],
                "XDG_STATE_HOME": folder,
            },
        )  # fmt: skip
        names: list[str] = json.loads(done.stdout.splitlines()[-1])
        parts = [totalled(out.with_name(f"counts.{2 * at + 2}")) for at in range(len(names))]
    found = {name: part // TIMES for name, part in zip(names, parts, strict=True)}
    ends = [found.pop(name) for name in (NOTHING, *STAGES)]
    each = {name: ends[at + 1] - ends[at] for at, name in enumerate(STAGES)}
    return {**each, **found}


if __name__ == "__main__":
    sys.exit(main())
