"""Statistics of ledgers: their lines summed up to :class:`.Statistics`.

A ledger may be larger than memory: it is read line by line, and of each line only what is summed.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import attrs
import msgspec

from orchestrator.dialects.answer import Usage
from orchestrator.ledger.codec import FORMAT, OURS, BrokenLedger
from orchestrator.ledger.entries import Billed
from orchestrator.ledger.figures import (
    CallCounts,
    Statistics,
    TargetFigures,
    ending_of,
    rescue_reason,
)

SLACK = 3600.0
"""Seconds by which the calls of a file may be out of order: a call is written when it ends, and
takes at most as long as its deadline and its stream."""


Price = Callable[[str, str, Usage, datetime], Decimal | None]
"""``(provider, model, usage, when)``: what it cost in US dollars, ``None`` where that is not
known."""


# The lines, as far as they are summed.


class _Target(msgspec.Struct):
    provider: str
    model: str


LATEST = 253_370_764_800.0
"""The year 9999 (epoch): a later instant is none that a clock told, and no date."""


class _Opened(msgspec.Struct, tag_field="kind", tag="opened"):
    call: str
    time: Annotated[float, msgspec.Meta(ge=0, le=LATEST)]
    route: list[_Target]
    format: int = FORMAT


class _Attempt(msgspec.Struct, tag_field="kind", tag="attempt"):
    call: str
    target: str
    provider: str
    model: str
    reason: str | None
    seconds: float
    usage: Usage | None = None
    billed: str = ""
    format: int = FORMAT


class _Skipped(msgspec.Struct):
    reason: str = ""


class _Closed(msgspec.Struct, tag_field="kind", tag="closed"):
    call: str
    outcome: str
    reason: str | None
    stopped_by: str | None
    attempts: int
    skipped: list[_Skipped] = []
    format: int = FORMAT


class _Move(msgspec.Struct, tag_field="kind", tag="transition"):
    format: int = FORMAT


_Line = _Opened | _Attempt | _Closed | _Move
_DECODER = msgspec.json.Decoder(_Line)
_MOVES = (b'{"kind":"transition"', b'{"kind": "transition"')
"""What most lines begin with, of which nothing is summed."""


@attrs.define
class _Running:
    """A call of which the end was not read yet."""

    day: date
    began: datetime
    first: str
    first_target: str = ""
    first_reason: str | None = None


# Reading and summing.


def statistics(
    paths: Iterable[Path],
    *,
    since: float | None = None,
    price: Price | None = None,
    progress: Callable[[int], None] | None = None,
) -> Statistics:
    """What became of the calls of ledger files, and what they cost.

    Args:
        paths: The files, the older ones first: a call may stand in two.
        since: Calls that began before this instant (epoch) are not counted.
        price: What an attempt cost; without it no money is summed.
        progress: Called now and then with how many bytes were read since.

    Raises:
        BrokenLedger: A line is not a ledger's.
        OSError: A file cannot be read.
    """
    summing = _Summing(since, price)
    for path in paths:
        summing.statistics.files = (*summing.statistics.files, str(path))
        with path.open("rb") as file:
            if since is not None:
                file.seek(offset_of(file, since - SLACK))
            for line in _lines(file, str(path), progress):
                summing.take(line)
    return summing.end()


def offset_of(file: BinaryIO, time: float) -> int:
    """Where the first call that began at ``time`` (epoch) or later may stand, found by halving."""
    low, high = 0, file.seek(0, io.SEEK_END)
    while high - low > 2**20:
        middle = (low + high) // 2
        began = _next_call(file, middle)
        if began is None or began >= time:
            high = middle
        else:
            low = middle
    file.seek(low)
    return low + len(file.readline()) if low else 0


def _next_call(file: BinaryIO, offset: int) -> float | None:
    """When the first call that stands behind ``offset`` began; ``None``: there is none."""
    file.seek(offset)
    file.readline()
    while text := file.readline():
        if text.startswith(_MOVES):
            continue
        try:
            line = _DECODER.decode(text)
        except msgspec.MsgspecError:
            continue
        if isinstance(line, _Opened):
            return line.time
    return None


PROGRESS = 2**23
"""Bytes after which progress is told."""


def _lines(
    file: BinaryIO, source: str, progress: Callable[[int], None] | None
) -> Iterator[_Opened | _Attempt | _Closed]:
    read = 0
    for number, text in enumerate(file, 1):
        read += len(text)
        if progress is not None and read >= PROGRESS:
            progress(read)
            read = 0
        if text.startswith(_MOVES) or not text.strip():
            continue
        line = _decoded(text, source, number)
        if line is not None and not isinstance(line, _Move):
            yield line


def _decoded(text: bytes, source: str, number: int) -> _Line | None:
    """The line; ``None`` for one that is torn, or only just being written.

    Raises:
        BrokenLedger: It is none of a ledger's.
    """
    try:
        line: _Line = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        torn = not isinstance(error, msgspec.ValidationError) and (
            OURS.match(text) or not text.endswith(b"\n")
        )
        if torn:
            return None
        raise BrokenLedger(f"{source}, line {number}: {error}") from None
    if line.format > FORMAT:
        what = f"format is {line.format!r}; this version reads up to {FORMAT}"
        raise BrokenLedger(f"{source}, line {number}: {what}")
    return line


class _Summing:
    """Sums lines as they come. Of each call that is not over a little is kept."""

    def __init__(self, since: float | None, price: Price | None) -> None:
        self.statistics = Statistics(is_priced=price is not None)
        self._since, self._price = since, price
        self._running: dict[str, _Running] = {}
        self._cut_off: set[str] = set()
        self._prices: dict[Any, Decimal | None] = {}

    def take(self, line: _Opened | _Attempt | _Closed) -> None:
        """Sum one line."""
        if isinstance(line, _Opened):
            self._open(line)
            return
        running = self._running.get(line.call)
        if running is None:
            self._cut_off.add(line.call)
        elif isinstance(line, _Attempt):
            self._attempt(running, line)
        else:
            self._close(running, line)

    def end(self) -> Statistics:
        """The sums, once there are no more lines."""
        for running in self._running.values():
            for counts in (self.statistics.total, self.statistics.days[running.day]):
                counts.unfinished += 1
        # Those before the instant that was asked for are no call that anybody misses.
        self.statistics.cut_off = len(self._cut_off) if self._since is None else 0
        return self.statistics

    def _open(self, line: _Opened) -> None:
        if self._since is not None and line.time < self._since:
            return
        found, began = self.statistics, datetime.fromtimestamp(line.time).astimezone()
        first = f"{line.route[0].provider}/{line.route[0].model}" if line.route else ""
        self._running[line.call] = _Running(began.date(), began, first)
        found.since = min(line.time, line.time if found.since is None else found.since)
        found.until = max(line.time, line.time if found.until is None else found.until)
        for counts in (found.total, found.days.setdefault(began.date(), CallCounts())):
            counts.calls += 1

    def _attempt(self, running: _Running, line: _Attempt) -> None:
        running.first_target = running.first_target or line.target
        running.first_reason = running.first_reason or line.reason
        sums = self._figures(running, line)
        places = self.statistics.targets, self.statistics.target_days
        places[0].setdefault(line.target, TargetFigures()).add(sums)
        places[1].setdefault((running.day, line.target), TargetFigures()).add(sums)

    def _figures(self, running: _Running, line: _Attempt) -> TargetFigures:
        # Ledgers of before 2026-11-29 do not say what an attempt may have cost.
        answered = line.reason is None if not line.billed else line.billed == Billed.SERVED
        sums = TargetFigures(1, int(answered), line.seconds)
        usage = line.usage
        if usage is None:
            sums.uncounted = int(line.billed not in ("", Billed.NONE))
            return sums
        sums.prompt_tokens, sums.completion_tokens = usage.prompt_tokens, usage.completion_tokens
        if line.billed in (Billed.FAILED, Billed.ABANDONED):
            sums.wasted_tokens = usage.prompt_tokens + usage.completion_tokens
        if self._price is not None:
            money = self._cost(line, usage, running)
            sums.unpriced, sums.money = int(money is None), money or Decimal(0)
        return sums

    def _cost(self, line: _Attempt, usage: Usage, running: _Running) -> Decimal | None:
        if self._price is None:
            raise AssertionError("only called where there are prices")
        # Many attempts have the same: a probe, a classifier's prompt.
        key = (line.provider, line.model, usage, running.day)
        if key not in self._prices:
            if len(self._prices) > MOST_PRICES:
                self._prices.clear()
            with contextlib.suppress(ValueError):  # fewer tokens than none
                self._prices[key] = self._price(line.provider, line.model, usage, running.began)
        return self._prices.get(key)

    def _close(self, running: _Running, line: _Closed) -> None:
        del self._running[line.call]
        found, ending = self.statistics, _ending(running, line)
        for counts in (found.total, found.days[running.day]):
            setattr(counts, ending, getattr(counts, ending) + 1)
        if ending == "rescued":
            found.rescues[_why(running, line)] += 1
        elif ending == "lost":
            found.losses[line.reason or "unknown"] += 1


MOST_PRICES = 100_000
"""Prices that are remembered, so that memory does not grow with the file."""


def _ending(running: _Running, line: _Closed) -> str:
    return ending_of(
        *(line.outcome, line.stopped_by),
        attempts=line.attempts,
        first_asked=running.first_target,
        first_of_route=running.first,
    )


def _why(running: _Running, line: _Closed) -> str:
    return rescue_reason((running.first_reason,), (each.reason for each in line.skipped))
