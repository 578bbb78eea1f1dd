"""Configs over scripted providers, written as a user would write them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from orchestrator import CallFailed, Orchestrator, Response
from orchestrator.config.config import Config
from orchestrator.config.loading import loads
from orchestrator.health import Store
from orchestrator.sim import ScriptedProviders
from orchestrator.sim.script import AnyScript

HI = {"messages": [{"role": "user", "content": "hi"}]}

Outcome = Response | CallFailed
Call = Callable[..., Response]


def canary(provider: str, number: int) -> str:
    """The key number ``number`` (from 1) of ``provider``; nothing in it looks like a key."""
    return f"canary.{provider}.{number}.Q7x"


def text_of(
    urls: Mapping[str, str],
    route: Sequence[str],
    *,
    keys: Mapping[str, int] | None = None,
    extra: str = "",
    health: str = "memory",
) -> str:
    """A config: each provider of ``urls`` with its keys, and ``route`` as the default."""
    lines = [f'health = "{health}"', extra, "[routes]", f"default = {list(route)}"]
    for name, url in urls.items():
        count = (keys or {}).get(name, 1)
        names = [f"env:{name.upper()}_{number}" for number in range(1, count + 1)]
        lines += [f"[providers.{name}]", f'base_url = "{url}"', f"credentials = {names}"]
    return "\n".join(lines)


def environment(names: Sequence[str], keys: Mapping[str, int] | None = None) -> dict[str, str]:
    """The variables that :func:`text_of` names."""
    return {
        f"{name.upper()}_{number}": canary(name, number)
        for name in names
        for number in range(1, (keys or {}).get(name, 1) + 1)
    }


def config_of(
    providers: ScriptedProviders,
    names: Sequence[str],
    route: Sequence[str],
    *,
    keys: Mapping[str, int] | None = None,
    extra: str = "",
    environ: Mapping[str, str] | None = None,
) -> Config:
    """The config over the scripted providers ``names``."""
    urls = {name: providers.url(name) for name in names}
    text = text_of(urls, route, keys=keys, extra=extra)
    return loads(text, environment(names, keys) | dict(environ or {}))


@contextmanager
def world(
    scripts: Mapping[str, AnyScript],
    *,
    route: Sequence[str] | None = None,
    keys: Mapping[str, int] | None = None,
    extra: str = "",
    environ: Mapping[str, str] | None = None,
    store: Store | None = None,
    **options: Any,
) -> Iterator[tuple[ScriptedProviders, Orchestrator]]:
    """Scripted providers on a socket, and an orchestrator whose route asks each in order."""
    names = list(scripts)
    route = route or [f"{name}/model-of-{name}" for name in names]
    with ScriptedProviders(scripts) as providers:
        config = config_of(providers, names, route, keys=keys, extra=extra, environ=environ)
        with Orchestrator(config, store=store, **options) as orchestrator:
            yield providers, orchestrator


def run(orchestrator: Orchestrator, request: Any = HI, **options: Any) -> Response:
    """:meth:`Orchestrator.run`."""
    return orchestrator.run(request, **options)


def arun(orchestrator: Orchestrator, request: Any = HI, **options: Any) -> Response:
    """:meth:`Orchestrator.arun` in a loop of its own, left in order."""

    async def main() -> Response:
        return await orchestrator.arun(request, **options)

    return asyncio.run(main())


def outcome(call: Call, *arguments: Any, **options: Any) -> Outcome:
    """What a call ends with, as a value."""
    try:
        return call(*arguments, **options)
    except CallFailed as failed:
        return failed


def failure(call: Call, *arguments: Any, **options: Any) -> CallFailed:
    """The failure that a call ends with; any other end fails the test."""
    found = outcome(call, *arguments, **options)
    assert isinstance(found, CallFailed), found
    return found


def counts(providers: ScriptedProviders, *names: str) -> tuple[int, ...]:
    """How many requests each provider really received."""
    return tuple(len(providers.received(name)) for name in names)
