"""Which rows of the table were taken by the calls that tests looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from orchestrator.states.table import TABLE

_taken: Counter[str] = Counter()


def note(rows: Iterable[str]) -> None:
    """Count rows that a call took."""
    _taken.update(rows)


def taken() -> Mapping[str, int]:
    """How often each row was taken."""
    return dict(_taken)


def missing() -> tuple[str, ...]:
    """The rows that no call took, in the order of the table."""
    return tuple(row.name for row in TABLE if not _taken[row.name])


def percent() -> float:
    """The share of the table's rows that were taken, in percent."""
    return 100.0 * (len(TABLE) - len(missing())) / len(TABLE)
