"""The table as a drawing sees it: nodes, arrows and labels, before any notation.

Rows drawn one by one would bury the machine under sixty arrows, most of them alike. Three
observations, each made by looking at the rows and not by naming them, leave about twenty:

- rows that every state shares (``Cancelled``, ``DeadlineReached``) are drawn once, from a
  node that stands for any state;
- several rows for one state and event are a *choice*: one arrow carries the event to it,
  and one arrow for each state it may lead to carries the guards, in row order;
- states whose choices are alike (the five arrivals) share one.

So a row that is changed in one of the five drops out of the shared choice and is seen.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from states.call import State
from states.table import Row

ANY = "any_state"
"""The node that stands for every state that is not final."""

OTHERWISE = "otherwise"
"""What is said where a row has no guard."""


class UnknownRow(ValueError):
    """A path names a row that the table does not have, so another table recorded it."""


@attrs.frozen
class Line:
    """One line of an arrow's label.

    Attributes:
        text: An event's name, or the name of a guard.
        rows: Names of the rows that this line speaks for.
        order: The place among the rows of a choice, from 1; 0 on an event's line.
        steps: When a recorded call took one of ``rows``, from 1, ascending.
        billing: True where the guard speaks of billing.
    """

    text: str
    rows: tuple[str, ...]
    order: int = 0
    steps: tuple[int, ...] = ()
    billing: bool = False


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


@attrs.frozen
class Choice:
    """Rows of which the first that holds is taken.

    Attributes:
        name: The name of the node.
        groups: The rows, for each (state, event) that comes here; alike but for names.
    """

    name: str
    groups: tuple[tuple[Row, ...], ...]

    @property
    def states(self) -> tuple[State, ...]:
        """Where calls come here from."""
        return tuple(group[0].state for group in self.groups)


@attrs.frozen
class Graph:
    """All that a drawing shows.

    Attributes:
        states: Those that any row names, in the order of :class:`states.call.State`.
        choices: In the order of the table.
        arrows: In the order of the table; each row is on one or two of them.
        path: The rows that a recorded call took; empty where none is shown.
    """

    states: tuple[State, ...]
    choices: tuple[Choice, ...]
    arrows: tuple[Arrow, ...]
    path: tuple[str, ...] = ()

    @property
    def visited(self) -> frozenset[str]:
        """The nodes that the path touches."""
        return frozenset(
            node for arrow in self.arrows if arrow.steps for node in (arrow.tail, arrow.head)
        )


def rows_of(path: Iterable[str], table: Sequence[Row]) -> tuple[Row, ...]:
    """The rows that ``path`` names.

    Raises:
        UnknownRow: The table has no row of that name.
    """
    known = {row.name: row for row in table}
    for name in (path := tuple(path)):
        if name not in known:
            raise UnknownRow(_unknown(name, known))
    return tuple(known[name] for name in path)


def build(table: Sequence[Row], path: Sequence[str] = ()) -> Graph:
    """The graph of ``table``, with the steps of ``path`` on its arrows.

    Raises:
        UnknownRow: The path names a row that the table does not have.
    """
    rows_of(path, table)
    steps = {name: tuple(_places(name, path)) for name in path}
    groups = _groups(table)
    shared, own = _split(groups)
    choices = _choices([group for group in own if len(group) > 1])
    arrows = [
        *_merge(_events(own, choices, steps)),
        *itertools.chain.from_iterable(_guards(choice, steps) for choice in choices),
        *_anywhere(shared, steps),
    ]
    named = {state for row in table for state in (row.state, row.to)}
    states = tuple(state for state in State if state in named)
    return Graph(states, tuple(choices), tuple(arrows), tuple(path))


def guard_name(row: Row) -> str:
    """The guard's name, which is the row's label."""
    return OTHERWISE if row.guard is None else row.guard.__name__


def is_billing(row: Row) -> bool:
    """True for the rows that the bypass of the pool is made of."""
    return guard_name(row).startswith("billing")


Group = tuple[Row, ...]
Steps = Mapping[str, tuple[int, ...]]


def _unknown(name: str, known: Mapping[str, Row]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    nearest = f"; the nearest is {near[0]!r}" if near else ""
    return (
        f"the table has no row {name!r}{nearest}: the ledger was written by another version "
        "of the machine, draw it with that one"
    )


def _places(name: str, path: Sequence[str]) -> Iterator[int]:
    return (place for place, taken in enumerate(path, 1) if taken == name)


def _groups(table: Sequence[Row]) -> list[Group]:
    found: dict[tuple[State, type], list[Row]] = {}
    for row in table:
        found.setdefault((row.state, row.event), []).append(row)
    return [tuple(rows) for rows in found.values()]


def _shape(group: Group) -> tuple[tuple[str, State], ...]:
    """What makes two groups alike: the same guards lead to the same states."""
    return tuple((guard_name(row), row.to) for row in group)


def _split(groups: list[Group]) -> tuple[list[Group], list[Group]]:
    """The groups of events that do the same in every state, and the rest."""
    leaving = {group[0].state for group in groups}
    shared: list[Group] = []
    own: list[Group] = []
    for group in groups:
        alike = {
            other[0].state
            for other in groups
            if other[0].event is group[0].event and _shape(other) == _shape(group)
        }
        (shared if len(group) == 1 and alike == leaving else own).append(group)
    return shared, own


def _choices(groups: list[Group]) -> list[Choice]:
    alike: dict[tuple[tuple[str, State], ...], list[Group]] = {}
    for group in groups:
        alike.setdefault(_shape(group), []).append(group)
    return [Choice(f"choice_{found[0][0].state.value}", tuple(found)) for found in alike.values()]


def _events(groups: list[Group], choices: list[Choice], steps: Steps) -> Iterator[Arrow]:
    to = {group: choice.name for choice in choices for group in choice.groups}
    for group in groups:
        first = group[0]
        line = _line(first.event.__name__, group, steps)
        yield Arrow(first.state.value, to.get(group, first.to.value), (line,))


def _guards(choice: Choice, steps: Steps) -> Iterable[Arrow]:
    alike = zip(*choice.groups, strict=True)
    return _merge(
        Arrow(choice.name, rows[0].to.value, (_line(guard_name(rows[0]), rows, steps, order),))
        for order, rows in enumerate(alike, 1)
    )


def _anywhere(groups: list[Group], steps: Steps) -> Iterator[Arrow]:
    """One arrow for all; and, since it hides where a call was, one for each that was taken."""
    rows = [row for group in groups for row in group]
    events = dict.fromkeys(row.event for row in rows)
    lines = [
        _line(event.__name__, [row for row in rows if row.event is event], {}) for event in events
    ]
    to = dict(zip((row.event for row in rows), (row.to for row in rows), strict=True))
    yield from _merge(
        Arrow(ANY, to[event].value, (line,)) for event, line in zip(events, lines, strict=True)
    )
    yield from _merge(
        Arrow(row.state.value, row.to.value, (_line(row.event.__name__, (row,), steps),))
        for row in rows
        if row.name in steps
    )


def _line(text: str, rows: Sequence[Row], steps: Steps, order: int = 0) -> Line:
    taken = sorted(step for row in rows for step in steps.get(row.name, ()))
    names = tuple(row.name for row in rows)
    return Line(text, names, order, tuple(taken), order > 0 and is_billing(rows[0]))


def _merge(arrows: Iterable[Arrow]) -> Iterable[Arrow]:
    """One arrow for those between the same two nodes."""
    merged: dict[tuple[str, str], Arrow] = {}
    for arrow in arrows:
        key = (arrow.tail, arrow.head)
        earlier = merged[key].lines if key in merged else ()
        merged[key] = attrs.evolve(arrow, lines=(*earlier, *arrow.lines))
    return merged.values()
