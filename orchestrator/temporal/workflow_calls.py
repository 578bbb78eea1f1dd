"""Calls in workflow code. What a call needs of the world is an activity or a timer."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import timedelta
from typing import Unpack

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception
from temporalio.workflow import NondeterminismError

from orchestrator.api.errors import CallFailed
from orchestrator.api.options import CallOptions, RequestLike, read_call
from orchestrator.api.request import Request, RequestError
from orchestrator.api.response import Response
from orchestrator.execution.durable import NotDeterministic, StepLost, run_durable
from orchestrator.execution.durable_data import Data, StepKind
from orchestrator.execution.step_performer import DurableHost
from orchestrator.temporal.activities import ACTIVITIES, HEARTBEAT_SECONDS, application_error
from orchestrator.temporal.payload_limit import PayloadTooLarge, checked_size

_host: ContextVar[DurableHost] = ContextVar("orchestrator of a workflow")

_ONCE = RetryPolicy(maximum_attempts=1)
"""Of a send: the machine decides whether there is another, and to whom."""

_STEP_TRIES = RetryPolicy(
    maximum_attempts=5, initial_interval=timedelta(milliseconds=200), backoff_coefficient=2.0
)
"""Of what asks no provider, and may be done twice: a worker that dies in it is no end of a call."""


async def run(request: RequestLike, **options: Unpack[CallOptions]) -> Response:
    """Run a call to its end, in workflow code.

    Args:
        request: As for :meth:`.Orchestrator.run`.
        options: As for :meth:`.Orchestrator.run`, but ``observe``: an observer of the
            orchestrator is told of the whole call when it is over.

    Raises:
        ApplicationError: The call failed; ``type`` is the name of the class of
            :mod:`orchestrator.api.errors`, such as ``BillingExhausted``, the details hold reason,
            target, status, message and hint, and ``__cause__`` is the :class:`.CallFailed` itself.
            No retry policy of a workflow repeats it. Also, by their names, where the request or
            the config cannot be used, and ``PayloadTooLarge``.
        RuntimeError: The worker has no :class:`.OrchestratorPlugin`.
        NondeterminismError: In a replay: the code goes another way than it did.
    """
    host = _host.get(None)
    if host is None:
        raise RuntimeError(
            "this worker has no orchestrator: give it plugins=[OrchestratorPlugin(orchestrator)]"
        )
    try:
        asked = _read(request, options)
        return await run_durable(host, asked, WorkflowEngine(), workflow.uuid4().hex)
    except (CallFailed, RequestError) as error:
        raise application_error(error) from error
    except NotDeterministic as error:
        raise NondeterminismError(str(error)) from error


def _read(request: RequestLike, options: CallOptions) -> Request:
    asked, observe = read_call("run", request, options)
    if observe is not None:
        raise RequestError(
            "observe is a function, which no history holds; allowed: observe of the Orchestrator"
        )
    return asked


def let_calls_through(host: DurableHost) -> None:
    """Let calls of the task of a workflow that runs now, and of those that it begins, use ``host``.

    Nobody takes it back: the task ends, or is dropped by whoever lets go of the workflow, which
    is another context.
    """
    _host.set(host)


class WorkflowEngine:
    """A :class:`.DurableEngine` of the workflow that runs now."""

    @property
    def is_replaying(self) -> bool:
        """True while the history is replayed."""
        return workflow.unsafe.is_replaying()

    async def step(self, kind: str, asked: Data, seconds: float) -> Data:
        """See :meth:`.DurableEngine.step`."""
        checked_size(asked, "the request")
        perform = _send if kind == StepKind.ATTEMPT else _step
        try:
            told = await perform(StepKind(kind), asked, timedelta(seconds=seconds))
        except ActivityError as error:
            raise _meaning(error, kind) from error
        # One clock for all: the one of timers, which the hosts of workers may differ from.
        told["ended"] = workflow.time()
        return told

    async def sleep(self, seconds: float) -> float:
        """See :meth:`.DurableEngine.sleep`."""
        await workflow.sleep(timedelta(seconds=seconds), summary="until a provider may be asked")
        return workflow.time()


async def _send(kind: StepKind, asked: Data, limit: timedelta) -> Data:
    send = asked["send"]
    target = send["target"]
    told: Data = await workflow.execute_activity(
        ACTIVITIES[kind],
        asked,
        result_type=dict,
        start_to_close_timeout=limit,
        heartbeat_timeout=timedelta(seconds=HEARTBEAT_SECONDS),
        retry_policy=_ONCE,
        summary=f"{target['provider']}/{target['model']} {send['credential']}",
    )
    return told


async def _step(kind: StepKind, asked: Data, limit: timedelta) -> Data:
    told: Data = await workflow.execute_local_activity(
        ACTIVITIES[kind],
        asked,
        result_type=dict,
        start_to_close_timeout=limit,
        retry_policy=_STEP_TRIES,
    )
    return told


def _meaning(error: ActivityError, kind: str) -> BaseException:
    """What it means for the call that an activity failed."""
    cause = error.cause or error
    if is_cancelled_exception(error):
        return asyncio.CancelledError()
    if isinstance(cause, ApplicationError) and cause.type == PayloadTooLarge.__name__:
        return PayloadTooLarge(cause.message)
    if kind == StepKind.ATTEMPT:
        return StepLost(f"what came of the request is not known: {cause}", workflow.time())
    return cause
