"""Workers that are killed: another one goes on with their calls."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from orchestrator.sim import Reply, Script, ScriptedProviders, replies
from tests.acceptance.world import environment, text_of
from tests.orchestrator.temporal.server import time_skipping, worker_of
from tests.orchestrator.temporal.test_calls import A_DAY, begun, until_event, until_received
from tests.slow import slow

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def worker_process(server: WorkflowEnvironment, config: Path) -> AsyncIterator[int]:
    address = server.client.service_client.config.target_host
    script = str(Path(__file__).with_name("worker_process.py"))
    env = {**os.environ, **environment(["a"]), "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, script, address, str(config)), env=env, cwd=ROOT
    )
    try:
        yield process.pid
    finally:
        process.kill()
        await process.wait()


def killed(tmp_path: Path, first: Reply, *, in_wait: bool) -> tuple[str, int]:
    """What a call is answered, and how many requests it took, where its worker dies."""
    with ScriptedProviders({"a": Script((first, replies.ok("by another")))}) as providers:
        config = tmp_path / "orchestrator.toml"
        config.write_text(text_of({"a": providers.url("a")}, ["a/m"], extra=A_DAY))

        async def main() -> tuple[str, int]:
            async with time_skipping() as server:
                async with worker_process(server, config) as process:
                    handle = await begun(server.client)
                    await until_received(providers, "a")
                    if in_wait:
                        await until_event(handle, "TIMER_STARTED")
                    os.kill(process, signal.SIGKILL)
                made = Orchestrator(loads(config.read_text(), environment(["a"]), config))
                async with made, worker_of(server.client, made):
                    return await handle.result(), len(providers.received("a"))

        return asyncio.run(main())


@slow("a process is started; a worker that shuts down is looked at in test_calls")
def test_another_worker_waits_on_where_one_was_killed(tmp_path: Path) -> None:
    assert killed(tmp_path, replies.rate_limited(3600), in_wait=True) == ("by another", 2)


@slow("a missing sign of life is waited for; a worker that shuts down is looked at in test_calls")
def test_what_was_in_flight_when_a_worker_was_killed_is_for_the_machine(tmp_path: Path) -> None:
    never = Reply(completion=replies.ok("never").completion, delay=100.0)

    assert killed(tmp_path, never, in_wait=False) == ("by another", 2)
