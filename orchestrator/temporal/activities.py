"""The activities that perform what a call in a workflow needs of the world."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import RequestError
from orchestrator.config import ConfigError
from orchestrator.execution.durable_data import Data, StepKind
from orchestrator.execution.step_performer import DurableHost, StepPerformer
from orchestrator.temporal.payload_limit import checked_size

WORKER_SHUTDOWN = "WorkerShutdown"
"""The type of the failure of an attempt whose worker shuts down: nobody cancelled its workflow."""

HEARTBEAT_SECONDS = 30.0
"""How long a worker may be silent before its attempts are taken for lost. Our own choice: an
attempt may take minutes, and its call should not wait for its limit where the worker is dead."""

BEAT_SECONDS = 5.0
"""How often a worker says that it is there; Temporal itself passes on fewer."""

ACTIVITIES = {kind: f"orchestrator_{kind.value}" for kind in StepKind}
"""The name of the activity that performs a step."""


class OrchestratorActivities:
    """The activities of one orchestrator; :class:`.OrchestratorPlugin` gives them to a worker.

    Args:
        orchestrator: Has the transports, the keys, the board and the ledger.
    """

    def __init__(self, orchestrator: DurableHost) -> None:
        self.orchestrator = orchestrator
        self._performer = StepPerformer(orchestrator)

    @property
    def all(self) -> list[Callable[..., Any]]:
        """Every activity, for a worker."""
        return [self.plan, self.attempt, self.ask, self.reload, self.file]

    @activity.defn(name=ACTIVITIES[StepKind.PLAN])
    async def plan(self, asked: Data) -> Data:
        """Who is asked, in which order, and what the call may do."""
        return await self._perform(StepKind.PLAN, asked)

    @activity.defn(name=ACTIVITIES[StepKind.ATTEMPT])
    async def attempt(self, asked: Data) -> Data:
        """Send a request to a provider, and read all of its answer."""
        async with _heartbeats():
            try:
                return await self._perform(StepKind.ATTEMPT, asked)
            except asyncio.CancelledError:
                details = activity.cancellation_details()
                if details is None or not details.worker_shutdown:
                    raise
                raise ApplicationError(
                    "the worker shut down", type=WORKER_SHUTDOWN, non_retryable=True
                ) from None

    @activity.defn(name=ACTIVITIES[StepKind.ASK])
    async def ask(self, asked: Data) -> Data:
        """Ask the health board."""
        return await self._perform(StepKind.ASK, asked)

    @activity.defn(name=ACTIVITIES[StepKind.RELOAD])
    async def reload(self, asked: Data) -> Data:
        """Read a refused secret again."""
        return await self._perform(StepKind.RELOAD, asked)

    @activity.defn(name=ACTIVITIES[StepKind.FILE])
    async def file(self, asked: Data) -> Data:
        """Write the record of a call that is over."""
        return await self._perform(StepKind.FILE, asked)

    async def _perform(self, kind: StepKind, asked: Data) -> Data:
        try:
            return checked_size(await self._performer.perform(kind, asked), "the answer")
        except (CallFailed, RequestError, ConfigError) as error:
            # Not what passes by itself: the request, or the config, must be another one.
            raise application_error(error) from error
        except Exception as error:  # noqa: BLE001 - see below
            # Whatever it is, it goes into a history, and its words with it.
            masked = self.orchestrator.runtime.masker(str(error))
            raise ApplicationError(masked, type=type(error).__name__) from None


def application_error(error: Exception) -> ApplicationError:
    """``error`` as Temporal's, by its own class and words, which no retry of Temporal's follows."""
    details: tuple[Any, ...] = ()
    if isinstance(error, CallFailed):
        told = {
            "reason": error.reason.value,
            "target": error.target,
            "status": error.error.status,
            "message": error.error.message,
            "hint": error.hint,
            "stopped_by": error.stopped_by.value,
            "call": error.ledger.call,
        }
        details = (told,)
    kind = type(error).__name__
    return ApplicationError(str(error), *details, type=kind, non_retryable=True)


@asynccontextmanager
async def _heartbeats() -> AsyncIterator[None]:
    """Tell Temporal that this worker is there, until the block is left."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beating
