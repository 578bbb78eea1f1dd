"""Calls in workflows of Temporal, on its time-skipping server, with real providers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from orchestrator import Orchestrator
from orchestrator.sim import ScriptedProviders, replies
from orchestrator.temporal import OrchestratorPlugin
from tests.acceptance.world import canary, world
from tests.orchestrator.temporal.server import QUEUE, time_skipping, worker_of
from tests.orchestrator.temporal.workflows import Ask, AskOtherwise, AskTwice


def in_temporal(made: Orchestrator, act: Callable[[Client], Awaitable[Any]]) -> Any:
    """What ``act`` comes to while a worker of ``made`` runs."""

    async def main() -> Any:
        async with time_skipping() as environment, made:
            async with worker_of(environment.client, made):
                return await act(environment.client)

    return asyncio.run(main())


def replay(made: Orchestrator, history: WorkflowHistory, workflow: type = Ask) -> None:
    async def main() -> None:
        plugin = OrchestratorPlugin(made)
        await Replayer(workflows=[workflow], plugins=[plugin]).replay_workflow(history)

    asyncio.run(main())


async def asked(client: Client, workflow: Any = Ask.run) -> tuple[Any, WorkflowHistory]:
    handle = await client.start_workflow(workflow, "why?", id="one", task_queue=QUEUE)
    try:
        result = await handle.result()
    except WorkflowFailureError as failed:
        result = failed.cause
    return result, await handle.fetch_history()


def test_a_call_takes_its_fallback_and_the_history_replays() -> None:
    scripts = {"a": replies.billing_402(), "b": replies.ok("because")}
    told: list[Any] = []
    with world(scripts, observe=told.append) as (providers, made):
        result, history = in_temporal(made, asked)
        replay(made, history)
        assert len(providers.received("a")) == len(providers.received("b")) == 1

    assert result == "because"
    text = history.to_json()
    assert canary("a", 1) not in text
    assert canary("b", 1) not in text
    assert [entry.kind for entry in told].count("closed") == 1
