"""One state as Mermaid: on the left what leads to it, on the right where its rows lead."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.lab.diagrams.building import build
from orchestrator.lab.diagrams.graph import Graph
from orchestrator.lab.diagrams.mermaid_parts import class_of, escape, label, legend, text
from orchestrator.lab.diagrams.one_state import OneState, line_of, one_state
from orchestrator.lab.diagrams.overlay import Overlay
from orchestrator.lab.diagrams.plain import PlainRow, PlainState, Table, plain


def write(table: Table, said: Overlay, name: str) -> str:
    """The state of that name.

    Raises:
        UnknownState: There is none.
    """
    machine = plain(table)
    graph, one = build(machine, said), one_state(machine, name)
    return text(
        "flowchart LR",
        *legend(graph),
        *_sources(graph, one),
        *_destinations(graph, one),
    )


def _sources(graph: Graph, one: OneState) -> Iterator[str]:
    asks = one.state.command or "nothing"
    yield f'here["{one.state.name}<br/>asks for {asks}"]:::{class_of(graph, one.state)}'
    for rows in one.into:
        yield f"%% {rows[0].state} to {one.state.name}, rows {', '.join(row.name for row in rows)}"
        yield _state(graph, rows[0].state, f"from_{rows[0].state}")
        names = "<br/>".join(escape(row.name) for row in rows)
        yield f'from_{rows[0].state} -->|"{names}"| here'


def _destinations(graph: Graph, one: OneState) -> Iterator[str]:
    for name in one.destinations:
        yield _state(graph, name, f"to_{name}")
    for group in one.groups:
        for place, row in enumerate(group, 1):
            yield f"%% {row.state} to {row.to}, rows {row.name}"
            yield f'here -->|"{_label(graph, row, place if len(group) > 1 else 0)}"| to_{row.to}'


def _label(graph: Graph, row: PlainRow, place: int) -> str:
    line = line_of(row.condition if place else row.event, (row,), graph.overlay, place)
    event = f"{escape(row.event)} " if place else ""
    return f"{event}{label(line)}"


def _state(graph: Graph, name: str, node: str) -> str:
    state = next((one for one in graph.states if one.name == name), PlainState(name))
    return f'{node}("{name}"):::{class_of(graph, state)}'
