"""What many simulated calls came to, as a table and a plot."""

from __future__ import annotations

import io
import re
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestrator.cli.screen import Screen
from orchestrator.lab.simulation.mixes import Mix
from orchestrator.lab.simulation.survey import Survey

_BAR = 50
"""Columns of the longest bar of the plot."""

_SIGNS = (("█", "green"), ("▓", "yellow"), ("░", "red"))
_ENDS = ("answered at once", "rescued", "lost")


def show(screen: Screen, found: Survey, mix: Mix, seed: int, *, json: bool) -> None:
    """Show the survey, on stdout."""
    if json:
        screen.json(_object(found, mix, seed))
        return
    screen.show(_table(found, mix, seed))
    for line in _plot(found):
        screen.result(line)


def picture(found: Survey, mix: Mix, seed: int) -> str:
    """The table and the plot as SVG, as a terminal of 80 columns shows them."""
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True)
    console.print(_table(found, mix, seed))
    for line in _plot(found):
        console.print(line)
    # Rich's own form fetches a font from the network; any monospaced one will do.
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="orchestrator simulate", code_format=form, unique_id="day")


def percent(share: float | None) -> str:
    """``97.5 %``, or a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def _table(found: Survey, mix: Mix, seed: int) -> Table:
    table = Table(title=f"{mix}, {len(found.tallies)} calls over a day, seed {seed}")
    table.add_column("")
    for name in ("calls", "mean", "median", "95 %", "most"):
        table.add_column(name, justify="right")
    table.add_row("answered at once", str(found.at_once))
    table.add_row("rescued", str(found.rescued))
    table.add_row("lost", str(found.lost))
    table.add_row("rescue rate", percent(found.rescue_rate))
    for name, unit in (("attempts", ""), ("seconds", " s")):
        table.add_row(name, "", *(f"{number:.1f}{unit}" for number in found.of(name)))
    for provider, count in found.requests.items():
        table.add_row(f"requests to {provider}", str(count))
    return table


def _plot(found: Survey) -> list[Text]:
    """A line an hour: how its calls ended, and what they took."""
    hours = found.hours()
    most = max(len(hour.tallies) for hour in hours) or 1
    signs = "  ".join(f"{sign} {name}" for (sign, _), name in zip(_SIGNS, _ENDS, strict=True))
    lines = [Text(f"hour  {signs:{_BAR}}  attempts   seconds")]
    lines.append(Text(f"{'':{_BAR + 6}}  {'mean':>8}  {'95 %':>8}", "dim"))
    for number, hour in enumerate(hours):
        line = Text(f"{number:02}    ") + _bar(hour, most)
        if hour.tallies:
            attempts, seconds = hour.of("attempts")[0], hour.of("seconds")[2]
            line.append(f"  {attempts:8.1f}  {seconds:6.1f} s")
        line.rstrip()
        lines.append(line)
    return lines


def _bar(hour: Survey, most: int) -> Text:
    """The calls of an hour; one that was lost is seen among thousands."""
    counts = (hour.at_once, hour.rescued, hour.lost)
    room = round(len(hour.tallies) * _BAR / most)
    columns = [max(bool(each), round(each * _BAR / most)) for each in counts]
    while sum(columns) > max(room, sum(map(bool, counts))):
        columns[columns.index(max(columns))] -= 1
    line = Text()
    for width, (sign, style) in zip(columns, _SIGNS, strict=True):
        line.append(sign * width, style)
    line.append(" " * (_BAR - sum(columns)))
    return line


def _object(found: Survey, mix: Mix, seed: int) -> dict[str, Any]:
    names = ("mean", "median", "p95", "most")
    return {
        "mix": mix,
        "seed": seed,
        "calls": len(found.tallies),
        "answered_at_once": found.at_once,
        "rescued": found.rescued,
        "lost": found.lost,
        "rescue_rate": found.rescue_rate,
        "attempts": dict(zip(names, found.of("attempts"), strict=True)),
        "seconds": dict(zip(names, found.of("seconds"), strict=True)),
        "requests": found.requests,
        "hours": [
            {
                "at_once": hour.at_once,
                "rescued": hour.rescued,
                "lost": hour.lost,
                "attempts": hour.of("attempts")[0],
                "seconds_p95": hour.of("seconds")[2],
            }
            for hour in found.hours()
        ],
    }
