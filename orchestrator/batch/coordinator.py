"""The coordinator: puts a batch's lines on the queue, and writes what becomes of them."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import attrs
import msgspec

from orchestrator.batch.budget import Budget
from orchestrator.batch.database import BatchDatabase, DatabaseError
from orchestrator.batch.engine import Engine
from orchestrator.batch.line_call import LineOptions
from orchestrator.batch.lines import BatchInput, BatchLine, read_lines
from orchestrator.batch.output import OutputFile, failures_path, interruptions_path
from orchestrator.batch.records import Outcome
from orchestrator.batch.tables import KnownBatch, Sums
from orchestrator.clock import SystemClock

AHEAD = 2_000
"""Lines on the queue beyond those that are over: enough for many workers, and so few that a
million lines take neither the memory nor the time to put them all there first."""

AT_ONCE = 250
"""Lines that are read, and outcomes that are written, in one go."""

PUT_AT_ONCE, MOST_PUTS = 50, 4
"""Lines that are put in one go, and how often between two looks at what is over: whoever puts
holds the lock of SQLite, and answers wait for it."""

TICK = 0.1
"""Seconds between two looks at what is over."""

LOOK_AROUND = 5.0
"""Seconds between two looks for workers that died."""


_CLOCK = SystemClock()


class BatchMismatch(Exception):
    """The output belongs to something else; the text says to what, and what to do."""


@attrs.frozen
class BatchFiles:
    """The files of a batch.

    Attributes:
        answers, failures, interruptions: What stands where.
    """

    answers: OutputFile
    failures: OutputFile
    interruptions: OutputFile

    @classmethod
    def beside(cls, output: Path) -> BatchFiles:
        """Those of the batch whose answers are at ``output``."""
        return cls(
            OutputFile(output),
            OutputFile(failures_path(output)),
            OutputFile(interruptions_path(output)),
        )


def batch_name(given: BatchInput, output: Path) -> str:
    """What a batch is known by: its lines and the name of its output, wherever both lie."""
    return hashlib.sha256(f"{given.digest}:{output.name}".encode()).hexdigest()[:20]


def find_known(database: BatchDatabase, given: BatchInput, output: Path) -> KnownBatch | None:
    """The batch that was begun before, if it was.

    Raises:
        BatchMismatch: The output is of another batch, or of another program.
        DatabaseError: The database cannot be used.
    """
    name = batch_name(given, output)
    known = None
    if database.is_there:
        known = database.find_batch(None if database.path is not None else name)
    if known is not None and known.name != name:
        raise BatchMismatch(
            f"{output} belongs to another batch: its state ({database.shown}) was begun with "
            f"another input, of {known.lines:,} lines; name another output with -o, or go on with "
            "that input"
        )
    if known is None and output.exists() and output.stat().st_size:
        raise BatchMismatch(
            f"{output} exists, and {database.shown} knows nothing of it; name another output with "
            "-o, or move it away"
        )
    return known


@attrs.frozen
class Told:
    """How far a batch is.

    Attributes:
        sums: What is known of its lines.
        new: What was written since it was told last.
        limits: Lines at once by provider, of this process.
        waits: For how many seconds lines wait at most, each of this process that does.
    """

    sums: Sums
    new: tuple[Outcome, ...]
    limits: dict[str, int]
    waits: tuple[float, ...] = ()


@attrs.define
class Coordinator:
    """Runs a batch to its end, or to where it must stop.

    Attributes:
        database, engine, files: What it works with; all of them are open.
        given: The input, checked.
        options: What is said of each line.
        terms: What the batch says of all its lines, as :mod:`.terms` writes it.
        estimate: What a line may cost at most; only asked where there is a budget.
        budget: The limit of money; ``None`` where there is none.
        tell: Told how far it is, many times a second.
        retried: Lines that failed before and are asked again.
    """

    database: BatchDatabase
    engine: Engine
    files: BatchFiles
    given: BatchInput
    options: LineOptions
    terms: str
    tell: Callable[[Told], None]
    estimate: Callable[[BatchLine], int] | None = None
    budget: Budget | None = None
    sums: Sums = attrs.field(factory=Sums)
    is_out_of_money: bool = False
    _put: int = 0
    _next: deque[BatchLine] = attrs.field(factory=deque)

    @property
    def name(self) -> str:
        """The batch's name."""
        return self.options.batch

    def begin(self, known: KnownBatch | None, *, retry_failed: bool) -> None:
        """Enter the batch, and mend what a kill has left.

        Raises:
            BatchMismatch: Another process runs it.
            DatabaseError: The database cannot be used.
            OSError: A file cannot be written.
        """
        if not self.database.claim_batch(self.name):
            raise BatchMismatch(
                f"{self.database.shown}: this batch is running already, elsewhere; "
                "`orchestrator batch work` helps"
            )
        has_other_terms = known is not None and known.terms != self.terms
        if known is None or retry_failed or not known.is_open or has_other_terms:
            self._enter(is_open=True)
        # Workflows first: one that is there is not put again.
        if broken := self.engine.broken(self.name):
            self.engine.forget(self.name, broken)
        if retry_failed:
            self._forget_failures()
        self.engine.take_over()
        if self.budget is not None:
            self.engine.take_back(self.name)  # what an earlier limit let pass this one may not
        self._heal()
        self.sums = self.database.sums(self.name, are_written=True)
        if self.budget is not None:
            self.budget.spent = self.sums.cost
        self.engine.worker.go()

    def _enter(self, *, is_open: bool) -> None:
        self.database.put_batch(
            KnownBatch(
                self.name,
                self.given.digest,
                self.given.count,
                self.files.answers.path.name,
                self.terms,
                is_open,
            )
        )

    def _forget_failures(self) -> None:
        failures = self.database.failures(self.name)
        while group := [outcome.number for outcome in islice(failures, AT_ONCE)]:
            # In this order: killed in between, the line is a failure still, to be retried.
            self.engine.forget(self.name, group)
            self.database.drop_failures(self.name, group)

    def _heal(self) -> None:
        """Make the files say what the database does."""
        self.files.answers.heal()
        waiting = self.database.unwritten_answers(self.name)
        least = self.database.sums(self.name).answered - len(waiting)
        if not self._is_whole(least):
            # Its file was lost, cut or edited: everything that was bought stands in the database.
            self.files.answers.replace(())
            self.database.forget_written(self.name)
        elif waiting:
            there = [waiting[one] for one in self.files.answers.ids() if one in waiting]
            for start in range(0, len(there), AT_ONCE):
                self.database.mark_written(self.name, there[start : start + AT_ONCE])
        self._write_failures()

    def _is_whole(self, least: int) -> bool:
        """Whether so many answers at least stand in their file, each once, and nothing else."""
        found: set[int] = set()  # hashes: of a million lines the names take three times as much
        lines = 0
        for lines, name in enumerate(self.files.answers.ids(), 1):  # noqa: B007
            if not name:
                return False
            found.add(hash(name))
        return least <= len(found) == lines

    def _write_failures(self) -> None:
        # Whole: few lines fail, and those that were retried stand there no more.
        failed: list[int] = []

        def texts() -> Iterator[bytes]:
            for outcome in self.database.failures(self.name):
                failed.append(outcome.number)
                yield outcome.text.encode()

        if self.files.failures.path.exists() or self.database.sums(self.name).failed:
            self.files.failures.replace(texts())
        for start in range(0, len(failed), AT_ONCE):
            self.database.mark_written(self.name, failed[start : start + AT_ONCE])

    def run(self, stops: Callable[[], bool]) -> bool:
        """Ask what is left; whether every line is over.

        Args:
            stops: True once the user wants it to stop.

        Raises:
            DatabaseError: The database takes nothing any more.
            OSError: A file cannot be written; what came is in the database.
        """
        groups = self._unasked()
        looked = _CLOCK.monotonic()
        while not stops():
            self._top_up(groups)
            if not self._take_in():
                _CLOCK.sleep(TICK)
            if self._count >= self.given.count or self._is_out_of_money:
                break
            if _CLOCK.monotonic() - looked > LOOK_AROUND:
                self._look_around()
                looked = _CLOCK.monotonic()
        return self._count >= self.given.count

    @property
    def _count(self) -> int:
        return self.sums.answered + self.sums.failed

    @property
    def _is_out_of_money(self) -> bool:
        """The next line could pass the limit, and none is under way that may cost less."""
        return self.is_out_of_money and self.budget is not None and not self.budget.reserved

    def _look_around(self) -> None:
        self.engine.take_over()
        if broken := self.engine.broken(self.name):
            raise DatabaseError(
                f"{self.database.shown}: the engine gave up {len(broken):,} lines, the first of "
                f"them line {min(broken)}, for it could not write; the same command goes on"
            )

    def _unasked(self) -> Iterator[list[BatchLine]]:
        """The lines without an outcome, in groups."""
        lines = read_lines(self.given.path)
        while group := list(islice(lines, AT_ONCE)):
            done = self.database.done_among(self.name, group[0].number, group[-1].number)
            yield [line for line in group if line.number not in done]

    def _top_up(self, groups: Iterator[list[BatchLine]]) -> None:
        """Put lines on the queue while there is room, and money."""
        for _ in range(MOST_PUTS):
            if self._put >= AHEAD:
                return
            while not self._next:
                if (group := next(groups, None)) is None:
                    return
                self._next.extend(group)
            allowed = list(islice(self._allowed(), PUT_AT_ONCE))
            if not allowed:
                return
            self.engine.put(allowed, self.name)
            self._put += len(allowed)

    def _allowed(self) -> Iterator[BatchLine]:
        """The lines that are next, as far as there is money."""
        while self._next:
            if self.budget is not None and self.estimate is not None:
                most = self.estimate(self._next[0])
                self.is_out_of_money = not self.budget.reserve(self._next[0].number, most)
                if self.is_out_of_money:
                    return
            yield self._next.popleft()

    def _take_in(self) -> int:
        """Write what is over into its file; how many lines."""
        trouble = self.engine.worker.writer.trouble
        if trouble is not None:
            raise DatabaseError(trouble)
        new = self.database.unwritten(self.name, AT_ONCE)
        if new:
            self.files.answers.append(one.text.encode() for one in new if one.is_answered)
            self.files.failures.append(one.text.encode() for one in new if not one.is_answered)
            self.database.mark_written(self.name, [one.number for one in new])
        for one in new:
            self.sums = self.sums.plus(one)
            self._put -= 1
            if self.budget is not None:
                self.budget.settle(one.number, one.cost)
        worker, now = self.engine.worker, _CLOCK.time()
        waits = tuple(max(0.0, due - now) for due in worker.waits.copy().values())
        self.tell(Told(self.sums, tuple(new), worker.caller.limits, waits))
        return len(new)

    def end(self) -> list[str]:
        """Write what is left, and close the batch where all is over; who may be asked twice."""
        while self._take_in():
            pass
        if self._count == self.given.count:
            self._enter(is_open=False)
        interrupted = self.database.interrupted(self.name)
        if interrupted:
            self.files.interruptions.replace(msgspec.json.encode(one) for one in interrupted)
        return list(dict.fromkeys(str(one["custom_id"]) for one in interrupted))
