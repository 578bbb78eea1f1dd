"""The graph that is drawn: nodes, arrows and labels, before any notation.

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

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

import attrs

from orchestrator.lab.diagrams.overlay import Emphasis, Overlay, RowMark, blended, together
from orchestrator.lab.diagrams.plain_table import PlainRow, PlainState, Table, plain

ANY = "any_state"
"""The node that stands for every state that is not final."""

_WHOLE = frozenset(
    {Emphasis.FAINT, Emphasis.DEAD, Emphasis.NEVER, Emphasis.ADDED, Emphasis.REMOVED}
)
"""Looks that a node has where all that leads there has it."""

_AFTER = {
    Emphasis.DEAD: "never after",
    Emphasis.REMOVED: "no more after",
    Emphasis.ADDED: "now after",
}
"""What is said of rows that share a line with others of another look."""

LEVELS = 5
"""Widths that a count is shown in; more could not be told apart."""

Group = tuple[PlainRow, ...]
"""The rows of one state and event, in order."""


@attrs.frozen
class LabelLine:
    """One line of an arrow's label.

    Attributes:
        text: An event's name, or the name of a guard.
        rows: Names of the rows that this line speaks for.
        order: The place among the rows of a choice, from 1; 0 on an event's line.
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
    look: Emphasis = Emphasis.PLAIN
    count: int | None = None
    notes: tuple[str, ...] = ()


@attrs.frozen
class Arrow:
    """From node to node. A node is a state's value, a choice's name or :data:`ANY`."""

    tail: str
    head: str
    lines: tuple[LabelLine, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of the rows drawn by this arrow."""
        return tuple(row for line in self.lines for row in line.rows)

    @property
    def billing(self) -> bool:
        """True where a billing error may, or (on a path) did, lead along here."""
        taken = [line for line in self.lines if line.steps]
        return any(line.billing for line in taken or self.lines)

    @property
    def look(self) -> Emphasis:
        """The look of the stroke."""
        return blended(line.look for line in self.lines)

    @property
    def count(self) -> int | None:
        """The number of times that calls came along here; ``None`` where nobody counted."""
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
    groups: tuple[Group, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """The states that calls come here from."""
        return tuple(group[0].state for group in self.groups)


@attrs.frozen
class MachineGraph:
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

    @property
    def has_initial(self) -> bool:
        """Whether the state in which a call begins is drawn."""
        return any(state.name == self.initial for state in self.states)

    def look_of(self, node: str) -> Emphasis:
        """The look of a node: that of what leads there, of the initial one what leaves it."""
        into = {arrow.look for arrow in self.arrows if arrow.head == node}
        out = {arrow.look for arrow in self.arrows if arrow.tail == node}
        if Emphasis.TAKEN in into | out:
            return Emphasis.TAKEN
        looks = into or out
        return looks.pop() if len(looks) == 1 and looks <= _WHOLE else Emphasis.PLAIN

    @property
    def tops(self) -> tuple[str, ...]:
        """The states that a shared choice leads up to: what a call does first."""
        shared = {
            name for choice in self.choices if len(choice.groups) > 1 for name in choice.states
        }
        up = (arrow.head for arrow in self.arrows if arrow.tail != ANY and self.leads_up(arrow))
        return tuple(name for name in up if name not in shared and not self.state(name).final)

    def state(self, name: str) -> PlainState:
        """The state of that name."""
        return next(state for state in self.states if state.name == name)

    def leads_up(self, arrow: Arrow) -> bool:
        """Whether a drawing that runs from top to bottom puts the arrow's head above its tail."""
        if arrow.tail == ANY:
            return True
        states = {state.name for state in self.states}
        if arrow.tail in states:
            return False
        # What every state shares is drawn once more where a call took it: that moves nothing.
        shared = {row for other in self.arrows if other.tail == ANY for row in other.rows}
        beside = {
            other.head
            for other in self.arrows
            if other.tail in states and not shared.issuperset(other.rows)
        }
        if self.state(arrow.head).final:
            # Where states lead without a choice, the end stands beside them.
            return arrow.head in beside
        # Calls come to a later choice from what an earlier one led to.
        choice = next(choice for choice in self.choices if choice.name == arrow.tail)
        return beside.isdisjoint(choice.states)

    def lines_from(self, choice: str) -> tuple[tuple[LabelLine, str], ...]:
        """Each line that leaves a choice, with where it leads, in the order of the rows."""
        lines = [
            (line, arrow.head)
            for arrow in self.arrows
            if arrow.tail == choice
            for line in arrow.lines
        ]
        return tuple(sorted(lines, key=lambda one: one[0].order))


def build(table: Table, overlay: Overlay | None = None) -> MachineGraph:
    """The graph of ``table``, with what ``overlay`` says on its arrows."""
    machine = plain(table)
    said = overlay or Overlay()
    shared, own = _split(_groups(machine.rows))
    choices = _choices([group for group in own if len(group) > 1])
    arrows = tuple(
        _merge(
            arrow
            for arrow in (
                *_events(own, choices, said),
                *itertools.chain.from_iterable(_guards(choice, said) for choice in choices),
                *_anywhere(shared, said),
            )
            if arrow.rows
        )
    )
    nodes = {node for arrow in arrows for node in (arrow.tail, arrow.head)}
    if said.shown is None:  # those, too, that only what all states share leads out of
        nodes |= {row.state for row in machine.rows}
    return MachineGraph(
        tuple(state for state in machine.states if state.name in nodes),
        tuple(choice for choice in choices if choice.name in nodes),
        arrows,
        machine.initial,
        said,
    )


def level(count: int, most: int) -> int:
    """The width of a count, from 1 to :data:`LEVELS`: counts differ by orders of magnitude."""
    if most <= 1 or count <= 0:
        return 1
    return 1 + round((LEVELS - 1) * math.log(count) / math.log(most))


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


def _groups(rows: Sequence[PlainRow]) -> list[Group]:
    found: dict[tuple[str, str], list[PlainRow]] = {}
    for row in rows:
        found.setdefault((row.state, row.event), []).append(row)
    groups = [tuple(group) for group in found.values()]
    return [part for group in groups for part in _parts(group, groups)]


def _parts(group: Group, groups: Sequence[Group]) -> tuple[Group, ...]:
    """A group whose last row other states have alone: what goes before, and that row."""
    *before, last = group
    alike = [
        other
        for other in groups
        if len(other) == 1 and _ending(other[0]) == _ending(last) and other != group
    ]
    return (tuple(before), (last,)) if before and len(alike) > 1 else (group,)


def _ending(row: PlainRow) -> tuple[str, str | None, str, str]:
    return row.event, row.guard, row.to, row.effect


def _shape(group: Group) -> tuple[tuple[str, str], ...]:
    """The guards of a group and where they lead: two groups of one shape are alike."""
    return tuple((row.condition, row.to) for row in group)


def _split(groups: list[Group]) -> tuple[list[Group], list[Group]]:
    """The groups of events that do the same in every state, and the rest."""
    leaving = {group[0].state for group in groups}
    shared: list[Group] = []
    own: list[Group] = []
    for group in groups:
        alike = {
            other[0].state
            for other in groups
            if other[0].event == group[0].event and _shape(other) == _shape(group)
        }
        everywhere = len(group) == 1 and len(alike) > 1 and alike == leaving
        (shared if everywhere else own).append(group)
    return shared, own


def _choices(groups: list[Group]) -> list[Choice]:
    alike: dict[tuple[tuple[str, str], ...], list[Group]] = {}
    for group in groups:
        alike.setdefault(_shape(group), []).append(group)
    names: dict[str, None] = {}
    for found in alike.values():
        first = found[0][0]
        name = f"choice_{first.state}"
        names[f"{name}_{first.event}" if name in names else name] = None
    return [Choice(name, tuple(found)) for name, found in zip(names, alike.values(), strict=True)]


def _events(groups: list[Group], choices: list[Choice], said: Overlay) -> Iterator[Arrow]:
    to = {group: choice.name for choice in choices for group in choice.groups}
    for group in groups:
        first = group[0]
        alone = len(group) == 1 and first.guard is not None
        line = _line(f"{first.event} [{first.guard}]" if alone else first.event, group, said)
        if len(group) > 1:  # what bounds a row is said where its guard is
            line = attrs.evolve(line, notes=())
        yield Arrow(first.state, to.get(group, first.to), (line,))


def _guards(choice: Choice, said: Overlay) -> Iterator[Arrow]:
    return (
        Arrow(choice.name, rows[0].to, (_line(rows[0].condition, rows, said, order),))
        for order, rows in enumerate(zip(*choice.groups, strict=True), 1)
    )


def _anywhere(groups: list[Group], said: Overlay) -> Iterator[Arrow]:
    """One arrow for all; and, since it hides where a call was, one for each that was taken."""
    rows = [row for group in groups for row in group]
    by_event: dict[str, list[PlainRow]] = {}
    for row in rows:
        by_event.setdefault(row.event, []).append(row)
    path = said.otherwise.look is Emphasis.FAINT
    quiet = Overlay(otherwise=RowMark(Emphasis.FAINT), shown=said.shown) if path else said
    for event, alike in by_event.items():
        yield Arrow(ANY, alike[0].to, (_line(event, alike, quiet),))
    for row in rows:
        if said.of(row.name).steps:
            yield Arrow(row.state, row.to, (_line(row.event, (row,), said),))


def _line(text: str, rows: Sequence[PlainRow], said: Overlay, order: int = 0) -> LabelLine:
    rows = [row for row in rows if said.shown is None or row.name in said.shown]
    mark = together(said.of(row.name) for row in rows)
    return LabelLine(
        text,
        tuple(row.name for row in rows),
        order,
        mark.steps,
        order > 0 and any(row.billing for row in rows),
        mark.look,
        mark.count,
        (*mark.notes, *_partly(rows, said)),
    )


def _partly(rows: Sequence[PlainRow], said: Overlay) -> Iterator[str]:
    """Notes on what holds for some of the events that share a line, and not for others."""
    for look, words in _AFTER.items():
        found = [row for row in rows if said.of(row.name).look is look]
        if 0 < len(found) < len(rows) and len({row.event for row in rows}) > 1:
            yield f"{words} {', '.join(row.event for row in found)}"


def _merge(arrows: Iterable[Arrow]) -> Iterable[Arrow]:
    """One arrow for those between the same two nodes."""
    merged: dict[tuple[str, str], Arrow] = {}
    for arrow in arrows:
        key = (arrow.tail, arrow.head)
        earlier = merged[key].lines if key in merged else ()
        merged[key] = attrs.evolve(arrow, lines=(*earlier, *arrow.lines))
    return merged.values()
