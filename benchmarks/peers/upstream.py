"""A provider in a process of its own, cheap enough not to be what is measured.

Each path answers in a way of its own, in chat-completions shape:

* ``/ok`` at once, ``/long`` at once with 600 bytes, ``/slow`` after 200 ms;
* ``/words`` streams :data:`WORDS` words in one write, ``/dribble`` one word each 5 ms;
* ``/stall`` streams one word, and then nothing until the client goes away;
* ``/broke`` is 402, ``/quota`` 429 for a quota that is used up;
* ``/hits`` tells how often each path was asked, and counts from zero again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import resource
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

WORDS = 60
SLOW, DRIBBLE = 0.2, 0.005
ROOT = Path(__file__).parents[2]
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def _whole(status: str, body: object) -> bytes:
    raw = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}"
    return f"{head}\r\n\r\n".encode() + raw


def _error(kind: str, message: str) -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "code": kind, "param": None}}


def _event(delta: object, reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    raw = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "model"}
    data = b"data: %s\n\n" % json.dumps({**raw, "choices": [choice]}).encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


def _answer(content: str) -> bytes:
    message = {"role": "assistant", "content": content}
    return _whole(
        "200 OK",
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "model",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        },
    )


OK = _answer("ok")
LONG = _answer("word " * 68)
"""A body of 600 bytes."""
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WORD = _event({"role": "assistant", "content": "word "})
END = _event({}, "stop") + b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
AT_ONCE = {
    b"ok": OK,
    b"long": LONG,
    b"words": STREAM + WORD * WORDS + END,
    b"stall": STREAM + WORD,
    b"broke": _whole("402 Payment Required", _error("insufficient_balance", "No money left")),
    b"quota": _whole(
        "429 Too Many Requests",
        _error("insufficient_quota", "You exceeded your current quota, check your plan"),
    ),
}
hits: Counter[str] = Counter()


class Provider(asyncio.Protocol):
    """One connection; requests come one after another."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        buffer = self.buffer + data
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(buffer, 0, end)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(buffer) < whole:
                break
            self.answer(buffer.split(b"/", 2)[1].split(b" ")[0])
            buffer = buffer[whole:]
        self.buffer = buffer

    def answer(self, name: bytes) -> None:
        """Answer a request to the path that begins with ``name``."""
        if name == b"hits":
            self.transport.write(_whole("200 OK", hits))
            hits.clear()
            return
        hits[name.decode()] += 1
        loop = asyncio.get_running_loop()
        if name == b"slow":
            loop.call_later(SLOW, self.write, OK)
        elif name == b"dribble":
            self.transport.write(STREAM)
            pieces = [*[WORD] * WORDS, END]
            for at, piece in enumerate(pieces, 1):
                loop.call_later(at * DRIBBLE, self.write, piece)
        else:
            self.transport.write(AT_ONCE[name])

    def write(self, data: bytes) -> None:
        """Write, unless the client has left meanwhile."""
        if not self.transport.is_closing():
            self.transport.write(data)


async def serve(certificate: str | None) -> None:
    """Listen on a free port of the loopback interface, and print it, until the input ends."""
    secured = None
    if certificate is not None:
        secured = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secured.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Provider, "127.0.0.1", 0, ssl=secured, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def new_loop(name: str = "uvloop") -> Callable[[], asyncio.AbstractEventLoop]:
    """What makes an event loop: uvloop's where that is asked for and installed."""
    if name == "uvloop":
        with contextlib.suppress(ImportError):
            import uvloop

            return uvloop.new_event_loop
    return asyncio.new_event_loop


def pin(core: int) -> None:
    """Stay on one core, so that two processes do not take turns on one; where that is possible."""
    if sys.platform == "linux" and len(cores := sorted(os.sched_getaffinity(0))) > core:
        os.sched_setaffinity(0, {cores[core]})


def resident() -> int:
    """Bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def allow_files() -> int:
    """Allow as many open files as may be; how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@contextlib.contextmanager
def running(certificate: Path | None = None) -> Iterator[str]:
    """The address of a provider that runs in a process of its own meanwhile."""
    words = [
        sys.executable,
        "-m",
        "benchmarks.peers.upstream",
        *([certificate] * bool(certificate)),
    ]
    with subprocess.Popen(
        [str(word) for word in words],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        yield f"http{'s' * (certificate is not None)}://127.0.0.1:{port}"
        process.stdin.close()


def main() -> None:
    """Be the provider."""
    pin(0)
    allow_files()
    with asyncio.Runner(loop_factory=new_loop()) as runner:
        runner.run(serve(sys.argv[1] if len(sys.argv) > 1 else None))


if __name__ == "__main__":
    main()
