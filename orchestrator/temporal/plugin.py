"""The plugin that gives a worker, or a replayer, an orchestrator."""

from __future__ import annotations

import dataclasses
from typing import Any

from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from orchestrator.execution.step_performer import DurableHost
from orchestrator.temporal.activities import OrchestratorActivities
from orchestrator.temporal.workflow_calls import let_calls_through

PASSED_THROUGH = ("orchestrator", "attr", "attrs", "cattr", "cattrs", "httpx", "msgspec")
"""Modules that the sandbox of workflow code takes as they are: a call in a workflow reads no clock
and draws nothing, and to load these anew for each workflow would take longer than the call."""


class OrchestratorPlugin(SimplePlugin):
    """Gives a worker, or a replayer, the activities of an orchestrator, and workflows its calls.

    ::

        Worker(client, task_queue="llm", workflows=[…], plugins=[OrchestratorPlugin(orchestrator)])

    Args:
        orchestrator: Any :class:`orchestrator.Orchestrator`. Each worker has one of its own: the
            same routes, and keys that are good.
    """

    def __init__(self, orchestrator: DurableHost) -> None:
        self.orchestrator_activities = OrchestratorActivities(orchestrator)
        super().__init__(
            "llm-request-orchestrator",
            activities=self.orchestrator_activities.all,
            interceptors=[_CallsInterceptor(orchestrator)],
            workflow_runner=_with_library,
        )


def _with_library(runner: WorkflowRunner | None) -> WorkflowRunner:
    if isinstance(runner, SandboxedWorkflowRunner):
        restrictions = runner.restrictions.with_passthrough_modules(*PASSED_THROUGH)
        return dataclasses.replace(runner, restrictions=restrictions)
    if runner is None:
        raise ValueError("a worker has a workflow runner")
    return runner


class _CallsInterceptor(Interceptor):
    def __init__(self, host: DurableHost) -> None:
        self._host = host

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002, ARG002 - Temporal's own name
    ) -> type[WorkflowInboundInterceptor]:
        host = self._host

        class CallsInbound(WorkflowInboundInterceptor):
            """Lets the code of a workflow make calls, wherever that code stands."""

            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002
                let_calls_through(host)
                return await super().execute_workflow(input)

            async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
                let_calls_through(host)
                await super().handle_signal(input)

            async def handle_update_handler(self, input: HandleUpdateInput) -> Any:  # noqa: A002
                let_calls_through(host)
                return await super().handle_update_handler(input)

        return CallsInbound
