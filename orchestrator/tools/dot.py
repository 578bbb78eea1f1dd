"""The graph as DOT, the language of Graphviz: the whole machine in one picture.

Layout follows from the graph: the states that share a choice stand in one rank above it,
and what leads from there back up is written head first, which lets the layout route it
along the ranks instead of across them. No colour and no size depends on a renderer, and
labels keep to ASCII, for which every renderer knows the widths.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from orchestrator.tools import palette
from orchestrator.tools.graph import ANY, Arrow, Choice, Graph, Line
from orchestrator.tools.palette import Paint
from states.call import State

FONT = "Helvetica"
"""Its widths are known to Graphviz without a font file, and Arial, Arimo and Liberation Sans
share them, so that labels fit wherever the picture is shown."""

STEPS_A_LINE = 6
"""Step numbers that fit beside a guard's name before they need a line of their own."""


def write(graph: Graph) -> str:
    """The machine as DOT; taken arrows are numbered, and then the rest is dimmed."""
    lines = [
        *head("machine", "TB"),
        *_nodes(graph),
        *_ranks(graph),
        *(_arrow(arrow, graph) for arrow in graph.arrows),
    ]
    return "\n".join([*lines, "}", ""])


def head(name: str, direction: str) -> Iterator[str]:
    """The first lines of a DOT file: paper, fonts, shapes."""
    yield f"digraph {name} {{"
    yield f'  graph [rankdir={direction} bgcolor="{palette.PAPER}" pad=0.25 nodesep=0.3 ranksep=0.4'
    yield f'         fontname="{FONT}"]'
    yield f'  node [fontname="{FONT}" fontsize=15 shape=box style="rounded,filled" penwidth=1.4'
    yield '        margin="0.16,0.08" height=0.45]'
    yield f'  edge [fontname="{FONT}" fontsize=13 penwidth=1.3 arrowsize=0.8]'


def state_paint(state: State, *, dimmed: bool, visited: bool) -> Paint:
    """How a state is painted."""
    if dimmed:
        return palette.DIMMED
    if state.final:
        return palette.SUCCEED if state is State.SUCCEED else palette.FAIL
    return palette.VISITED if visited else palette.PLAIN


def state_node(name: str, state: State, paint: Paint) -> str:
    """A state's node; a final state has a double border."""
    border = 2 if state.final else 1
    return f'  {name} [label="{state.value}" peripheries={border} {_painted(paint)}]'


def row_names(arrow_or_line: Arrow | Line) -> str:
    """The rows behind an arrow, as a tooltip: what a reader sees on pointing at it."""
    return ", ".join(arrow_or_line.rows)


def badge(steps: tuple[int, ...]) -> str:
    """Step numbers, white on the colour of what was taken; empty where there are none."""
    if not steps:
        return ""
    places = [steps[at : at + STEPS_A_LINE] for at in range(0, len(steps), STEPS_A_LINE)]
    text = "<BR/>".join(f" {', '.join(map(str, few))} " for few in places)
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="3" CELLSPACING="0" STYLE="ROUNDED" '
        f'BGCOLOR="{palette.TAKEN}"><TR><TD>'
        f'<FONT COLOR="{palette.PAPER}"><B>{text}</B></FONT></TD></TR></TABLE>'
    )


def line_colour(line: Line, *, dimmed: bool) -> str:
    """The colour of a label's line, or of the arrow that stands for it alone."""
    if dimmed and not line.steps:
        return palette.DIMMED.text
    return palette.BILLING if line.billing else palette.TAKEN if line.steps else palette.INK


def stroke(arrow: Arrow, *, dimmed: bool) -> str:
    """Colour and width of an arrow."""
    if arrow.steps:
        colour = palette.BILLING if arrow.billing else palette.TAKEN
        return f'color="{colour}" penwidth=3'
    return f'color="{palette.FAINT if dimmed else _colour(arrow)}"'


def _colour(arrow: Arrow) -> str:
    """Amber where only billing leads along; beside others, the label's line says it."""
    return palette.BILLING if all(line.billing for line in arrow.lines) else palette.SOFT


def _painted(paint: Paint) -> str:
    return f'fillcolor="{paint.fill}" color="{paint.line}" fontcolor="{paint.text}"'


def _nodes(graph: Graph) -> Iterator[str]:
    dim = bool(graph.path)
    ink = palette.TAKEN if dim else palette.INK
    initial = State.READY.value
    yield f'  start [shape=point width=0.17 color="{ink}" label="" tooltip="a call begins"]'
    yield f'  start -> {initial} [color="{ink}" tooltip="a call begins"]'
    for state in graph.states:
        visited = state.value in graph.visited
        paint = state_paint(state, dimmed=dim and not visited, visited=dim and visited)
        yield state_node(state.value, state, paint)
    for choice in graph.choices:
        paint = palette.DIMMED if dim and choice.name not in graph.visited else palette.CHOICE
        yield f'  {choice.name} [label="the first that holds" shape=hexagon style=filled'
        yield f'    fontsize=12 height=0.36 margin="0.02,0.02" {_painted(paint)}]'
    if any(arrow.tail == ANY for arrow in graph.arrows):
        paint = palette.DIMMED if dim else Paint(palette.PAPER, palette.SOFT)
        yield f'  {ANY} [label="any state not final" style="rounded,filled,dashed" fontsize=13'
        yield f"    {_painted(paint)}]"


def _ranks(graph: Graph) -> Iterator[str]:
    for choice in _shared(graph):
        yield f"  {{rank=same; {'; '.join(state.value for state in choice.states)}}}"


def _shared(graph: Graph) -> list[Choice]:
    return [choice for choice in graph.choices if len(choice.groups) > 1]


def _arrow(arrow: Arrow, graph: Graph) -> str:
    upwards = _leads_up(arrow, graph)
    ends = f"{arrow.head} -> {arrow.tail}" if upwards else f"{arrow.tail} -> {arrow.head}"
    back = " dir=back" if upwards else ""
    dimmed = bool(graph.path)
    return (
        f"  {ends} [{stroke(arrow, dimmed=dimmed)}{back} "
        f'tooltip="{row_names(arrow)}" labeltooltip="{row_names(arrow)}"\n'
        f"    label=<{label(arrow, dimmed=dimmed)}>]"
    )


def _leads_up(arrow: Arrow, graph: Graph) -> bool:
    if arrow.tail == ANY:
        return True
    final = {state.value for state in graph.states if state.final}
    shared = {choice.name for choice in _shared(graph)}
    return arrow.tail in shared and arrow.head not in final


def label(arrow: Arrow, *, dimmed: bool) -> str:
    """An arrow's label: a line for each event or guard, with its place and its steps."""
    rows = "".join(_label_line(line, dimmed=dimmed) for line in arrow.lines)
    return f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>'


def _label_line(line: Line, *, dimmed: bool) -> str:
    colour = line_colour(line, dimmed=dimmed)
    text = html.escape(line.text)
    strong = f"<B>{text}</B>" if line.steps else text
    order = f"{line.order} " if line.order else ""
    number = palette.DIMMED.text if dimmed and not line.steps else palette.SOFT
    return (
        f'<TR><TD ALIGN="RIGHT"><FONT COLOR="{number}"> {order}</FONT></TD>'
        f'<TD ALIGN="LEFT"><FONT COLOR="{colour}">{strong} </FONT></TD>'
        f'<TD CELLPADDING="0">{badge(line.steps)}</TD></TR>'
    )
