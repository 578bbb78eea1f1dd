"""A durable engine in memory: it records steps as JSON, dies where it is told to, and replays."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import attrs

from orchestrator import Orchestrator, Response
from orchestrator.api.request import Request
from orchestrator.clock import VirtualClock
from orchestrator.execution.durable import run_durable
from orchestrator.execution.step_performer import StepPerformer


class Killed(BaseException):
    """The process of a workflow is dead."""


@attrs.define
class Journal:
    """What outlives a process.

    Attributes:
        results: Of each step, as text, in order.
        performed: Each step that was performed, and its question.
    """

    results: list[str] = attrs.field(factory=list)
    performed: list[tuple[str, Any]] = attrs.field(factory=list)


class MemoryEngine:
    """One run of a workflow.

    Args:
        performer: Performs steps.
        clock: What sleeps.
        journal: What was recorded by earlier runs, and is by this one.
        dies_at: The number of recorded steps at which this process dies; ``None`` for never.
        before: Called before each step that is performed.
    """

    def __init__(
        self,
        performer: StepPerformer,
        clock: VirtualClock,
        journal: Journal,
        dies_at: int | None = None,
        before: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._performer, self._clock, self._journal = performer, clock, journal
        self._dies_at, self._before, self._number = dies_at, before, 0

    @property
    def is_replaying(self) -> bool:
        return self._number < len(self._journal.results)

    async def step(self, kind: str, asked: dict[str, Any], seconds: float) -> dict[str, Any]:
        assert seconds > 0

        async def perform() -> Any:
            self._before(kind)
            self._journal.performed.append((kind, asked))
            return await self._performer.perform(kind, json.loads(json.dumps(asked)))

        found: dict[str, Any] = await self._recorded(perform)
        return found

    async def sleep(self, seconds: float) -> float:
        async def wait() -> Any:
            await self._clock.sleep_async(seconds)
            return self._clock.time()

        found: float = await self._recorded(wait)
        return found

    async def _recorded(self, perform: Callable[[], Awaitable[Any]]) -> Any:
        number, results = self._number, self._journal.results
        if number == len(results):
            if number == self._dies_at:
                raise Killed
            results.append(json.dumps(await perform()))
        self._number += 1
        return json.loads(results[number])


async def run_killed(
    make: Callable[[], Orchestrator],
    request: Request,
    clock: VirtualClock,
    journal: Journal,
    every: int = 1,
) -> Response:
    """Run a call in processes of which each records ``every`` steps, and dies."""
    while True:
        made, dies_at = make(), len(journal.results) + every
        engine = MemoryEngine(StepPerformer(made), clock, journal, dies_at)
        try:
            return await run_durable(made, request, engine, "a-workflow")
        except Killed:
            continue
        finally:
            await made.aclose()
