"""From the table to the graph that is drawn.

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
from collections.abc import Iterable, Iterator, Sequence

import attrs

from orchestrator.lab.diagrams.graph import ANY, Arrow, Choice, Graph, Line
from orchestrator.lab.diagrams.overlay import Look, Mark, Overlay, together
from orchestrator.lab.diagrams.plain import PlainRow, Table, plain

Group = tuple[PlainRow, ...]

_AFTER = {Look.DEAD: "never after", Look.REMOVED: "no more after", Look.ADDED: "now after"}
"""What is said of rows that share a line with others of another look."""

_APART = frozenset({Look.ADDED, Look.REMOVED, Look.CHANGED})
"""Looks that keep a row from being drawn together with others that are not looked at so."""


def build(table: Table, overlay: Overlay | None = None) -> Graph:
    """The graph of ``table``, with what ``overlay`` says on its arrows."""
    machine = plain(table)
    said = overlay or Overlay()
    groups = _groups(machine.rows)
    shared, own = _split(groups, said)
    choices = _choices([group for group in own if len(group) > 1], said)
    arrows = [
        *_merge(_events(own, choices, said)),
        *itertools.chain.from_iterable(_guards(choice, said) for choice in choices),
        *_anywhere(shared, said),
    ]
    named = {state for row in machine.rows for state in (row.state, row.to)}
    states = tuple(state for state in machine.states if state.name in named)
    return Graph(states, tuple(choices), tuple(arrows), machine.initial, said)


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
        other for other in groups
        if len(other) == 1 and _ending(other[0]) == _ending(last) and other != group
    ]  # fmt: skip
    return (tuple(before), (last,)) if before and len(alike) > 1 else (group,)


def _ending(row: PlainRow) -> tuple[str, str | None, str, str]:
    return row.event, row.guard, row.to, row.effect


def _shape(group: Group, said: Overlay) -> tuple[object, ...]:
    """What makes two groups alike: the same guards lead to the same states."""
    looks = (said.of(row.name).look if said.apart else None for row in group)
    return tuple(
        (row.condition, row.to, look if look in _APART else None)
        for row, look in zip(group, looks, strict=True)
    )


def _split(groups: list[Group], said: Overlay) -> tuple[list[Group], list[Group]]:
    """The groups of events that do the same in every state, and the rest.

    One that was changed is drawn apart, and takes nothing away from "every state".
    """
    present = [group for group in groups if not _removed(group, said)]
    leaving = {group[0].state for group in present}
    shared: list[Group] = []
    own: list[Group] = []
    for group in groups:
        shape = _shape(group, Overlay())
        alike = {
            other[0].state
            for other in present
            if other[0].event == group[0].event and _shape(other, Overlay()) == shape
        }
        everywhere = len(group) == 1 and len(alike) > 1 and alike == leaving
        changed = _shape(group, said) != shape
        (shared if everywhere and not changed else own).append(group)
    return shared, own


def _removed(group: Group, said: Overlay) -> bool:
    return said.apart and all(said.of(row.name).look is Look.REMOVED for row in group)


def _choices(groups: list[Group], said: Overlay) -> list[Choice]:
    alike: dict[tuple[object, ...], list[Group]] = {}
    for group in groups:
        alike.setdefault(_shape(group, said), []).append(group)
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


def _guards(choice: Choice, said: Overlay) -> Iterable[Arrow]:
    alike = list(zip(*choice.groups, strict=True))
    places = _places(said.apart and said.of(rows[0].name).look for rows in alike)
    return _merge(
        Arrow(choice.name, rows[0].to, (_line(rows[0].condition, rows, said, order, place),))
        for order, (rows, place) in enumerate(zip(alike, places, strict=True), 1)
    )


def _places(looks: Iterable[Look | bool]) -> Iterator[str]:
    """1, 2, 3 ...: rows that are there no more are passed over."""
    count = itertools.count(1)
    return ("-" if look is Look.REMOVED else str(next(count)) for look in looks)


def _anywhere(groups: list[Group], said: Overlay) -> Iterator[Arrow]:
    """One arrow for all; and, since it hides where a call was, one for each that was taken."""
    rows = [row for group in groups for row in group]
    by_event: dict[str, list[PlainRow]] = {}
    for row in rows:
        by_event.setdefault(row.event, []).append(row)
    path = said.otherwise.look is Look.FAINT
    quiet = Overlay(otherwise=Mark(Look.FAINT)) if path else said
    yield from _merge(
        Arrow(ANY, alike[0].to, (_line(event, alike, quiet),)) for event, alike in by_event.items()
    )
    yield from _merge(
        Arrow(row.state, row.to, (_line(row.event, (row,), said),))
        for row in rows
        if said.of(row.name).steps
    )


def _line(
    text: str, rows: Sequence[PlainRow], said: Overlay, order: int = 0, place: str = ""
) -> Line:
    mark = together(said.of(row.name) for row in rows)
    return Line(
        text,
        tuple(row.name for row in rows),
        order,
        mark.steps,
        order > 0 and rows[0].billing,
        mark.look,
        mark.count,
        (*mark.notes, *_partly(rows, said)),
        place,
    )


def _partly(rows: Sequence[PlainRow], said: Overlay) -> Iterator[str]:
    """What holds for some of the events that share a line, and not for others."""
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
