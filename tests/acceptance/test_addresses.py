"""D2: an account with several addresses is asked at the first that can be reached."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from orchestrator import Orchestrator
from orchestrator.config.config import Config
from orchestrator.config.loading import loads
from orchestrator.sim import ClosedPort, ScriptedProviders, replies

ASKED = {"messages": [{"role": "user", "content": "hi"}]}


def config(*addresses: str) -> Config:
    """A provider as a vendor's own code derives it: several addresses, the preferred one first."""
    read = loads(
        f"""
        health = "memory"
        [providers.lake]
        base_url = "{addresses[0]}"
        credentials = ["k-lake-canary"]
        [routes]
        default = ["lake/model"]
        """,
        {},
    )
    lake = attrs.evolve(read.providers["lake"], base_urls=addresses)
    return attrs.evolve(read, providers={"lake": lake})


def answers(found: Config, *, times: int, in_tasks: bool) -> list[str]:
    with Orchestrator(found) as orchestrator:
        if not in_tasks:
            return [orchestrator.run(ASKED).text for _ in range(times)]

        async def ask() -> list[str]:
            async with orchestrator:
                return [(await orchestrator.arun(ASKED)).text for _ in range(times)]

        return asyncio.run(ask())


@pytest.mark.parametrize("in_tasks", [False, True])
def test_a_gateway_that_is_blocked_is_probed_once_and_left(in_tasks: bool) -> None:  # noqa: FBT001
    scripts = {"gateway": replies.forbidden_upstream(), "serving": replies.ok("from serving")}
    with ScriptedProviders(scripts) as lake:
        found = config(lake.url("gateway"), lake.url("serving"))

        assert answers(found, times=3, in_tasks=in_tasks) == ["from serving"] * 3
        assert [(each.method, each.credential) for each in lake.received("gateway")] == [
            ("GET", None)
        ]


@pytest.mark.parametrize("in_tasks", [False, True])
def test_a_gateway_that_answers_is_used(in_tasks: bool) -> None:  # noqa: FBT001
    scripts = {"gateway": replies.ok("from the gateway"), "serving": replies.ok("from serving")}
    with ScriptedProviders(scripts) as lake:
        found = config(lake.url("gateway"), lake.url("serving"))

        assert answers(found, times=2, in_tasks=in_tasks) == ["from the gateway"] * 2
        assert not lake.received("serving")


def test_a_gateway_that_nobody_serves_is_left() -> None:
    with ClosedPort() as closed, ScriptedProviders({"serving": replies.ok("here")}) as lake:
        found = config(closed.url, lake.url("serving"))

        assert answers(found, times=1, in_tasks=False) == ["here"]
