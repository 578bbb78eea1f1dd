"""Which rows and guards the compared moves showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from orchestrator.states.table import TABLE, Row


def missing(found: Iterable[Counter[str]], table: Sequence[Row] = TABLE) -> list[str]:
    """What no compared move showed: a row that was not taken, a guard that never failed.

    A guard holds in the moves that take its row, and fails in those that take a row below it.

    Args:
        found: How many moves took each row, by its name.
        table: The rows, in order.
    """
    rows = sum(found, Counter[str]())
    missed = [f"row {row.name} is not taken" for row in table if not rows[row.name]]
    for place, row in enumerate(table):
        below = table[place + 1 :]
        passed = any(
            rows[other.name]
            for other in below
            if (other.state, other.event) == (row.state, row.event)
        )
        if row.guard is not None and not passed:
            missed.append(f"the guard of row {row.name} never fails")
    return missed


def guarded(table: Sequence[Row] = TABLE) -> int:
    """How many rows have a guard."""
    return sum(row.guard is not None for row in table)
