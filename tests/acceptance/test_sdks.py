"""The official clients, unmodified, over the transport, against providers that fail."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from tests.acceptance.sdk_clients import ASYNC_CLIENTS, CLIENTS, PICTURE
from tests.acceptance.spoken import (
    ASKED,
    CALL,
    DIALECTS,
    SAID,
    TEXT,
    answers,
    streamed,
)

import orchestrator
from orchestrator import Orchestrator, OrchestratorTransport
from orchestrator.config import loads
from orchestrator.sim import Reply, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript


@contextmanager
def transport_over(
    scripts: Mapping[str, tuple[str, AnyScript]], *, extra: str = "", **options: Any
) -> Iterator[tuple[ScriptedProviders, OrchestratorTransport]]:
    """Providers, each of a dialect, asked in order by the default route."""
    with ScriptedProviders({name: script for name, (_, script) in scripts.items()}) as providers:
        route = [f"{name}/model-of-{name}" for name in scripts]
        lines = ['health = "memory"', extra, "[routes]", f"default = {route}"]
        for name, (dialect, _) in scripts.items():
            lines += [f"[providers.{name}]", f'dialect = "{dialect}"', 'credentials = ["k"]']
            lines += [f'base_url = "{providers.url(name)}"']
        with Orchestrator(loads("\n".join(lines), {})) as inner:
            yield providers, orchestrator.transport(inner, **options)


CROSSINGS = list(itertools.product(DIALECTS, DIALECTS, [False, True], [False, True]))


@pytest.mark.parametrize(("client", "fallback", "stream", "tool"), CROSSINGS)
def test_every_client_gets_the_answer_of_a_fallback_of_every_dialect(
    client: str, fallback: str, stream: bool, tool: bool
) -> None:
    scripts = {
        "broke": (client, replies.billing_402()),
        "spare": (fallback, answers(fallback, stream=stream, tool=tool)),
    }
    with transport_over(scripts) as (providers, transport):
        got = CLIENTS[client].ask(transport, stream=stream, tool=tool)
        received = providers.received("broke"), providers.received("spare")

    assert (got.text, got.calls) == (("", [(CALL[1], CALL[2])]) if tool else (TEXT, []))
    assert (got.asked, got.said) == (ASKED, SAID)
    assert tuple(map(len, received)) == (1, 1)
