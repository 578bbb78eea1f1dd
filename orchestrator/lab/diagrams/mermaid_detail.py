"""One choice in full, as Mermaid: its rows in order, each with its meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.lab.diagrams.graph import Arrow, Choice, Graph, Line, shared_name
from orchestrator.lab.diagrams.mermaid_parts import (
    class_of,
    escape,
    label,
    legend,
    taken,
    text,
)
from orchestrator.lab.diagrams.overlay import Look
from orchestrator.lab.diagrams.plain import PlainRow, PlainState

_KINDS = {
    Look.TAKEN: "visited",
    Look.FAINT: "dimmed",
    Look.DEAD: "dimmed",
    Look.NEVER: "never",
    Look.ADDED: "added",
    Look.REMOVED: "removed",
    Look.CHANGED: "changed",
}


def write(graph: Graph, choices: Sequence[Choice]) -> str:
    """The rows of ``choices`` in order, each with its meaning and where it leads."""
    return text(
        "flowchart LR",
        *legend(graph),
        *(line for choice in choices for line in _listing(graph, choice)),
    )


def _listing(graph: Graph, choice: Choice) -> Iterator[str]:
    """The rows below each other: each has a copy of its state, or they would be shuffled."""
    for arrow in graph.arrows:
        if arrow.head == choice.name:
            event = escape(arrow.lines[0].text)
            yield _state(graph, arrow, arrow.tail, f"from_{arrow.tail}")
            yield f'from_{arrow.tail} -->|"{event}{taken(arrow.lines[0])}"| {choice.name}'
    yield f'{choice.name}{{{{"the first that holds"}}}}:::choice'
    for order, rows in enumerate(zip(*choice.groups, strict=True), 1):
        yield from _row(graph, choice, order, rows)


def _row(graph: Graph, choice: Choice, order: int, rows: tuple[PlainRow, ...]) -> Iterator[str]:
    arrow, line = _found(graph, choice, order)
    name = f"{choice.name}_{order}"
    words = f"{label(line)}<br/>{escape(rows[0].meaning)}"
    yield f"%% row {order} to {arrow.head}, rows {', '.join(line.rows)}"
    yield f'{choice.name} --> {name}["{words}"]:::{_KINDS.get(line.look, "choice")}'
    one = Arrow(arrow.tail, arrow.head, (line,))
    state = _state(graph, one, arrow.head, f"{name}_to")
    yield f'{name} -->|"{escape(shared_name(line.rows))}"| {state}'


def _state(graph: Graph, arrow: Arrow, value: str, name: str) -> str:
    state = next((one for one in graph.states if one.name == value), PlainState(value))
    look = arrow.look if arrow.look in (Look.FAINT, Look.TAKEN) else None
    return f'{name}("{value}"):::{class_of(graph, state, look)}'


def _found(graph: Graph, choice: Choice, order: int) -> tuple[Arrow, Line]:
    return next(
        (arrow, line)
        for arrow in graph.arrows
        if arrow.tail == choice.name
        for line in arrow.lines
        if line.order == order
    )
