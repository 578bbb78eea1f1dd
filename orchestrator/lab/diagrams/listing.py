"""The machine as a table for a terminal: 80 columns, and as readable without colour.

What the pictures draw once is listed once: the five arrivals, and the interruptions that
every state shares. No line is longer than the width, whatever the names, and no name is
cut off.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import attrs
from rich.text import Text

from orchestrator.lab.diagrams.building import build
from orchestrator.lab.diagrams.graph import ANY, Arrow, Choice, Graph, Line, shared_name
from orchestrator.lab.diagrams.one_state import OneState, line_of, one_state
from orchestrator.lab.diagrams.overlay import Look, Overlay
from orchestrator.lab.diagrams.plain import Table, plain

WIDTH = 80
"""Columns that no line exceeds."""

_SIGNS = {
    Look.DEAD: "x",
    Look.ADDED: "+",
    Look.REMOVED: "-",
    Look.CHANGED: "~",
}

_STYLES = {
    Look.DEAD: "dim",
    Look.FAINT: "dim",
    Look.NEVER: "magenta",
    Look.ADDED: "green",
    Look.REMOVED: "red",
    Look.CHANGED: "yellow",
}


Section = tuple[str, list[tuple[Line, str]]]
"""A heading, and its lines with the state that each leads to."""


def listing(table: Table, said: Overlay) -> Text:
    """The machine, with what ``said`` says of its rows."""
    graph = build(table, said)
    return _written(graph, _sections(graph, table))


def choices(graph: Graph, table: Table, shown: Sequence[Choice]) -> Text:
    """The rows of ``shown`` alone."""
    asks = _asks(table)
    return _written(graph, ((_heading(choice, asks), _of(graph, choice)) for choice in shown))


def one(table: Table, said: Overlay, name: str) -> Text:
    """One state: the rows that lead to it, and those that lead on.

    Raises:
        UnknownState: There is none of that name.
    """
    found = one_state(table, name)
    into = [
        (attrs.evolve(line_of(row.state, (row,), said), order=1), name)
        for rows in found.into
        for row in rows
    ]
    sections: list[Section] = [(f"what leads to {name}, by row and state", into)] if into else []
    asks = f"{name}, asks for {found.state.command or 'nothing'}"
    return _written(build(table, said), [*sections, *_own(found, said, asks)])


def _own(found: OneState, said: Overlay, asks: str) -> Iterator[Section]:
    """The rows out of a state: those of an event that leads on in one way come together."""
    alone = [group[0] for group in found.groups if len(group) == 1]
    for group in found.groups:
        if len(group) > 1:
            lines = [
                (line_of(row.condition, (row,), said, place), row.to)
                for place, row in enumerate(group, 1)
            ]
            yield f"{asks}; on {group[0].event} the first that holds", lines
    if alone:
        yield asks, [(line_of(row.event, (row,), said), row.to) for row in alone]


def _written(graph: Graph, sections: Iterable[Section]) -> Text:
    counted = graph.most is not None
    gutter = len(str(graph.most)) if counted else 1
    drawn = Text(no_wrap=True)
    for text, style in _top(graph.overlay, counted=counted):
        drawn.append(f"{text}\n", style)
    for head, lines in sections:
        for text in _wrapped(head, ""):
            drawn.append(f"{text}\n", "bold")
        names = max(len(shared_name(line.rows)) for line, _ in lines)
        texts = max(len(_what(line)) for line, _ in lines)
        for line, to in lines:
            for text in _row(line, to, gutter, names, texts):
                drawn.append(f"{text}\n", _style(line))
        drawn.append("\n")
    drawn.rstrip()
    return drawn


def _top(said: Overlay, *, counted: bool) -> Iterator[tuple[str, str]]:
    for text in _wrapped(said.title, "") if said.title else ():
        yield text, "bold"
    for look, words in said.legend:
        sign = _SIGNS.get(look, "0" if look is Look.NEVER else "n")
        meaning = "taken n times" if counted and look is Look.TAKEN else words
        for text in _wrapped(f"{sign}  {meaning}", "   "):
            yield text, _STYLES.get(look, "")
    if said.title or said.legend:
        yield "", ""


def _sections(graph: Graph, table: Table) -> Iterator[Section]:
    asks = _asks(table)
    known = {choice.name: choice for choice in graph.choices}
    for state in graph.states:
        own = [arrow for arrow in graph.arrows if arrow.tail == state.name]
        plain_ones = [arrow for arrow in own if arrow.head not in known]
        if plain_ones:
            yield f"{state.name}, asks for {asks[state.name]}", _on(plain_ones)
        for choice in (known[arrow.head] for arrow in own if arrow.head in known):
            if choice.states[0] == state.name:
                yield _heading(choice, asks), _of(graph, choice)
    anywhere = [arrow for arrow in graph.arrows if arrow.tail == ANY]
    if anywhere:
        yield "any state not final", _on(anywhere)


def _asks(table: Table) -> dict[str, str]:
    return {state.name: state.command or "nothing" for state in plain(table).states}


def _heading(choice: Choice, asks: dict[str, str]) -> str:
    each = [
        f"{group[0].state} (asks for {asks[group[0].state]}) on {group[0].event}"
        for group in choice.groups
    ]
    return f"{', '.join(each)}: the first that holds"


def _on(arrows: Sequence[Arrow]) -> list[tuple[Line, str]]:
    return [(line, arrow.head) for arrow in arrows for line in arrow.lines]


def _of(graph: Graph, choice: Choice) -> list[tuple[Line, str]]:
    lines = [
        (line, arrow.head)
        for arrow in graph.arrows
        if arrow.tail == choice.name
        for line in arrow.lines
    ]
    return sorted(lines, key=lambda one: one[0].order)


def _row(line: Line, to: str, gutter: int, names: int, texts: int) -> Iterator[str]:
    sign = _SIGNS.get(line.look, "") if line.count is None else str(line.count)
    name = shared_name(line.rows)
    start = f"{sign:>{gutter}} {line.place:>2}  "
    what = _what(line)
    whole = f"{start}{name:<{names}}  {what:<{texts}}  → {to}"
    indent = " " * len(start)
    if len(whole) <= WIDTH:
        yield whole
    else:  # a part a line, since names are worth more than columns
        yield from _folded(f"{start}{name}", indent)
        yield from _folded(f"{indent}{what}", indent)
        yield from _folded(f"{indent}→ {to}", indent)
    if line.steps:
        steps = ", ".join(map(str, line.steps))
        yield from _wrapped(f"{indent}step {steps}", indent)
    if line.notes:
        yield from _wrapped(f"{indent}{'; '.join(line.notes)}", indent)


def _what(line: Line) -> str:
    return line.text if line.order else f"on {line.text}"


def _style(line: Line) -> str:
    if line.look in _STYLES:
        return _STYLES[line.look]
    return "yellow" if line.billing and line.look is Look.PLAIN else ""


def _folded(text: str, indent: str) -> Iterator[str]:
    """``text`` in lines that are full; the rest of a name is set in by four more."""
    yield text[:WIDTH]
    rest, room = text[WIDTH:], WIDTH - len(indent) - 4
    for at in range(0, len(rest), room):
        yield f"{indent}    {rest[at : at + room]}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        subsequent_indent=f"{indent}    " if indent == "" else indent,
        break_on_hyphens=False,
    )
