"""Two providers on loopback that misbehave as real ones do, and count what they gave to whom."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
from collections import Counter
from typing import Any, Self

import attrs

_NUMBER = re.compile(rb"line (\d+)")

SHAPE = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000}


@attrs.frozen
class Misbehaviour:
    """How the providers are.

    Attributes:
        latency: Seconds that an answer takes, in the middle.
        capacity: Requests at once of one provider; those beyond it get a 429.
        faults: The share of requests that fail though there is room: 429 with a wait, 500, 503,
            a connection that is cut, a body that is no JSON.
        hopeless: The share of lines that no provider takes (400).
        retry_after: Seconds that a 429 names.
    """

    latency: float = 0.05
    capacity: int = 24
    faults: float = 0.15
    hopeless: float = 0.01
    retry_after: float = 0.2

    def is_hopeless(self, line: int) -> bool:
        """Whether a line is refused by everybody."""
        return _chance("hopeless", line) < self.hopeless


def _chance(*what: object) -> float:
    """A number from 0 to 1 that is the same in each run."""
    digest = hashlib.blake2b(repr(what).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


@attrs.define
class _Provider:
    running: int = 0
    most: int = 0
    refused: int = 0


class Providers:
    """The providers ``alpha`` and ``beta``, in a thread of their own; a context manager.

    Attributes:
        asked: Requests by line.
        answered: Whole answers that were sent, by line.
    """

    def __init__(self, misbehaviour: Misbehaviour) -> None:
        self._how = misbehaviour
        self.asked: Counter[int] = Counter()
        self.answered: Counter[int] = Counter()
        self.providers = {"alpha": _Provider(), "beta": _Provider()}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def url(self, name: str) -> str:
        """The ``base_url`` of a provider."""
        return f"http://127.0.0.1:{self.port}/{name}/v1"

    async def _listen(self) -> int:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = server
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        others = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # what they have closed is closed in the loop's next round

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1]) if length else 0)
                name = head.split(b"/", 2)[1].decode()
                if not await self._answer(name, body, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, name: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection stays."""
        found = _NUMBER.search(body)
        line = int(found[1]) if found else -1
        self.asked[line] += 1
        provider = self.providers[name]
        provider.running += 1
        provider.most = max(provider.most, provider.running)
        try:
            status, headers, answer = await self._made(name, line)
            if status == 0:
                return False
            await _send(writer, status, headers, answer)
            if status == 200 and answer.startswith(b"{"):
                self.answered[line] += 1
        finally:
            provider.running -= 1
        return True

    async def _made(self, name: str, line: int) -> tuple[int, dict[str, str], bytes]:
        how, provider = self._how, self.providers[name]
        if provider.running > how.capacity:
            provider.refused += 1
            return self._refusal()
        await asyncio.sleep(how.latency * (0.5 + _chance("wait", line, self.asked[line])))
        if how.is_hopeless(line):
            return 400, {}, _error("this line makes no sense", "invalid_request_error")
        chance = _chance(name, line, self.asked[line])
        if chance < how.faults:
            return self._fault(int(chance / how.faults * 5))
        return 200, {}, _completion(line)

    def _refusal(self) -> tuple[int, dict[str, str], bytes]:
        wait = {"retry-after-ms": str(int(self._how.retry_after * 1000))}
        return 429, wait, _error("too many requests at once", "rate_limit_error")

    def _fault(self, kind: int) -> tuple[int, dict[str, str], bytes]:
        match kind:
            case 0:
                return self._refusal()
            case 1:
                return 500, {}, _error("internal error", "server_error")
            case 2:
                return 503, {}, _error("overloaded", "server_error")
            case 3:
                return 0, {}, b""
            case _:
                return 200, {}, b"<html>bad gateway</html>"


def _error(message: str, kind: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "code": None}}).encode()


def _completion(line: int) -> bytes:
    said: dict[str, Any] = {"role": "assistant", "content": f"answer {line}"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    choice = {"index": 0, "message": said, "finish_reason": "stop"}
    return json.dumps({**SHAPE, "model": "m", "choices": [choice], "usage": usage}).encode()


async def _send(
    writer: asyncio.StreamWriter, status: int, headers: dict[str, str], body: bytes
) -> None:
    told = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + body)
    await writer.drain()


def config(providers: Providers) -> str:
    """A config over both providers."""
    tables = "".join(
        f'[providers.{name}]\nbase_url = "{providers.url(name)}"\n'
        f'credentials = ["literal-{name}"]\n'
        for name in ("alpha", "beta")
    )
    return f'{tables}[routes]\ndefault = ["alpha/m", "beta/m"]\n'


def input_line(number: int) -> str:
    """A line of the input."""
    body = {"model": "default", "messages": [{"role": "user", "content": f"line {number} ."}]}
    return json.dumps(
        {
            "custom_id": f"id-{number}",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": body,
        }
    )
