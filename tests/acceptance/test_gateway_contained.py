"""Whatever one client or one provider does, no other call is the worse for it.

At once: sound calls, bodies that make no sense, more calls than may be, clients that read slowly
or leave in every state of a call, and providers that fail in every way that the simulator knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import json
import logging
import os
import random
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from orchestrator.sim import Reply, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.spoken import DIALECTS, PIECES, TEXT, answers
from tests.acceptance.test_official_shapes import ASKED
from tests.orchestrator.gateway.running import CHAT, HI, Running, running
from tests.slow import slow_but
from tests.waiting import AMPLE, eventually

MOST = 40
"""Calls that the gateway takes at once."""

ROUNDS = 3
"""How often each client that misbehaves does so."""

ENDS = {
    "openai-chat": "[DONE]",
    "openai-responses": "response.completed",
    "anthropic-messages": "message_stop",
    "gemini": '"STOP"',
}


def faults() -> dict[str, Reply]:
    """Every answer by name of the simulator, but those that are whole."""
    made: dict[str, Reply] = {}
    for name, make in inspect.getmembers(replies, inspect.isfunction):
        if make.__module__ != replies.__name__ or name.startswith("_"):
            continue
        needed = [
            each
            for each in inspect.signature(make).parameters.values()
            if each.default is each.empty
        ]
        if not needed and name != "ok":
            made[name.replace("_", "-")] = make()
    made["redirect"] = replies.redirect("http://127.0.0.1:9/")
    made["cut"] = replies.cut_after(30)
    made["page-200"] = replies.html_page(200)
    made["bytes"] = replies.error(200, b"\xff\xfe{")
    made["deep"] = replies.error(500, b"[" * 5000)
    made["nonsense-events"] = replies.stream("{", "[]", "null", '{"choices": 3}')
    return made


FAULTS = faults()
WHOLE = {"truncated-tool-call"}
"""Those of them whose flaw is seen at the end, when a stream has told all of it."""


def scripts() -> dict[str, AnyScript]:
    found: dict[str, AnyScript] = {f"fault-{name}": reply for name, reply in FAULTS.items()}
    for dialect, stream in itertools.product(DIALECTS, [False, True]):
        found[sound(dialect, stream=stream)] = answers(dialect, stream=stream)
    found["hanging"] = replies.hang()
    found["endless"] = replies.ok("word " * 50_000, pace=0.01)
    found["torrent"] = replies.ok("torrent " * 500_000)
    return found


def sound(dialect: str, *, stream: bool) -> str:
    """The provider that answers so."""
    return f"{dialect}-{'stream' if stream else 'whole'}"


# Those who do as they should.


async def ask_soundly(client: httpx.AsyncClient, number: int) -> str:
    """A call of its own, repeated as long as there are too many; what is wrong with its end."""
    dialect, stream = DIALECTS[number % 4], number // 4 % 2 == 1
    path, payload = ASKED[dialect]
    body = {"model": f"{sound(dialect, stream=stream)}/m", **payload}
    if dialect == "gemini" and stream:
        path = path.replace(":generateContent", ":streamGenerateContent?alt=sse")
    elif stream:
        body["stream"] = True
    headers = {"x-orchestrator-route": body["model"]}
    while True:
        answer = await client.post(path, json=body, headers=headers)
        if answer.status_code != 503:
            break
        assert int(answer.headers["retry-after"]) >= 1
        assert "max_in_flight" in answer.text
        await asyncio.sleep(0.05)
    said = [*PIECES, ENDS[dialect]] if stream else PIECES if dialect == "gemini" else [TEXT]
    missing = [one for one in said if one not in answer.text]
    return f"{dialect} {stream}: {answer.text}" if missing or answer.status_code != 200 else ""


# Those who do not.

Misdeed = Callable[[Running, random.Random], Awaitable[None]]


@contextlib.asynccontextmanager
async def connected(running: Running, dice: random.Random, *, window: int | None = None) -> Any:
    """A connection of one's own, which at the end is closed, or broken as often."""
    client = socket.socket()
    if window is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", running.port))
    reader, writer = await asyncio.open_connection(sock=client, limit=2**12)
    try:
        with contextlib.suppress(OSError):  # the gateway may hang up on who makes no sense
            yield reader, writer
    finally:
        if dice.random() < 0.5:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()


def request(body: dict[str, Any], *, length: int | None = None) -> tuple[bytes, bytes]:
    """The head and the body of a call."""
    content = json.dumps(body).encode()
    length = len(content) if length is None else length
    head = (
        f"POST {CHAT} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"content-length: {length}\r\n\r\n"
    )
    return head.encode(), content


async def leaves_in_the_head(running: Running, dice: random.Random) -> None:
    head, _ = request(HI)
    async with connected(running, dice) as (_, writer):
        writer.write(head[: dice.randrange(len(head))])
        await writer.drain()


async def leaves_before_the_body(running: Running, dice: random.Random) -> None:
    async with connected(running, dice) as (_, writer):
        writer.write(request(HI)[0])
        await writer.drain()
        await asyncio.sleep(0.05)


async def leaves_in_the_body(running: Running, dice: random.Random) -> None:
    head, content = request({**HI, "model": "hanging/m"})
    async with connected(running, dice) as (_, writer):
        writer.write(head + content[: dice.randrange(1, len(content))])
        await writer.drain()
        await asyncio.sleep(dice.random() / 20)


async def leaves_before_the_first_token(running: Running, dice: random.Random) -> None:
    async with connected(running, dice) as (_, writer):
        writer.write(b"".join(request({**HI, "model": "hanging/m", "stream": dice.random() < 0.5})))
        await writer.drain()
        await asyncio.sleep(dice.random() / 2)


async def leaves_in_the_stream(running: Running, dice: random.Random) -> None:
    async with connected(running, dice) as (reader, writer):
        writer.write(b"".join(request({**HI, "model": "endless/m", "stream": True})))
        await writer.drain()
        await reader.read(dice.choice([1, 100, 4000]))


async def reads_nothing(running: Running, dice: random.Random) -> None:
    async with connected(running, dice, window=4096) as (_, writer):
        writer.write(b"".join(request({**HI, "model": "torrent/m", "stream": dice.random() < 0.5})))
        await writer.drain()
        await asyncio.sleep(1)


async def asks_for_more_and_leaves(running: Running, dice: random.Random) -> None:
    """Several requests at once on one connection, of which none is waited for."""
    both = request({**HI, "model": "endless/m", "stream": True})
    async with connected(running, dice) as (reader, writer):
        writer.write(b"".join(both) * 3)
        await writer.drain()
        await reader.read(dice.choice([1, 1000]))


GARBAGE = [
    b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",  # a client that speaks TLS
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET\r\n\r\n",
    b"POST /v1/messages HTTP/9.9\r\n\r\n",
    f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".encode(),
    f"POST {CHAT} HTTP/1.1\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd".encode(),
    f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".encode(),
    b"GET / HTTP/1.1\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
    b"\x00" * 5000,
]


async def sends_garbage(running: Running, dice: random.Random) -> None:
    async with connected(running, dice) as (reader, writer):
        writer.write(dice.choice(GARBAGE))
        await writer.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await reader.read()


NONSENSE: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"messages": [],,}',
    b'{"messages": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    b'{"messages": 3}',
    b'{"messages": [{"role": "user", "content": "hi"}], "model": 7}',
    b'{"messages": [{"role": "user", "content": "hi"}], "stream": "yes", "model": ["a"]}',
    b'{"messages": [{"role": "user", "content": "\\ud800"}], "model": "nobody/m"}',
]


async def makes_no_sense(running: Running, dice: random.Random) -> None:
    path = dice.choice([path for path, _ in ASKED.values()])
    async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=AMPLE) as client:
        answer = await client.post(
            path, content=dice.choice(NONSENSE), headers={"content-type": "application/json"}
        )
    assert answer.status_code in (400, 404, 503), answer.text
    assert answer.json()["error"]["message"]


async def floods(running: Running, _dice: random.Random) -> None:
    """As many calls as there may be at all, which are given up together."""
    async with httpx.AsyncClient(base_url=running.url, trust_env=False, timeout=AMPLE) as client:
        asked = [
            asyncio.ensure_future(client.post(CHAT, json={**HI, "model": "hanging/m"}))
            for _ in range(MOST)
        ]
        done, _ = await asyncio.wait(asked, timeout=0.3)
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
    assert {each.result().status_code for each in done if not each.cancelled()} <= {503}


MISDEEDS: list[Misdeed] = [
    leaves_in_the_head,
    leaves_before_the_body,
    leaves_in_the_body,
    leaves_before_the_first_token,
    leaves_in_the_stream,
    reads_nothing,
    asks_for_more_and_leaves,
    sends_garbage,
    makes_no_sense,
    floods,
]


async def meets(client: httpx.AsyncClient, name: str, *, stream: bool) -> str:
    """What is wrong with the end of a call at a provider that fails."""
    body = {**HI, "model": f"fault-{name}/m", "stream": stream}
    while True:
        answer = await client.post(CHAT, json=body, headers={"x-orchestrator-deadline": "2"})
        if answer.status_code != 503 or "max_in_flight" not in answer.text:
            break
        await asyncio.sleep(0.05)
    if name in WHOLE and stream and answer.status_code == 200:
        return ""
    words = answer.text if "[DONE]" not in answer.text else ""
    is_told = '"error"' in words and f"fault-{name}" in words and "internal" not in words
    return "" if is_told else f"{name} {stream}: {answer.status_code} {answer.text}"


LOOPS: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop]
with contextlib.suppress(ImportError):  # it is not made for every system
    import uvloop

    LOOPS.append(uvloop.new_event_loop)


@pytest.mark.parametrize(
    "loop",
    slow_but(LOOPS[-1:], LOOPS, "the same by the other loop"),
    ids=lambda each: str(each.__module__).partition(".")[0],
)
def test_every_sound_call_is_answered_beside_all_that_goes_wrong(
    loop: Callable[[], asyncio.AbstractEventLoop], caplog: pytest.LogCaptureFixture
) -> None:
    async def main(running: Running) -> list[str]:
        limits = httpx.Limits(max_connections=30)
        async with httpx.AsyncClient(
            base_url=running.url, trust_env=False, timeout=AMPLE * 2, limits=limits
        ) as client:
            wrong = [
                misdeed(running, random.Random(n)) for misdeed in MISDEEDS for n in range(ROUNDS)
            ]
            asked = [
                *(ask_soundly(client, number) for number in range(96)),
                *(
                    meets(client, name, stream=stream)
                    for name in FAULTS
                    for stream in (False, True)
                ),
            ]
            random.Random(7).shuffle(asked)
            ends = await asyncio.gather(*asked, *wrong)
        return [end for end in ends if end]

    loop().close()  # what a kind of loop opens once in a process
    before = descriptors()
    dialects = {sound(one, stream=stream): one for one in DIALECTS for stream in (False, True)}
    tables: dict[str, Any] = {
        "gateway": {"max_in_flight": MOST},
        "policy": {"attempts_per_target": 1},
    }
    with running(scripts(), dialects=dialects, loop_factory=loop, **tables) as served:
        assert asyncio.run(main(served)) == []
        assert eventually(lambda: served.gateway.in_flight == 0)
        after = served.post(json={**HI, "model": "openai-chat-whole/m"})
        assert (after.status_code, TEXT in after.text) == (200, True)

    assert eventually(lambda: descriptors() == before), Counter(descriptors()) - Counter(before)
    loud = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
    assert loud == []


def descriptors() -> list[str]:
    """What this process has open, but for files and pipes of others' making."""
    found = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - text is enough
        with contextlib.suppress(OSError):  # the listing's own
            found.append(os.readlink(f"/proc/self/fd/{name}").partition(":")[0])  # noqa: PTH115
    return sorted(one for one in found if not one.startswith("/"))
