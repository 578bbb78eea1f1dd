"""Streamed calls over scripted providers of any dialect, read to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs

from orchestrator import CallFailed, Orchestrator, Response
from orchestrator.api.chunks import Chunk
from orchestrator.config.loading import loads
from orchestrator.ledger import Attempt, Closed, Entry
from orchestrator.sim import Cut, Ending, Framing, Reply, ScriptedProviders
from orchestrator.sim.script import AnyScript
from tests.acceptance.world import HI


@attrs.define
class Read:
    """What a caller got of a stream."""

    chunks: list[Chunk] = attrs.field(factory=list)
    entries: list[Entry] = attrs.field(factory=list)
    response: Response | None = None
    failure: CallFailed | None = None

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, Attempt))

    @property
    def rules(self) -> list[str | None]:
        return [attempt.rule for attempt in self.attempts]

    @property
    def targets(self) -> list[str]:
        return [attempt.provider for attempt in self.attempts]

    @property
    def closed(self) -> Closed:
        (closed,) = [entry for entry in self.entries if isinstance(entry, Closed)]
        return closed


ONCE = "[policy]\nattempts_per_target = 1"
CONTINUE = f'{ONCE}\non_interrupted = "continue"'
HOLD = f'{ONCE}\non_interrupted = "hold"'

Reader = Callable[..., Read]


def read(orchestrator: Orchestrator, request: Any = HI, **options: Any) -> Read:
    """:meth:`Orchestrator.stream`, to its end."""
    got = Read()
    try:
        with orchestrator.stream(request, observe=got.entries.append, **options) as chunks:
            got.chunks.extend(chunks)
        got.response = chunks.response
    except CallFailed as failed:
        got.failure = failed
    return got


def aread(orchestrator: Orchestrator, request: Any = HI, **options: Any) -> Read:
    """:meth:`Orchestrator.astream`, to its end, in a loop of its own."""
    got = Read()

    async def main() -> None:
        try:
            stream = orchestrator.astream(request, observe=got.entries.append, **options)
            async with stream as chunks:
                async for chunk in chunks:
                    got.chunks.append(chunk)
            got.response = chunks.response
        except CallFailed as failed:
            got.failure = failed

    asyncio.run(main())
    return got


def raw(body: bytes, **options: Any) -> Reply:
    """A stream of these very bytes, and then its end in order."""
    headers = {"Content-Type": "text/event-stream", **options.pop("headers", {})}
    return Reply(body=body, headers=headers, **{"framing": Framing.CHUNKED, **options})


def paced(*events: bytes, pace: float = 0.0, **options: Any) -> Reply:
    """The data of these events, each in a chunk of its own, ``pace`` seconds apart.

    Chunks that arrive together are read together.
    """
    data = tuple(one.split(b"data: ", 1)[1].decode().rstrip("\n") for one in events)
    return Reply(events=data, pace=pace, **options)


def cut(body: bytes, after: int, ending: Ending = Ending.CLOSE) -> Reply:
    """The same, cut after so many bytes."""
    return raw(body, cut=Cut(after, ending))


@contextmanager
def streams(
    scripts: Mapping[str, AnyScript],
    *,
    dialects: Mapping[str, str] | None = None,
    extra: str = ONCE,
    fields: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[tuple[ScriptedProviders, Orchestrator]]:
    """Scripted providers, each of its dialect, on one route."""
    route = [f"{name}/{(models or {}).get(name, 'm')}" for name in scripts]
    with ScriptedProviders(scripts) as providers:
        lines = ['health = "memory"', extra, "[routes]", f"default = {route}"]
        for name in scripts:
            spoken = (dialects or {}).get(name, "openai-chat")
            lines += [
                f"[providers.{name}]",
                f'base_url = "{providers.url(name)}"',
                f'dialect = "{spoken}"',
                f'credentials = ["canary-{name}"]',
                (fields or {}).get(name, ""),
            ]
        with Orchestrator(loads("\n".join(lines), {}), **options) as orchestrator:
            yield providers, orchestrator
