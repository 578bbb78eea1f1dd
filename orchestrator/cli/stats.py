"""``orchestrator stats``: what became of recorded calls, and what they cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.cli.context import name_config, require_config
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.inputs import check_writable
from orchestrator.cli.ledger_files import configured_files, read_since, summed
from orchestrator.cli.prices import read_prices
from orchestrator.cli.render_stats import ShownStatistics
from orchestrator.cli.screen import Screen
from orchestrator.cli.stats_chart import write_chart
from orchestrator.config import loading
from orchestrator.config.config import Config
from orchestrator.lab.simulation.loading import load_as_written

_OTHER_PICTURES = (".gif", ".htm", ".html", ".jpeg", ".jpg", ".pdf", ".png", ".webp")
"""What is meant as a chart's name, and never a ledger's."""

_SWITCH = Parameter(negative="", show_default=False)


def stats(
    *ledgers: Path,
    since: str | None = None,
    plot: Annotated[bool, _SWITCH] = False,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Sum up recorded calls: answered, rescued, lost, and what they cost, by target and day.

    Parameters
    ----------
    ledgers
        Files of JSON lines, the older first. Default: the config's ledger, and the one that was
        rotated away.
    since
        Only calls that began since then: 7d, 24h, 90m, or a day such as 2026-11-01.
    plot
        Draw them too: in the terminal, or as a chart with --plot FILE.svg.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        read_since(since, 0.0)
        named, chart = _named(ledgers, plot=plot)
        if json and plot and chart is None:
            raise UsageError("--json prints one object; draw with --plot FILE.svg, or without it")
        if chart is not None:
            check_writable(chart)
        used = _config(config, needed=not named)
        if used is not None:
            wanted = not named or config is not None
            name_config(screen, used, config, named=wanted and not json)
        files = named or (configured_files(used) if used is not None else ())
        began = read_since(since, time.time())
        found = summed(screen, files, since=began, price=read_prices(used))
        if chart is not None:
            write_chart(found, chart)
        shown = ShownStatistics(found)
        if json:
            name = None if used is None else str(used.path)
            screen.json({"config": name, **shown.as_mapping()})
            return DONE
        shown.show(screen)
        if chart is not None:
            screen.say(f"chart: {chart}")
        elif plot:
            shown.plot(screen)
    return DONE


def _named(paths: Sequence[Path], *, plot: bool) -> tuple[Sequence[Path], Path | None]:
    """The ledgers among ``paths``, and the chart that ``--plot`` names."""
    for path in paths:
        if plot and path.suffix.lower() in _OTHER_PICTURES:
            chart = path.with_suffix(".svg")
            raise UsageError(f"{path}: a chart is written as SVG; allowed: --plot {chart}")
    charts = [path for path in paths if path.suffix.lower() == ".svg"]
    if charts and not plot:
        raise UsageError(f"{charts[0]} is no ledger; a chart is written with --plot {charts[0]}")
    if len(charts) > 1:
        raise UsageError(f"found {len(charts)} .svg files; allowed: one, behind --plot")
    return [path for path in paths if path not in charts], charts[0] if charts else None


def _config(path: Path | None, *, needed: bool) -> Config | None:
    """The config; for files that are named it only tells where their providers are."""
    if not needed and path is None and loading.find() is None:
        return None
    require_config(path, "; without one, name the ledger: `orchestrator stats calls.jsonl`")
    return load_as_written(path).config  # nobody is asked, so it does not matter which keys are set
