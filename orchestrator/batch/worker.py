"""A worker: runs lines as workflows, and enters what becomes of them in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import attrs
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.batch.database import BatchDatabase, GroupRow
from orchestrator.batch.gates import LinePlace
from orchestrator.batch.line_call import LineCaller, LineOptions
from orchestrator.batch.lines import BatchLine
from orchestrator.batch.records import Outcome
from orchestrator.batch.segments import Pause, SegmentedCall
from orchestrator.clock import SystemClock


class GroupWriter:
    """Enters rows in groups: what comes while one is written goes with the next.

    A commit takes as long for one row as for a hundred; of one event loop.

    Attributes:
        trouble: What made it stop; ``None`` while it works.
    """

    def __init__(self, database: BatchDatabase) -> None:
        self._database = database
        self._rows: list[tuple[GroupRow, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None
        self.trouble: str | None = None

    async def write(self, row: GroupRow) -> None:
        """Come back once ``row`` is entered; never where the database takes nothing any more."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rows.append((row, done))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_all())
        await done

    async def _write_all(self) -> None:
        while self._rows and self.trouble is None:
            group, self._rows = self._rows, []
            try:
                await asyncio.to_thread(self._database.write_group, [row for row, _ in group])
            except SQLAlchemyError as error:
                # Its lines stay as they are, to be gone on with by the next start: a line that
                # failed here would be one that its provider has nothing to do with.
                self.trouble = self._database.words(error)
                return
            for _, done in group:
                if not done.done():
                    done.set_result(None)


Segment = Callable[[], Coroutine[Any, Any, dict[str, Any]]]


class StepRecorder(Protocol):
    """What a durable engine does for the line that runs."""

    async def run(self, segment: Segment) -> dict[str, Any]:
        """What ``segment`` brings; once that is recorded, the record of it."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, whatever happens to this process."""
        ...


class Worker:
    """Runs lines; of one event loop.

    Args:
        name: Of this process.
        caller: Asks them.
        writer: Enters what becomes of them.

    Attributes:
        in_flight: How many are being asked now.
        done: How many it has brought to their end.
    """

    def __init__(self, name: str, caller: LineCaller, writer: GroupWriter) -> None:
        self.name, self.caller, self.writer = name, caller, writer
        self.in_flight = self.done = 0
        self._began: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_stopping = False

    def attach(self) -> None:
        """Take the running loop for its own."""
        self._loop, self._began = asyncio.get_running_loop(), asyncio.Event()

    def go(self) -> None:
        """Lines may begin; from any thread."""
        if self._loop is not None and self._began is not None:
            self._loop.call_soon_threadsafe(self._began.set)

    def stop(self) -> None:
        """No other line begins; from any thread."""
        self._is_stopping = True

    async def run(self, line: BatchLine, options: LineOptions, recorder: StepRecorder) -> None:
        """Run a line to its end: what was recorded of it is not done again."""
        if self._began is not None:
            await self._began.wait()
        place = await self.caller.enter(line, options)
        try:
            await self._stay_if_stopping()
            await self._run(line, options, recorder, place)
        finally:
            place.leave()

    async def _stay_if_stopping(self) -> None:
        """Go no further once no other line is to begin: the next start goes on."""
        if self._is_stopping:
            await asyncio.Event().wait()

    async def _run(
        self, line: BatchLine, options: LineOptions, recorder: StepRecorder, place: LinePlace
    ) -> None:
        call = self.caller.begin(line, options, place)

        async def segment() -> dict[str, Any]:
            return await self._segment(line, options, call)

        while "outcome" not in (said := await recorder.run(segment)):
            pause = Pause(tuple(said["results"]), said["seconds"])
            call.replay(pause)
            # It is recorded: whatever a kill cuts off from here, nothing is asked again for it.
            await self.writer.write(GroupRow("", landed=(options.batch, line.number)))
            if pause.seconds is not None:
                await recorder.sleep(pause.seconds)
        await self.writer.write(_landing(Outcome(**said["outcome"]), options))
        self.done += 1

    async def _segment(
        self, line: BatchLine, options: LineOptions, call: SegmentedCall[Outcome]
    ) -> dict[str, Any]:
        await self._stay_if_stopping()
        self.in_flight += 1
        try:
            await self.writer.write(self._flight(line, options))
            said = await call.advance()
            if isinstance(said, Outcome):
                return {"outcome": attrs.asdict(said)}
            return {"results": list(said.results), "seconds": said.seconds}
        finally:
            self.in_flight -= 1

    def _flight(self, line: BatchLine, options: LineOptions) -> GroupRow:
        values = {"batch": options.batch, "line": line.number, "custom_id": line.custom_id}
        return GroupRow("flights", {**values, "worker": self.name})


def _landing(outcome: Outcome, options: LineOptions) -> GroupRow:
    values = {
        "batch": options.batch,
        "line": outcome.number,
        "custom_id": outcome.custom_id,
        "is_answered": outcome.is_answered,
        "is_written": False,
        "is_rescued": outcome.is_rescued,
        "prompt_tokens": outcome.prompt_tokens,
        "completion_tokens": outcome.completion_tokens,
        "cost": outcome.cost,
        "record": outcome.text,
    }
    return GroupRow("outcomes", values, landed=(options.batch, outcome.number))


def interruption(batch: str, line: int, custom_id: str, worker: str) -> GroupRow:
    """That a line was in flight when its worker died."""
    values = {
        "batch": batch,
        "line": line,
        "custom_id": custom_id,
        "worker": worker,
        "time": SystemClock().time(),
    }
    return GroupRow("interruptions", values, landed=(batch, line))
