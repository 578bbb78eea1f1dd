"""Temporal's time-skipping server, offline, and a worker with an orchestrator."""

from __future__ import annotations

import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from orchestrator import Orchestrator
from orchestrator.temporal import OrchestratorPlugin
from tests.orchestrator.temporal.workflows import Ask, AskAtLength, AskTwice

SERVER = Path(sysconfig.get_path("scripts")) / "temporal-test-server"
QUEUE = "llm"


@asynccontextmanager
async def time_skipping() -> AsyncIterator[WorkflowEnvironment]:
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(SERVER)
    ) as environment:
        yield environment


def worker_of(client: Client, orchestrator: Orchestrator, *, is_cached: bool = False) -> Worker:
    """A worker; one without a cache replays a workflow from its beginning at each task."""
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=[Ask, AskAtLength, AskTwice],
        plugins=[OrchestratorPlugin(orchestrator)],
        max_cached_workflows=100 if is_cached else 0,
    )
