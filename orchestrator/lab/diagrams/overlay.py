"""Overlays: what is drawn of the rows besides what the table says of them.

One value for each of the ways to look at a machine: a recorded call's path, a config, the
counts of many calls, the difference to another config. The notations know only this.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Mapping, Sequence

import attrs

from orchestrator.lab.diagrams.plain_table import PlainTable


class Emphasis(enum.Enum):
    """Looks of a row; the value is a legend's word for it."""

    PLAIN = "as the table has it"
    TAKEN = "taken"
    FAINT = "not taken"
    DEAD = "no call takes it"
    NEVER = "never taken"
    SAME = "unchanged"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


_QUIET = frozenset({Emphasis.FAINT, Emphasis.DEAD, Emphasis.NEVER})
"""Looks that give way where several rows are drawn as one."""


@attrs.frozen
class RowMark:
    """Look, steps, count and notes of one row.

    Attributes:
        look: How it is shown.
        steps: When a recorded call took it, from 1, ascending.
        count: How many times it was taken; ``None`` where nobody counted.
        notes: Short texts beside it, such as a bound.
    """

    look: Emphasis = Emphasis.PLAIN
    steps: tuple[int, ...] = ()
    count: int | None = None
    notes: tuple[str, ...] = ()


@attrs.frozen
class Overlay:
    """The marks of all rows, with their legend.

    Attributes:
        marks: By the row's name.
        otherwise: What is said of a row without a mark.
        legend: What the looks mean here, for those that need saying.
        title: What is shown, in a line; empty for the machine itself.
        shown: Names of the rows that are drawn; ``None`` for all.
    """

    marks: Mapping[str, RowMark] = attrs.field(factory=dict, hash=False)
    otherwise: RowMark = RowMark()
    legend: tuple[tuple[Emphasis, str], ...] = ()
    title: str = ""
    shown: frozenset[str] | None = None

    def of(self, row: str) -> RowMark:
        """The mark of the row of that name."""
        return self.marks.get(row, self.otherwise)


def along(path: Sequence[str], title: str = "") -> Overlay:
    """A recorded call's path: numbered where it went, and the rest dimmed.

    Args:
        path: The names of the rows that it took, in order.
        title: Which call it is; with one there is a legend too.
    """
    if not path:
        return Overlay()
    places: dict[str, list[int]] = {}
    for place, name in enumerate(path, 1):
        places.setdefault(name, []).append(place)
    marks = {name: RowMark(Emphasis.TAKEN, tuple(steps)) for name, steps in places.items()}
    legend = ((Emphasis.TAKEN, "taken, numbered by step"), (Emphasis.FAINT, "not taken"))
    return Overlay(marks, RowMark(Emphasis.FAINT), legend=legend if title else (), title=title)


def under(
    table: PlainTable, dead: Iterable[str], notes: Mapping[str, tuple[str, ...]], title: str
) -> Overlay:
    """A machine under a config.

    Args:
        table: The machine.
        dead: Names of the rows that no call takes.
        notes: What bounds a row, by its name.
        title: The config's name and route.
    """
    gone = frozenset(dead)
    marks = {
        row.name: RowMark(Emphasis.DEAD)
        if row.name in gone
        else RowMark(notes=notes.get(row.name, ()))
        for row in table.rows
    }
    legend = ((Emphasis.DEAD, "no call under this config takes it"),) if gone else ()
    return Overlay(marks, legend=legend, title=title)


def heated(table: PlainTable, counts: Mapping[str, int], title: str) -> Overlay:
    """A machine with how often each row was taken."""
    marks = {
        row.name: RowMark(Emphasis.TAKEN if taken else Emphasis.NEVER, count=taken)
        for row in table.rows
        for taken in (counts.get(row.name, 0),)
    }
    legend = [(Emphasis.TAKEN, "taken: the wider and darker the more often")]
    if any(mark.look is Emphasis.NEVER for mark in marks.values()):
        legend.append((Emphasis.NEVER, "never taken"))
    return Overlay(marks, legend=tuple(legend), title=title)


def together(marks: Iterable[RowMark]) -> RowMark:
    """One mark for rows that are drawn as one line."""
    marks = tuple(marks)
    counts = [mark.count for mark in marks if mark.count is not None]
    return RowMark(
        blended(mark.look for mark in marks),
        tuple(sorted(itertools.chain.from_iterable(mark.steps for mark in marks))),
        sum(counts) if counts else None,
        tuple(dict.fromkeys(note for mark in marks for note in mark.notes)),
    )


def blended(looks: Iterable[Emphasis]) -> Emphasis:
    """One look for several: what was taken wins, and what holds of some is not said of all."""
    found = set(looks)
    loud = found - _QUIET or found
    for whole in (Emphasis.TAKEN, Emphasis.SAME, Emphasis.PLAIN):
        if whole in loud:
            return whole
    return loud.pop() if len(loud) == 1 else Emphasis.CHANGED
