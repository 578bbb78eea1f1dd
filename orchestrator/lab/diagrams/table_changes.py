"""What differs between two tables: rows added, removed, moved, and what else of them changed.

Rows are told apart by their names. Order counts within the rows of one state and event,
of which the first that holds is taken; elsewhere it decides nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence

import attrs

from orchestrator.lab.diagrams.overlay import Look, Mark, Overlay
from orchestrator.lab.diagrams.plain import PlainRow, PlainTable, Table, plain


class Kind(enum.StrEnum):
    """What happened to a row, or to a state; the value is what a list says."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


LOOKS = {Kind.ADDED: Look.ADDED, Kind.REMOVED: Look.REMOVED, Kind.CHANGED: Look.CHANGED}
SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~"}


@attrs.frozen
class Change:
    """One difference.

    Attributes:
        kind: What happened.
        name: The row, state or setting that it happened to.
        what: What it is now and was before, each a short text; empty where the kind says it.
    """

    kind: Kind
    name: str
    what: tuple[str, ...] = ()


@attrs.frozen
class TableChanges:
    """The difference of two tables.

    Attributes:
        table: Both together: the new one, with the rows that were removed in their places.
        rows: What happened to rows, in the order of that table.
        states: What happened to states.
    """

    table: PlainTable
    rows: tuple[Change, ...]
    states: tuple[Change, ...]

    def overlay(self, title: str) -> Overlay:
        """The difference as a drawing shows it."""
        marks = {one.name: Mark(LOOKS[one.kind], notes=one.what) for one in self.rows}
        return Overlay(
            marks,
            Mark(Look.SAME),
            {one.name: LOOKS[one.kind] for one in self.states},
            legend_of(self.rows),
            title,
            apart=True,
        )


def legend_of(changes: Sequence[Change]) -> tuple[tuple[Look, str], ...]:
    """The looks that ``changes`` make use of, each with its word."""
    kinds = {change.kind for change in changes}
    return tuple((LOOKS[kind], str(kind)) for kind in Kind if kind in kinds)


def table_changes(old: Table, new: Table) -> TableChanges:
    """What was changed from ``old`` to ``new``."""
    before, after = plain(old, codes=True), plain(new, codes=True)
    rows = tuple(_merged(before.rows, after.rows))
    known = [state.name for state in after.states]
    states = (*after.states, *(one for one in before.states if one.name not in known))
    return TableChanges(
        PlainTable(states, rows, after.initial),
        tuple(_row_changes(before, after, rows)),
        tuple(_state_changes(before, after)),
    )


def _merged(old: Sequence[PlainRow], new: Sequence[PlainRow]) -> Iterator[PlainRow]:
    """The new rows, and each removed one behind the row that it stood behind."""
    kept = {row.name for row in new}
    behind: dict[str, list[PlainRow]] = {}
    last = ""
    for row in old:
        if row.name in kept:
            last = row.name
        else:
            behind.setdefault(last, []).append(row)
    yield from behind.get("", ())
    for row in new:
        yield row
        yield from behind.get(row.name, ())


def _row_changes(old: PlainTable, new: PlainTable, rows: Sequence[PlainRow]) -> Iterator[Change]:
    before = {row.name: row for row in old.rows}
    after = {row.name: row for row in new.rows}
    moved = dict(_moved(old.rows, new.rows))
    for row in rows:
        if row.name not in before:
            yield Change(Kind.ADDED, row.name)
        elif row.name not in after:
            yield Change(Kind.REMOVED, row.name)
        else:
            what = (*_differences(before[row.name], row), *moved.get(row.name, ()))
            if what:
                yield Change(Kind.CHANGED, row.name, what)


def _differences(old: PlainRow, new: PlainRow) -> Iterator[str]:
    for name in ("state", "event", "condition", "to", "effect"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            label = "guard" if name == "condition" else name
            yield f"{label} {now}, was {was}"
    for name, label in (("code", "guard"), ("effect_code", "effect")):
        codes = getattr(old, name), getattr(new, name)
        same = old.guard == new.guard if name == "code" else old.effect == new.effect
        if same and all(codes) and codes[0] != codes[1]:
            yield f"code of the {label} changed"


def _moved(
    old: Sequence[PlainRow], new: Sequence[PlainRow]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The rows that stand elsewhere among the rows that both tables have in a group."""
    for key in dict.fromkeys((row.state, row.event) for row in new):
        before = [row.name for row in old if (row.state, row.event) == key]
        after = [row.name for row in new if (row.state, row.event) == key]
        both = [name for name in after if name in before]
        stayed = _longest_rising([before.index(name) for name in both])
        for name in both:
            if before.index(name) not in stayed:
                kept = [one for one in both if before.index(one) in stayed]
                yield name, (_passed(name, before, after, kept),)


def _passed(name: str, old: Sequence[str], new: Sequence[str], kept: Sequence[str]) -> str:
    """Which row that kept its place ``name`` has passed, the nearest to where it is now."""
    place, was = new.index(name), old.index(name)
    above = [one for one in kept if new.index(one) < place and old.index(one) > was]
    below = [one for one in kept if new.index(one) > place and old.index(one) < was]
    return f"moved below {above[-1]}" if above else f"moved above {below[0]}"


def _longest_rising(places: Sequence[int]) -> set[int]:
    """The most places that kept their order: what is not among them was moved."""
    runs: list[tuple[int, ...]] = []
    for place in places:
        below = [run for run in runs if run[-1] < place]
        runs.append((*_longest(below), place))
    return set(_longest(runs))


def _longest(runs: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return max(runs, key=len) if runs else ()


def _state_changes(old: PlainTable, new: PlainTable) -> Iterator[Change]:
    before = {state.name: state for state in old.states}
    after = {state.name: state for state in new.states}
    for name, state in after.items():
        if name not in before:
            yield Change(Kind.ADDED, name)
        elif (was := before[name]).command != state.command:
            what = f"asks for {state.command or 'nothing'}, was {was.command or 'nothing'}"
            yield Change(Kind.CHANGED, name, (what,))
    yield from (Change(Kind.REMOVED, name) for name in before if name not in after)
