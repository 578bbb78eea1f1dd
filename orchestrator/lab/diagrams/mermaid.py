"""The graph as a Mermaid flowchart, which GitHub draws from a fence in Markdown.

A flowchart and not a ``stateDiagram-v2``: that one cannot style a single arrow, so a path
could not be shown. Colours are given for nodes with their text, and for arrows only where
they carry a meaning, so that the rest follows the reader's light or dark theme.

Rows are named in comments beside their arrows, since a label has no tooltip there.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.lab.diagrams.graph import ANY, Arrow, Graph
from orchestrator.lab.diagrams.mermaid_parts import (
    class_of,
    label,
    legend,
    state_node,
    stroke,
    text,
)
from orchestrator.lab.diagrams.overlay import Look


def write(graph: Graph) -> str:
    """The machine; what is said of its rows stands in labels, strokes and classes."""
    return text("flowchart TB", *_nodes(graph), *_arrows(graph), *_styles(graph))


def _nodes(graph: Graph) -> Iterator[str]:
    yield from legend(graph)
    # Ranks follow from the order of nodes. With the initial state last, what leads back goes
    # up from the shared choice below, as in the DOT, and not down from one at the top.
    for state in sorted(graph.states, key=lambda state: state.name == graph.initial):
        yield state_node(state.name, state, class_of(graph, state))
    yield "begin(( )):::begin"
    for choice in graph.choices:
        look = graph.look_of(choice.name)
        kind = "dimmed" if look in (Look.FAINT, Look.DEAD, Look.NEVER) else "choice"
        yield f'{choice.name}{{{{"the first that holds"}}}}:::{kind}'
    if any(arrow.tail == ANY for arrow in graph.arrows):
        faint = graph.look_of(ANY) is Look.FAINT
        yield f'{ANY}("any state not final"):::{"dimmed" if faint else "state"}'


def _arrows(graph: Graph) -> Iterator[str]:
    yield f"begin --> {graph.initial}"
    for arrow in graph.arrows:
        yield f"%% {arrow.tail} to {arrow.head}, rows {', '.join(arrow.rows)}"
        yield f'{arrow.tail} -->|"{_lines(arrow)}"| {arrow.head}'


def _lines(arrow: Arrow) -> str:
    return "<br/>".join(label(line) for line in arrow.lines)


def _styles(graph: Graph) -> Iterator[str]:
    """One line for each stroke; Mermaid counts arrows from 0, and the first is ``begin``'s."""
    strokes: dict[str, list[int]] = {}
    for place, arrow in enumerate(graph.arrows, 1):
        strokes.setdefault(stroke(arrow, graph), []).append(place)
    for drawn, places in strokes.items():
        if drawn:
            yield f"linkStyle {','.join(map(str, places))} {drawn}"
