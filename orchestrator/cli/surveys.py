"""What many simulated calls came to, as a table and a plot."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from orchestrator.cli.screen import Screen
from orchestrator.simulation.mixes import Mix
from orchestrator.simulation.survey import Survey

_BAR = 48
"""Columns of the longest bar of the plot."""

_SIGNS = (("█", "green"), ("▓", "yellow"), ("░", "red"))


def show(screen: Screen, found: Survey, mix: Mix, seed: int, *, json: bool) -> None:
    """Show the survey, on stdout."""
    if json:
        screen.json(_object(found, mix, seed))
        return
    screen.show(_table(found, mix, seed))
    for line in _plot(found):
        screen.result(line)


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
    hours = found.hours()
    most = max((sum(hour) for hour in hours), default=0) or 1
    lines = [Text("hour  █ answered at once  ▓ rescued  ░ lost")]
    for number, hour in enumerate(hours):
        line = Text(f"{number:02}    ")
        for count, (sign, style) in zip(hour, _SIGNS, strict=True):
            # One call that was lost must be seen among thousands.
            line.append(sign * -(-count * _BAR // most), style)
        lines.append(line)
    return lines


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
            dict(zip(("at_once", "rescued", "lost"), hour, strict=True)) for hour in found.hours()
        ],
    }
