"""The table as a drawing sees it: nodes, arrows and labels, before any notation.

:mod:`orchestrator.lab.diagrams.building` makes it; here is what it is made of.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping

import attrs

from orchestrator.lab.diagrams.overlay import Look, Overlay, blended
from orchestrator.lab.diagrams.plain import PlainRow, PlainState, Table, plain

ANY = "any_state"
"""The node that stands for every state that is not final."""

_WHOLE = frozenset({Look.FAINT, Look.DEAD, Look.NEVER, Look.ADDED, Look.REMOVED})
"""Looks that a node has where all that leads there has it."""

LEVELS = 5
"""Widths that a count is shown in; more could not be told apart."""


class UnknownRow(ValueError):
    """A path names a row that the table does not have, so another table recorded it."""


@attrs.frozen
class Line:
    """One line of an arrow's label.

    Attributes:
        text: An event's name, or the name of a guard.
        rows: Names of the rows that this line speaks for.
        order: The place among the rows that are drawn of a choice, from 1; 0 on an
            event's line.
        place: The place as it is shown: one that was removed has none.
        steps: When a recorded call took one of ``rows``, from 1, ascending.
        billing: True where the guard speaks of billing.
        look: How it is shown.
        count: How many times ``rows`` were taken; ``None`` where nobody counted.
        notes: Short texts beside it, such as a bound.
    """

    text: str
    rows: tuple[str, ...]
    order: int = 0
    steps: tuple[int, ...] = ()
    billing: bool = False
    look: Look = Look.PLAIN
    count: int | None = None
    notes: tuple[str, ...] = ()
    place: str = ""


@attrs.frozen
class Arrow:
    """From node to node. A node is a state's value, a choice's name or :data:`ANY`."""

    tail: str
    head: str
    lines: tuple[Line, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the rows drawn by this arrow."""
        return tuple(row for line in self.lines for row in line.rows)

    @property
    def steps(self) -> tuple[int, ...]:
        """When a recorded call came along here, from 1, ascending."""
        return tuple(sorted({step for line in self.lines for step in line.steps}))

    @property
    def billing(self) -> bool:
        """True where a billing error may, or (on a path) did, lead along here."""
        taken = [line for line in self.lines if line.steps]
        return any(line.billing for line in taken or self.lines)

    @property
    def look(self) -> Look:
        """How the stroke is shown."""
        return blended(line.look for line in self.lines)

    @property
    def count(self) -> int | None:
        """How many times calls came along here; ``None`` where nobody counted."""
        counts = [line.count for line in self.lines if line.count is not None]
        return sum(counts) if counts else None


@attrs.frozen
class Choice:
    """Rows of which the first that holds is taken.

    Attributes:
        name: The name of the node.
        groups: The rows, for each (state, event) that comes here; alike but for names.
    """

    name: str
    groups: tuple[tuple[PlainRow, ...], ...]

    @property
    def states(self) -> tuple[str, ...]:
        """Where calls come here from."""
        return tuple(group[0].state for group in self.groups)


@attrs.frozen
class Graph:
    """All that a drawing shows.

    Attributes:
        states: Those that any row names, in the table's order.
        choices: In the order of the table.
        arrows: In the order of the table; each row is on one or two of them.
        initial: Where a call begins.
        overlay: What is said of the rows.
    """

    states: tuple[PlainState, ...]
    choices: tuple[Choice, ...]
    arrows: tuple[Arrow, ...]
    initial: str
    overlay: Overlay = attrs.field(factory=Overlay)

    @property
    def most(self) -> int | None:
        """The largest count of any arrow; ``None`` where nobody counted."""
        return max((one.count for one in self.arrows if one.count is not None), default=None)

    def look_of(self, node: str) -> Look:
        """How a node is shown: as what leads there, or from the initial one as what leaves it."""
        if node in self.overlay.states:
            return self.overlay.states[node]
        into = {arrow.look for arrow in self.arrows if arrow.head == node}
        out = {arrow.look for arrow in self.arrows if arrow.tail == node}
        if Look.TAKEN in into | out:
            return Look.TAKEN
        looks = into or out
        return looks.pop() if len(looks) == 1 and looks <= _WHOLE else Look.PLAIN


def level(count: int, most: int) -> int:
    """The width of a count, from 1 to :data:`LEVELS`: counts differ by orders of magnitude."""
    if most <= 1 or count <= 0:
        return 1
    return 1 + round((LEVELS - 1) * math.log(count) / math.log(most))


def rows_of(path: Iterable[str], table: Table) -> tuple[PlainRow, ...]:
    """The rows that ``path`` names.

    Raises:
        UnknownRow: The table has no row of that name.
    """
    known = {row.name: row for row in plain(table).rows}
    for name in (path := tuple(path)):
        if name not in known:
            raise UnknownRow(_unknown(name, known))
    return tuple(known[name] for name in path)


def shared_name(names: Iterable[str]) -> str:
    """The row's name, or ``*_send`` where rows of several states have an end in common."""
    names = tuple(names)
    if len(names) == 1:
        return names[0]
    shared: list[str] = []
    for words in zip(*(reversed(name.split("_")) for name in names), strict=False):
        if len(set(words)) > 1:
            break
        shared.insert(0, words[0])
    return "_".join(["*", *shared]) if shared else " / ".join(names)


def _unknown(name: str, known: Mapping[str, PlainRow]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    nearest = f"; the nearest is {near[0]!r}" if near else ""
    return (
        f"the table has no row {name!r}{nearest}: the ledger was written by another version "
        "of the machine, draw it with that one"
    )
