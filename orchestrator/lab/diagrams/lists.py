"""Lists that go beside a drawing: bounds, moves, rows never taken, changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from orchestrator.lab.diagrams import bounds
from orchestrator.lab.diagrams.bounds import BoundSetup
from orchestrator.lab.diagrams.config_changes import SIGNS, Change, ChangeKind, ConfigChanges
from orchestrator.lab.diagrams.plain_table import Table, plain
from orchestrator.lab.diagrams.recorded_rows import RowCounts
from orchestrator.states.reasons import Move


@attrs.frozen
class ListSection:
    """A heading, and its lines; with none, what is said instead."""

    heading: str
    lines: tuple[str, ...]


def under_config(setup: BoundSetup, dead: Sequence[str], table: Table) -> tuple[ListSection, ...]:
    """The bounds of a config, its moves, and the rows that no call takes."""
    return (
        ListSection("Bounds", tuple(_bounds(setup))),
        ListSection(
            "Moves",
            tuple(
                f"{move}: {', '.join(bounds.reasons(setup.policy, move)) or 'no reason'}"
                for move in Move
            ),
        ),
        ListSection(_headed(len(dead), "that no call takes"), tuple(_rows(dead, table))),
    )


def of_counts(taken: RowCounts, table: Table) -> tuple[ListSection, ...]:
    """The rows that were never taken, and those that another table recorded."""
    never = taken.never(table)
    sections = [ListSection(_headed(len(never), "never taken"), tuple(_rows(never, table)))]
    if taken.foreign:
        lines = tuple(f"{name}: {count}" for name, count in sorted(taken.foreign.items()))
        sections.append(ListSection("Not in this table, so another version took them", lines))
    return tuple(sections)


def of_configs(changes: ConfigChanges) -> tuple[ListSection, ...]:
    """The differences of two configs, and of the rows under them."""
    return (
        ListSection(_changed("Settings", changes.settings), tuple(map(_said, changes.settings))),
        ListSection(_changed("Rows", changes.rows), tuple(_together(changes.rows))),
    )


_NOW = {ChangeKind.ADDED: "calls can take it now", ChangeKind.REMOVED: "no call takes it any more"}


def _together(changes: Sequence[Change]) -> Iterable[str]:
    """One line for the rows of which the same is to be said."""
    alike: dict[tuple[ChangeKind, tuple[str, ...]], list[str]] = {}
    for change in changes:
        what = change.what or (_NOW[change.kind],)
        alike.setdefault((change.kind, what), []).append(change.name)
    for (kind, what), names in alike.items():
        yield _said(Change(kind, ", ".join(names), what))


def _bounds(setup: BoundSetup) -> Iterable[str]:
    """Each bound once, with all that it belongs to; the moves have a list of their own."""
    where: dict[str, list[str]] = {}
    for bound in bounds.BOUNDS:
        said = bound.says(setup)
        if said and not said.startswith("for "):
            where.setdefault(f"{said} ({bound.meaning})", []).append(bound.at)
    return (f"{', '.join(names)}: {text}" for text, names in where.items())


def _rows(names: Sequence[str], table: Table) -> Iterable[str]:
    known = {row.name: row for row in plain(table).rows}
    for name in names:
        row = known[name]
        guard = "" if row.guard is None else f" [{row.guard}]"
        yield f"{name}: {row.state} on {row.event}{guard} → {row.to}"


def _said(change: Change) -> str:
    what = f": {'; '.join(change.what)}" if change.what else f": {change.kind}"
    return f"{SIGNS[change.kind]} {change.name}{what}"


def _headed(number: int, words: str) -> str:
    return f"Rows {words}: {number}"


def _changed(words: str, changes: Sequence[Change]) -> str:
    return words if changes else f"{words}: no difference"
