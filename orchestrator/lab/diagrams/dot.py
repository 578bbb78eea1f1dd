"""The graph as DOT, the language of Graphviz: the whole machine in one picture.

Layout follows from the graph: the states that share a choice stand in one rank above it,
and what leads from there back up is written head first, which lets the layout route it
along the ranks instead of across them. No colour and no size depends on a renderer, and
labels keep to ASCII, for which every renderer knows the widths.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from orchestrator.lab.diagrams import palette
from orchestrator.lab.diagrams.dot_parts import (
    badge,
    head,
    legend,
    line_colour,
    noted,
    painted,
    row_names,
    state_node,
    state_paint,
    stroke,
)
from orchestrator.lab.diagrams.graph import ANY, Arrow, Choice, Graph, Line
from orchestrator.lab.diagrams.overlay import Look
from orchestrator.lab.diagrams.palette import Paint


def write(graph: Graph) -> str:
    """The machine as DOT."""
    lines = [
        *head("machine", "TB"),
        *legend(graph),
        *_nodes(graph),
        *_ranks(graph),
        *(_arrow(arrow, graph) for arrow in graph.arrows),
    ]
    return "\n".join([*lines, "}", ""])


def label(arrow: Arrow) -> str:
    """An arrow's label: a line for each event or guard, with its place and what is said of it."""
    rows = "".join(_label_line(line) for line in arrow.lines)
    # Around a count there is air, since the strokes are wide.
    border = "0" if arrow.count is None else '7" COLOR="transparent'
    return f'<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>'


def _nodes(graph: Graph) -> Iterator[str]:
    ink = palette.TAKEN if graph.look_of(graph.initial) is Look.TAKEN else palette.INK
    yield f'  start [shape=point width=0.17 color="{ink}" label="" tooltip="a call begins"]'
    yield f'  start -> {graph.initial} [color="{ink}" tooltip="a call begins"]'
    for state in graph.states:
        yield state_node(state.name, state, state_paint(graph, state))
    for choice in graph.choices:
        quiet = graph.look_of(choice.name) in (Look.FAINT, Look.DEAD, Look.NEVER)
        paint = palette.DIMMED if quiet else palette.CHOICE
        yield f'  {choice.name} [label="the first that holds" shape=hexagon style=filled'
        yield f'    fontsize=12 height=0.36 margin="0.02,0.02" {painted(paint)}]'
    if any(arrow.tail == ANY for arrow in graph.arrows):
        faint = graph.look_of(ANY) is Look.FAINT
        paint = palette.DIMMED if faint else Paint(palette.PAPER, palette.SOFT)
        yield f'  {ANY} [label="any state not final" style="rounded,filled,dashed" fontsize=13'
        yield f"    {painted(paint)}]"


def _ranks(graph: Graph) -> Iterator[str]:
    for choice in _shared(graph):
        yield f"  {{rank=same; {'; '.join(choice.states)}}}"


def _shared(graph: Graph) -> list[Choice]:
    return [choice for choice in graph.choices if len(choice.groups) > 1]


def _arrow(arrow: Arrow, graph: Graph) -> str:
    upwards = _leads_up(arrow, graph)
    ends = f"{arrow.head} -> {arrow.tail}" if upwards else f"{arrow.tail} -> {arrow.head}"
    back = " dir=back" if upwards else ""
    return (
        f"  {ends} [{stroke(arrow, graph)}{back} "
        f'tooltip="{row_names(arrow)}" labeltooltip="{row_names(arrow)}"\n'
        f"    label=<{label(arrow)}>]"
    )


def _leads_up(arrow: Arrow, graph: Graph) -> bool:
    if arrow.tail == ANY:
        return True
    states = {state.name: state for state in graph.states}
    if arrow.tail in states:
        return False
    beside = {other.head for other in graph.arrows if other.tail in states}
    if states[arrow.head].final:
        # Where states lead without a choice, the end stands beside them.
        return arrow.head in beside
    # Calls come to a later choice from what an earlier one led to.
    choice = next(choice for choice in graph.choices if choice.name == arrow.tail)
    return beside.isdisjoint(choice.states)


def _label_line(line: Line) -> str:
    colour = line_colour(line)
    text = html.escape(line.text)
    strong = f"<B>{text}</B>" if line.steps else text
    order = f"{line.place} " if line.place else ""
    number = palette.SOFT if line.look in (Look.PLAIN, Look.TAKEN) else colour
    return (
        f'<TR><TD ALIGN="RIGHT"><FONT COLOR="{number}"> {order}</FONT></TD>'
        f'<TD ALIGN="LEFT"><FONT COLOR="{colour}">{strong} </FONT></TD>'
        f'<TD CELLPADDING="0">{badge(line)}</TD></TR>'
        f"{noted(line)}"
    )
