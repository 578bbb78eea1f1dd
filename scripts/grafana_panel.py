"""A panel of the Grafana board, and the queries that its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

ALL = 'instance=~"$instance"'
"""The series of the gateways that are chosen above the board."""


@attrs.frozen
class Panel:
    """One panel of the board.

    Attributes:
        title: What is seen.
        about: What it means, and what to do about it, in plain words.
        queries: PromQL by legend.
        kind: Grafana's name for the panel.
        unit: Grafana's name for the unit.
        width: Of the grid's 24 columns.
        steps: Colours by the value that they begin at.
        texts: Words and colours in place of numbers.
        is_total: Whether one number, of the whole time that is shown, is asked for.
        is_stacked: Whether series add up.
        decimals: Digits after the point.
        most: The highest number that there can be.
    """

    title: str
    about: str
    queries: Mapping[str, str]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    steps: Mapping[float, str] = {}
    texts: Sequence[tuple[str, str]] = ()
    is_total: bool = False
    is_stacked: bool = False
    decimals: int | None = None
    most: float | None = None


def rate(family: str, where: str, by: str = "") -> str:
    """What is counted a second, added up."""
    return f"sum{_by(by)} (rate({family}{{{where}}}[$__rate_interval]))"


def increase(family: str, where: str, by: str = "") -> str:
    """What was counted in the whole time that is shown."""
    return f"sum{_by(by)} (increase({family}{{{where}}}[$__range]))"


def quantile(share: float, family: str) -> str:
    """The seconds that so many of all took at most."""
    return f"histogram_quantile({share}, {rate(f'{family}_bucket', ALL, 'le')})"


def of(part: str, whole: str) -> str:
    """A share; nothing where nothing was counted."""
    return f"{part} / ({whole} > 0)"


def some(counted: str) -> str:
    """What is not 0: a legend of every reason that there is hides the one that happens."""
    return f"{counted} > 0"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""
