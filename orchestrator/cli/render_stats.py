"""Rendering of :class:`.Statistics`: tables, bars in the terminal, and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator.cli.format import count, duration, one_line
from orchestrator.cli.screen import Screen
from orchestrator.extras import how_to_install
from orchestrator.ledger.figures import CallCounts, Statistics, TargetFigures, as_mapping

ENDS = ("answered_at_once", "rescued", "lost", "left", "unfinished")
"""Fields of :class:`.CallCounts` that are what became of a call."""

WORDS = ("answered at once", "rescued", "lost", "left by the caller", "no end recorded")

_SIGNS = (("█", "green"), ("▓", "yellow"), ("░", "red"), ("·", "dim"), ("·", "dim"))
_BAR = 56
"""Columns of the longest bar; with a day before it and a number behind it it fits into 80."""


@attrs.frozen
class ShownStatistics:
    """What ``stats`` shows.

    Attributes:
        statistics: The sums.
    """

    statistics: Statistics

    def as_mapping(self) -> dict[str, Any]:
        """As a JSON-ready mapping."""
        found = self.statistics
        return {
            "files": found.files,
            "since": found.since,
            "until": found.until,
            **as_mapping(found.total),
            **self._figures(found.attempts),
            "rescues": dict(found.rescues),
            "losses": dict(found.losses),
            "targets": [
                {"target": target, **self._figures(sums)} for target, sums in found.targets.items()
            ],
            "days": [
                {
                    "day": day.isoformat(),
                    **as_mapping(counts),
                    **self._figures(found.attempts_on(day)),
                    "targets": [
                        {"target": target, **self._figures(sums)}
                        for (on, target), sums in found.target_days.items()
                        if on == day
                    ],
                }
                for day, counts in sorted(found.days.items())
            ],
            "cut_off": found.cut_off,
        }

    def _figures(self, sums: TargetFigures) -> dict[str, Any]:
        return {**as_mapping(sums), **({} if self.statistics.is_priced else {"money": None})}

    def show(self, screen: Screen) -> None:
        """On stdout."""
        found = self.statistics
        if not found.total.calls:
            files = ", ".join(found.files)
            where = f"in {files} no call began in that time" if files else "none was recorded yet"
            screen.result(f"no call: {where}")
            return
        screen.result(_headline(found))
        screen.show(_endings(found))
        screen.show(self._by_target())
        if len(found.days) > 1:
            screen.show(self._by_day())
        for line in self._notes():
            screen.result(Text(line, style="dim"))

    def plot(self, screen: Screen) -> None:
        """How the calls of each day ended, as bars on stdout."""
        if not self.statistics.total.calls:
            return
        screen.result("")
        for line in _bars(self.statistics):
            screen.result(line)

    def _by_target(self) -> Table:
        table = self._table("target", "sent", "answered")
        rows = self.statistics.targets.items()
        for target, sums in sorted(rows, key=lambda row: -row[1].attempts):
            numbers = (f"{sums.attempts:,}", f"{sums.answered:,}")
            table.add_row(one_line(target), *numbers, *self._cells(sums))
        if len(rows) > 1:
            total = self.statistics.attempts
            table.add_section()
            numbers = (f"{total.attempts:,}", f"{total.answered:,}")
            table.add_row("all", *numbers, *self._cells(total))
        return table

    def _by_day(self) -> Table:
        table = self._table("day", "calls", "rescued", "lost")
        for day, counts in sorted(self.statistics.days.items()):
            numbers = (counts.calls, counts.rescued, counts.lost)
            sums = self.statistics.attempts_on(day)
            table.add_row(day.isoformat(), *(f"{each:,}" for each in numbers), *self._cells(sums))
        return table

    def _table(self, first: str, *others: str) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column(first, overflow="fold")
        for name in (*others, "time", "tokens in", "out", *self._money_head()):
            table.add_column(name, justify="right", no_wrap=True)
        return table

    def _money_head(self) -> Sequence[str]:
        return ("US$",) if self.statistics.is_priced else ()

    def _cells(self, sums: TargetFigures) -> Iterator[str]:
        yield duration(sums.seconds)
        yield amount(sums.prompt_tokens)
        yield amount(sums.completion_tokens)
        if self.statistics.is_priced:
            is_unknown = sums.unpriced and not sums.money
            yield "?" if is_unknown else f"{dollars(sums.money)}{'+?' if sums.unpriced else ''}"

    def _notes(self) -> Iterator[str]:
        found, total = self.statistics, self.statistics.attempts
        if total.wasted_tokens:
            tokens = total.prompt_tokens + total.completion_tokens
            share = 100 * total.wasted_tokens / tokens
            yield (
                f"{amount(total.wasted_tokens)} tokens ({share:.1f} %) went to attempts that "
                "failed or were abandoned; they are in the sums"
            )
        if total.uncounted:
            yield (
                f"{count(total.uncounted, 'attempt')} may be on a bill without tokens: "
                "their providers told none"
            )
        if not found.is_priced:
            yield f"money by target and day: {how_to_install('prices')}"
        elif unpriced := [name for name, sums in found.targets.items() if sums.unpriced]:
            yield f"no price is known of {', '.join(unpriced)}: not in the money"
        if found.cut_off:
            yield (
                f"{count(found.cut_off, 'call')} began in an older file, and are not counted"
                if found.cut_off > 1
                else "1 call began in an older file, and is not counted"
            )


def _headline(found: Statistics) -> str:
    first, last = _local(found.since), _local(found.until)
    when = f"{first:%Y-%m-%d %H:%M}"
    if found.total.calls > 1:
        is_one_day = first.date() == last.date()
        when += f" to {last:%H:%M}" if is_one_day else f" to {last:%Y-%m-%d %H:%M}"
    calls = count(found.total.calls, "call")
    return f"{calls}, {when}, in {', '.join(found.files)}"


def _local(at: float | None) -> datetime:
    return datetime.fromtimestamp(at or 0.0).astimezone()


def _endings(found: Statistics) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column()
    reasons = {"rescued": found.rescues, "lost": found.losses}
    for name, words in zip(ENDS, WORDS, strict=True):
        number = getattr(found.total, name)
        if number or name in ENDS[:3]:
            share = f"{100 * number / found.total.calls:.1f} %"
            table.add_row(words, f"{number:,}", share, _reasons(reasons.get(name, Counter())))
    return table


def _reasons(counted: Counter[str]) -> Text:
    return Text(", ".join(f"{name} {number:,}" for name, number in counted.most_common()), "dim")


def _bars(found: Statistics) -> Iterator[Text]:
    """A line a day, without gaps: days of no call are days too."""
    counted = dict(found.every_day())
    most = max(counts.calls for counts in counted.values())
    shown = [number for number, name in enumerate(ENDS) if number < 3 or getattr(found.total, name)]
    legend = Text(" " * 12)
    for number in shown:
        sign, style = _SIGNS[number]
        legend += Text.assemble((sign, style), f" {WORDS[number]}  ")
    legend.rstrip()
    yield legend
    for day, counts in counted.items():
        line = Text(f"{day.isoformat()}  ")
        for width, (sign, style) in zip(_widths(counts, most), _SIGNS, strict=True):
            line.append(sign * width, style)
        line.append(f" {counts.calls:,}", "dim")
        yield line


def _widths(counts: CallCounts, most: int) -> list[int]:
    """The columns of each part of a day's bar; one call that was lost is seen among thousands."""
    numbers = [getattr(counts, name) for name in ENDS]
    columns = [max(bool(each), round(each * _BAR / most)) for each in numbers]
    while sum(columns) > max(round(counts.calls * _BAR / most), sum(map(bool, numbers))):
        columns[columns.index(max(columns))] -= 1
    return columns


def amount(number: float) -> str:
    """A large number in few signs: ``950``, ``12.3 k``, ``4.56 M``."""
    for least, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= least:
            scaled = number / least
            return f"{scaled:.{2 if scaled < 10 else 1 if scaled < 100 else 0}f} {unit}"
    return f"{number:.0f}"


def dollars(money: Decimal) -> str:
    """``12.34``, and of less than a cent the first two digits: ``0.0012``."""
    if money == 0 or money >= Decimal("0.1"):
        return f"{money:,.2f}"
    return f"{money:.2g}" if money >= Decimal("0.0001") else "<0.0001"
