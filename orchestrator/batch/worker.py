"""A worker: runs lines as workflows, and enters what becomes of them in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
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
        self._rows: list[tuple[GroupRow, asyncio.Future[list[str] | None]]] = []
        self._task: asyncio.Task[None] | None = None
        self.trouble: str | None = None

    async def write(self, row: GroupRow) -> list[str] | None:
        """Come back once ``row`` is entered; never where the database takes nothing any more.

        Returns:
            Of a row that asks for it (``reads``), what is known of its line.
        """
        done: asyncio.Future[list[str] | None] = asyncio.get_running_loop().create_future()
        self._rows.append((row, done))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_all())
        return await done

    async def _write_all(self) -> None:
        while self._rows and self.trouble is None:
            group, self._rows = self._rows, []
            try:
                found = await asyncio.to_thread(
                    self._database.write_group, [row for row, _ in group]
                )
            except SQLAlchemyError as error:
                # Its lines stay as they are, to be gone on with by the next start: a line that
                # failed here would be one that its provider has nothing to do with.
                self.trouble = self._database.words(error)
                return
            for row, done in group:
                if not done.done():
                    done.set_result(None if row.reads is None else found[row.reads])


Sleep = Callable[[float], Awaitable[None]]
"""Waits so many seconds, whatever happens to this process meanwhile."""


class Worker:
    """Runs lines; of one event loop.

    Args:
        name: Of this process.
        caller: Asks them.
        writer: Enters what becomes of them.

    Attributes:
        in_flight: How many are being asked now.
        waits: When lines that wait between two requests go on at the latest: seconds of the wall
            clock, by line.
        done: How many it has brought to their end.
    """

    def __init__(self, name: str, caller: LineCaller, writer: GroupWriter) -> None:
        self.name, self.caller, self.writer = name, caller, writer
        self.in_flight = self.done = 0
        self.waits: dict[tuple[str, int], float] = {}
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

    async def run(self, line: BatchLine, options: LineOptions, sleep: Sleep) -> None:
        """Run a line to its end: what was recorded of it is not done again."""
        if self._began is not None:
            await self._began.wait()
        place = await self.caller.enter(line, options)
        try:
            await self._stay_if_stopping()
            await self._run(line, options, sleep, place)
        finally:
            place.leave()

    async def _stay_if_stopping(self) -> None:
        """Go no further once no other line is to begin: the next start goes on."""
        if self._is_stopping:
            await asyncio.Event().wait()

    async def _run(
        self, line: BatchLine, options: LineOptions, sleep: Sleep, place: LinePlace
    ) -> None:
        key = (options.batch, line.number)
        recorded = await self.writer.write(GroupRow("", reads=key))
        if recorded is None:
            return  # a kill came between its outcome and the engine's note of it
        call = self.caller.begin(line, options, place)
        for text in recorded:
            await self._go_past(msgspec.json.decode(text, type=Pause), key, call, sleep)
        number = len(recorded)
        while isinstance(said := await self._segment(line, options, call, number), Pause):
            await self._go_past(said, key, call, sleep)
            number += 1
        self.done += 1

    async def _segment(
        self, line: BatchLine, options: LineOptions, call: SegmentedCall[Outcome], number: int
    ) -> Pause | Outcome:
        """Run the next segment; once this comes back, a kill has nothing asked again for it."""
        await self._stay_if_stopping()
        self.in_flight += 1
        try:
            await self.writer.write(self._flight(line, options))
            said = await call.advance()
            if isinstance(said, Outcome):
                await self.writer.write(_landing(said, options))
            else:
                await self.writer.write(_segment_row(said, line, options, number))
            return said
        finally:
            self.in_flight -= 1

    async def _go_past(
        self, pause: Pause, key: tuple[str, int], call: SegmentedCall[Outcome], sleep: Sleep
    ) -> None:
        """Go on behind a segment that is recorded, once its wait is over."""
        call.replay(pause)
        if pause.seconds is None:
            return
        self.waits[key] = SystemClock().time() + pause.seconds
        try:
            await sleep(pause.seconds)
        finally:
            del self.waits[key]

    def _flight(self, line: BatchLine, options: LineOptions) -> GroupRow:
        values = {"batch": options.batch, "line": line.number, "custom_id": line.custom_id}
        return GroupRow("flights", {**values, "worker": self.name})


def _segment_row(pause: Pause, line: BatchLine, options: LineOptions, number: int) -> GroupRow:
    values = {"batch": options.batch, "line": line.number, "number": number}
    record = msgspec.json.encode(pause).decode()
    return GroupRow("segments", {**values, "record": record}, landed=(options.batch, line.number))


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
