"""Calls in workflows of Temporal, on its time-skipping server, with real providers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowHistory
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import Replayer

from orchestrator import Orchestrator
from orchestrator.sim import Reply, Script, ScriptedProviders, replies
from orchestrator.temporal import OrchestratorPlugin
from tests.acceptance.world import canary, config_of, world
from tests.orchestrator.temporal.server import QUEUE, time_skipping, worker_of
from tests.orchestrator.temporal.workflows import Ask, AskAtLength, AskOtherwise, AskTwice

A_DAY = "[policy]\ndeadline = 86400"
Act = Callable[[Client], Awaitable[Any]]


def in_temporal(made: Orchestrator, act: Act, *, is_cached: bool = False) -> Any:
    """What ``act`` comes to while a worker of ``made`` runs."""

    async def main() -> Any:
        async with (
            time_skipping() as environment,
            made,
            worker_of(environment.client, made, is_cached=is_cached),
        ):
            return await act(environment.client)

    return asyncio.run(main())


def replay(made: Orchestrator, history: WorkflowHistory, workflow: type = Ask) -> None:
    async def main() -> None:
        plugin = OrchestratorPlugin(made)
        await Replayer(workflows=[workflow], plugins=[plugin]).replay_workflow(history)

    asyncio.run(main())


async def begun(client: Client, workflow: Any = Ask.run, argument: Any = "why?") -> Any:
    return await client.start_workflow(workflow, argument, id="one", task_queue=QUEUE)


async def asked(client: Client) -> tuple[str, WorkflowHistory]:
    handle = await begun(client)
    return await handle.result(), await handle.fetch_history()


async def until_event(handle: WorkflowHandle[Any, Any], name: str) -> None:
    """Wait until the history tells of ``name``."""
    while name not in (await handle.fetch_history()).to_json():  # noqa: ASYNC110 - a server's
        await asyncio.sleep(0.02)


async def until_received(providers: ScriptedProviders, name: str) -> None:
    while not providers.received(name):  # noqa: ASYNC110 - of another thread
        await asyncio.sleep(0.02)


async def failure_of(handle: WorkflowHandle[Any, Any]) -> BaseException | None:
    with pytest.raises(WorkflowFailureError) as raised:
        await handle.result()
    return raised.value.cause


def test_a_call_takes_its_fallback_and_its_history_replays() -> None:
    scripts = {"a": replies.billing_402(), "b": replies.ok("because")}
    told: list[Any] = []
    with world(scripts, observe=told.append) as (providers, made):
        result, history = in_temporal(made, asked, is_cached=True)
        replay(made, history)
        # What a replayer makes of a workflow task that fails, for whatever reason.
        with pytest.raises(RuntimeError, match="another version of the code"):
            replay(made, history, AskOtherwise)
        assert len(providers.received("a")) == len(providers.received("b")) == 1

        # A config that is another one by now changes nothing of it.
        config = config_of(providers, "ba", ["b/model-of-b", "a/model-of-a"])
        replay(Orchestrator(config), history)
        assert len(providers.received("b")) == 1

    assert result == "because"
    assert [entry.kind for entry in told].count("closed") == 1
    text = history.to_json()
    assert canary("a", 1)[:-1] not in text
    assert canary("b", 1)[:-1] not in text


def test_an_hour_is_waited_in_no_time_and_nothing_is_said_twice() -> None:
    waits = Script((replies.rate_limited(3600), replies.ok("at last")))
    told: list[Any] = []
    with world({"a": waits}, extra=A_DAY, observe=told.append) as (_, made):
        result, history = in_temporal(made, asked)
        replay(made, history)

    assert result == "at last"
    assert [entry.kind for entry in told].count("opened") == 1
    assert told[-1].at > 3600


def test_a_call_that_fails_tells_its_real_cause() -> None:
    async def act(client: Client) -> tuple[Any, Any]:
        first = await failure_of(await begun(client))
        return first, await (await begun(client, AskTwice.run)).result()

    with world({"a": replies.billing_402(), "b": replies.bad_key()}) as (_, made):
        failed, handled = in_temporal(made, act)

    assert isinstance(failed, ApplicationError)
    assert failed.type == "BillingExhausted"
    assert "Insufficient Balance" in failed.message
    assert failed.non_retryable
    assert failed.details[0]["reason"] == "billing"
    assert handled == "BillingExhausted: a/model-of-a"


def test_a_workflow_that_is_cancelled_in_a_wait_ends_its_call() -> None:
    async def act(client: Client) -> Any:
        handle = await begun(client)
        await until_event(handle, "TIMER_STARTED")
        await handle.cancel()
        return await failure_of(handle)

    told: list[Any] = []
    with world({"a": replies.rate_limited(3600)}, extra=A_DAY, observe=told.append) as (_, made):
        failed = in_temporal(made, act)

    assert isinstance(failed, CancelledError)
    assert told[-1].stopped_by == "cancelled"


def test_a_worker_that_shuts_down_in_an_attempt_is_no_end_of_the_call() -> None:
    slow = Reply(completion=replies.ok("never").completion, delay=30.0)
    answers = Script((slow, replies.ok("by another worker")))
    with world({"a": answers}) as (providers, made):

        async def main() -> tuple[str, int]:
            async with time_skipping() as environment, made:
                client = environment.client
                async with worker_of(client, made):
                    handle = await begun(client)
                    await until_received(providers, "a")
                async with worker_of(client, made):
                    return await handle.result(), len(providers.received("a"))

        assert asyncio.run(main()) == ("by another worker", 2)


def test_what_temporal_cannot_record_is_refused() -> None:
    async def act(client: Client) -> Any:
        return await failure_of(await begun(client, AskAtLength.run, 500_000))

    with world({"a": replies.ok()}) as (providers, made):
        failed = in_temporal(made, act)
        assert not providers.received("a")

    assert isinstance(failed, ApplicationError)
    assert failed.type == "PayloadTooLarge"
    assert "the request takes 2.5 MB" in failed.message


def test_a_worker_without_a_plugin_is_told_what_is_missing() -> None:
    from temporalio import workflow

    with pytest.raises(RuntimeError, match="OrchestratorPlugin"):
        asyncio.run(Ask().run("why?"))
    assert workflow.in_workflow() is False
