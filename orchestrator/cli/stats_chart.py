"""The chart of ``stats --plot FILE.svg``, with the extra ``plot``: drawn by pygal, as one SVG."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from orchestrator.cli.exit_codes import UsageError
from orchestrator.cli.render_stats import ENDS, WORDS
from orchestrator.extras import how_to_install
from orchestrator.ledger.figures import Statistics, TargetFigures

WIDTH, HEIGHT = 960, 360
"""Of each of the two charts, which stand one above the other."""

MOST_TARGETS = 8
"""Targets that have a colour of their own; the others are one together."""

MOST_LABELS = 14
"""Days that are named below the bars; of more, every second or third."""

_LEFT_OUT = re.compile(r'<!--.*?-->|<script.*?</script>| id="activate-serie-\d+"', re.DOTALL)
"""Of what the library writes: the day on which it drew, and what only its own script reads."""

_ENDINGS = ("#0b6e4f", "#d9a521", "#c8553d", "#8a949c", "#c9ced2")
_TARGETS = (
    *("#0b6e4f", "#3d5a80", "#b8860b", "#8f5fbf", "#c8553d"),
    *("#2a9d8f", "#5c6770", "#a05195", "#c9ced2"),
)
"""Told apart by the colour-blind too, and each has its name in the legend."""


def write_chart(found: Statistics, path: Path) -> None:
    """Draw how the calls of each day ended, and below it what they cost, to ``path``.

    Raises:
        UsageError: The extra is not installed, or there is nothing to draw.
        OSError: The file cannot be written.
    """
    if importlib.util.find_spec("pygal") is None:
        raise UsageError(
            f"--plot FILE.svg needs an extra: {how_to_install('plot')}; "
            "--plot alone draws in the terminal"
        )
    if not found.days:
        raise UsageError("there is nothing to draw: no call began in that time")
    path.write_text(_picture(found), "utf-8")


def _picture(found: Statistics) -> str:
    days = [day for day, _ in found.every_day()]
    titles = f"LLM calls, {days[0]} to {days[-1]}", _cost_title(found)
    charts = (
        _stacked(titles[0], days, _endings(found), _ENDINGS),
        _stacked(titles[1], days, _costs(found, days), _TARGETS),
    )
    parts = "\n".join(
        chart.replace("<svg ", f'<svg y="{number * HEIGHT}" width="{WIDTH}" height="{HEIGHT}" ', 1)
        for number, chart in enumerate(charts)
    )
    size = f'viewBox="0 0 {WIDTH} {2 * HEIGHT}" width="{WIDTH}" height="{2 * HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n{parts}\n</svg>\n'


def _endings(found: Statistics) -> dict[str, list[float]]:
    counted = [counts for _, counts in found.every_day()]
    series = {
        words: [float(getattr(counts, name)) for counts in counted]
        for name, words in zip(ENDS, WORDS, strict=True)
    }
    # The first three also where they are 0: that nothing was lost is what one wants to see.
    return {words: row for words, row in series.items() if any(row) or words in WORDS[:3]}


def _cost_title(found: Statistics) -> str:
    if not _has_money(found):
        return "Tokens in and out, by target"
    unpriced = [name for name, sums in found.targets.items() if sums.unpriced]
    without = f" (no price known: {', '.join(unpriced)})" if unpriced else ""
    return f"US dollars, by target{without}"


def _has_money(found: Statistics) -> bool:
    return found.is_priced and found.attempts.money > 0


def _costs(found: Statistics, days: Sequence[date]) -> dict[str, list[float]]:
    def cost(sums: TargetFigures) -> float:
        tokens = sums.prompt_tokens + sums.completion_tokens
        return float(sums.money) if _has_money(found) else float(tokens)

    dearest = sorted(found.targets, key=lambda name: -cost(found.targets[name]))
    names = [name for name in dearest if cost(found.targets[name])]
    series: dict[str, list[float]] = {}
    for name in names:
        row = [cost(found.target_days.get((day, name), TargetFigures())) for day in days]
        if len(series) < MOST_TARGETS:
            series[name] = row
        else:
            others = series.setdefault("others", [0.0] * len(days))
            series["others"] = [sum(pair) for pair in zip(others, row, strict=True)]
    return series


def _stacked(
    title: str, days: Sequence[date], series: Mapping[str, Sequence[float]], colours: Sequence[str]
) -> str:
    import pygal
    from pygal.style import Style

    # It adds a finder of the protocol that Python 3.12 dropped, of which 3.11 warns at each import.
    sys.meta_path[:] = [
        each for each in sys.meta_path if not isinstance(each, pygal.PluginImportFixer)
    ]
    style = Style(
        **dict.fromkeys(("background", "plot_background"), "white"),
        **dict.fromkeys(("opacity", "opacity_hover"), "1"),
        **dict.fromkeys(("guide_stroke_color", "major_guide_stroke_color"), "#dddddd"),
        **dict.fromkeys(("guide_stroke_dasharray", "major_guide_stroke_dasharray"), "0"),
        **dict.fromkeys(("label_font_size", "major_label_font_size", "legend_font_size"), 12),
        title_font_size=15,
        font_family="system-ui, sans-serif",
        colors=tuple(colours),
    )
    chart: Any = pygal.StackedBar(
        style=style,
        js=(),
        disable_xml_declaration=True,
        width=WIDTH,
        height=HEIGHT,
        title=title,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        truncate_legend=-1,
        show_minor_x_labels=False,
        x_labels_major_every=-(-len(days) // MOST_LABELS),
    )
    chart.uuid = re.sub(r"\W+", "-", title)
    chart.x_labels = [f"{day:%m-%d}" for day in days]
    for name, row in series.items():
        chart.add(name, list(row))
    return _LEFT_OUT.sub("", str(chart.render(is_unicode=True)))
