"""The graph as DOT, the language of Graphviz: the whole machine in one picture.

Layout follows from the graph. A call begins at the top left; beside it stands what it leads
up to (``attempt``); the states that share a choice stand in one rank above it; and what
leads from there back up is written head first, which lets the layout route it along the
ranks instead of across them. No colour and no size depends on a renderer, and labels keep to
ASCII, for which every renderer knows the widths.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator

from orchestrator.lab.diagrams import palette
from orchestrator.lab.diagrams.graph import ANY, Arrow, LabelLine, MachineGraph, level
from orchestrator.lab.diagrams.overlay import Emphasis
from orchestrator.lab.diagrams.palette import Paint
from orchestrator.lab.diagrams.plain_table import PlainState
from orchestrator.states.call import State

FONT = "Helvetica"
"""Its widths are known to Graphviz without a font file, and Arial, Arimo and Liberation Sans
share them, so that labels fit wherever the picture is shown."""

STEPS_A_LINE = 6
"""Step numbers that fit beside a guard's name before they need a line of their own."""

TEXT = {
    Emphasis.PLAIN: palette.INK,
    Emphasis.TAKEN: palette.TAKEN,
    Emphasis.FAINT: palette.DIMMED.text,
    Emphasis.DEAD: palette.DIMMED.text,
    Emphasis.NEVER: palette.NEVER,
    Emphasis.SAME: palette.SOFT,
    Emphasis.ADDED: palette.ADDED,
    Emphasis.REMOVED: palette.REMOVED,
    Emphasis.CHANGED: palette.CHANGED,
}
"""The colour of a label's line, for each look."""

STROKES = {
    Emphasis.PLAIN: f'color="{palette.SOFT}"',
    Emphasis.TAKEN: f'color="{palette.TAKEN}" penwidth=3',
    Emphasis.FAINT: f'color="{palette.FAINT}"',
    Emphasis.DEAD: f'color="{palette.FAINT}" style=dashed',
    Emphasis.NEVER: f'color="{palette.NEVER}" style=dashed',
    Emphasis.SAME: f'color="{palette.MUTED}"',
    Emphasis.ADDED: f'color="{palette.ADDED}" penwidth=2.6',
    Emphasis.REMOVED: f'color="{palette.REMOVED}" penwidth=2.2 style=dashed',
    Emphasis.CHANGED: f'color="{palette.CHANGED}" penwidth=2.6',
}
"""How an arrow is drawn, for each look."""

DASHED = frozenset({Emphasis.DEAD, Emphasis.NEVER, Emphasis.REMOVED})
"""Looks that are told apart without colour too."""


def write(graph: MachineGraph) -> str:
    """The machine as DOT."""
    lines = [
        *head("machine", "TB"),
        *legend(graph),
        *_nodes(graph),
        *_ranks(graph),
        *(_arrow(arrow, graph) for arrow in graph.arrows),
    ]
    return "\n".join([*lines, "}", ""])


def head(name: str, direction: str) -> Iterator[str]:
    """The first lines of a DOT file: paper, fonts, shapes."""
    yield f"digraph {name} {{"
    yield f'  graph [rankdir={direction} bgcolor="{palette.PAPER}" pad=0.25'
    yield f'         nodesep=0.25 ranksep=0.4 fontname="{FONT}"]'
    yield f'  node [fontname="{FONT}" fontsize=15 shape=box style="rounded,filled" penwidth=1.4'
    yield '        margin="0.16,0.08" height=0.45]'
    yield f'  edge [fontname="{FONT}" fontsize=13 penwidth=1.3 arrowsize=0.8]'


def legend(graph: MachineGraph) -> Iterator[str]:
    """A line that says what is shown, and one for each colour that means something."""
    said = graph.overlay
    if not said.title and not said.legend:
        return
    title = f'<TR><TD ALIGN="LEFT"><FONT COLOR="{palette.INK}"><B>{escaped(said.title)} </B></FONT>'
    rows = [f"{title}</TD></TR>"] if said.title else []
    for look, words in said.legend:
        sign = "- - -" if look in DASHED else "-----"
        rows.append(
            f'<TR><TD ALIGN="LEFT"><FONT COLOR="{TEXT[look]}"><B>{sign}</B>  {escaped(words)} '
            f"</FONT></TD></TR>"
        )
    rows.append('<TR><TD HEIGHT="8"></TD></TR>')
    yield '  graph [labelloc=t labeljust=l fontsize=13 label=<<TABLE BORDER="0" CELLBORDER="0"'
    yield f'    CELLSPACING="0" CELLPADDING="3">{"".join(rows)}</TABLE>>]'


def state_paint(graph: MachineGraph, state: PlainState, look: Emphasis | None = None) -> Paint:
    """The paint of a state; ``look`` where a part of a drawing says other than the graph."""
    look = graph.look_of(state.name) if look is None else look
    if look in palette.PAINTS:
        return palette.PAINTS[look]
    if state.final:
        return palette.SUCCEED if state.name == State.SUCCEED.value else palette.FAIL
    return palette.VISITED if look is Emphasis.TAKEN and graph.most is None else palette.PLAIN


def state_node(name: str, state: PlainState, paint: Paint) -> str:
    """A state's node; a final state has a double border."""
    border = 2 if state.final else 1
    dashed = ' style="rounded,filled,dashed"' if paint is palette.PAINT_NEVER else ""
    return f'  {name} [label="{state.name}" peripheries={border}{dashed} {painted(paint)}]'


def painted(paint: Paint) -> str:
    """A node's colours."""
    return f'fillcolor="{paint.fill}" color="{paint.line}" fontcolor="{paint.text}"'


def label(arrow: Arrow) -> str:
    """An arrow's label: a line for each event or guard, with its place and what is said of it."""
    rows = "".join(_label_line(line) for line in arrow.lines)
    # Around a count there is air, since the strokes are wide.
    border = "0" if arrow.count is None else '7" COLOR="transparent'
    return f'<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">{rows}</TABLE>'


def row_names(arrow_or_line: Arrow | LabelLine) -> str:
    """The rows behind an arrow, as a tooltip: what a reader sees on pointing at it."""
    return ", ".join(arrow_or_line.rows)


def badge(line: LabelLine) -> str:
    """Step numbers or a count, white on the colour of what was taken; empty without."""
    if line.count:
        return _badge(f"{line.count}")
    places = [line.steps[at : at + STEPS_A_LINE] for at in range(0, len(line.steps), STEPS_A_LINE)]
    text = "<BR/>".join(f"{', '.join(map(str, few))}" for few in places)
    return _badge(text) if text else ""


def line_colour(line: LabelLine) -> str:
    """The colour of a label's line, or of the arrow that stands for it alone."""
    if line.look is Emphasis.PLAIN or (line.look is Emphasis.TAKEN and line.count is None):
        return palette.BILLING if line.billing else TEXT[line.look]
    return palette.INK if line.look is Emphasis.TAKEN else TEXT[line.look]


def stroke(arrow: Arrow, graph: MachineGraph) -> str:
    """Colour, width and dashes of an arrow.

    Amber where only billing leads along; beside others, the label's line says it.
    """
    look = arrow.look
    if arrow.count and graph.most is not None:
        place = level(arrow.count, graph.most) - 1
        return (
            f'color="{palette.HEAT[place]}" penwidth={palette.HEAT_WIDTHS[place]:g} arrowsize=0.65'
        )
    if look is Emphasis.TAKEN and arrow.billing:
        return f'color="{palette.BILLING}" penwidth=3'
    if look is Emphasis.PLAIN and all(line.billing for line in arrow.lines):
        return f'color="{palette.BILLING}"'
    return STROKES[look]


def escaped(text: str) -> str:
    """``text`` for a label; what is not ASCII has no known width."""
    return html.escape(text.encode("ascii", "replace").decode())


def _nodes(graph: MachineGraph) -> Iterator[str]:
    if graph.has_initial:
        taken = graph.look_of(graph.initial) is Emphasis.TAKEN
        ink = palette.TAKEN if taken else palette.INK
        yield f'  start [shape=point width=0.17 color="{ink}" label="" tooltip="a call begins"]'
        yield f'  start -> {graph.initial} [color="{ink}" tooltip="a call begins"]'
    for state in graph.states:
        yield state_node(state.name, state, state_paint(graph, state))
    for choice in graph.choices:
        quiet = graph.look_of(choice.name) in (Emphasis.FAINT, Emphasis.DEAD, Emphasis.NEVER)
        paint = palette.DIMMED if quiet else palette.CHOICE
        yield f'  {choice.name} [label="the first that holds" shape=hexagon style=filled'
        yield f'    fontsize=12 height=0.36 margin="0.02,0.02" {painted(paint)}]'
    if any(arrow.tail == ANY for arrow in graph.arrows):
        faint = graph.look_of(ANY) is Emphasis.FAINT
        paint = palette.DIMMED if faint else Paint(palette.PAPER, palette.SOFT)
        yield f'  {ANY} [label="any state not final" style="rounded,filled,dashed" fontsize=13'
        yield f"    {painted(paint)}]"


def _ranks(graph: MachineGraph) -> Iterator[str]:
    drawn = {state.name for state in graph.states}
    if graph.has_initial:
        yield _same_rank(("start", graph.initial, *graph.tops))
        # Unseen arrows: within a rank they lead from left to right.
        yield from (f"  {graph.initial} -> {top} [style=invis]" for top in graph.tops)
    for choice in graph.choices:
        beside = [name for name in choice.states if name in drawn and name != graph.initial]
        if len(beside) > 1:
            yield _same_rank(beside)


def _same_rank(nodes: Iterable[str]) -> str:
    return f"  {{rank=same; {'; '.join(nodes)}}}"


def _arrow(arrow: Arrow, graph: MachineGraph) -> str:
    upwards = graph.leads_up(arrow)
    ends = f"{arrow.head} -> {arrow.tail}" if upwards else f"{arrow.tail} -> {arrow.head}"
    back = " dir=back" if upwards else ""
    return (
        f"  {ends} [{stroke(arrow, graph)}{back} "
        f'tooltip="{row_names(arrow)}" labeltooltip="{row_names(arrow)}"\n'
        f"    label=<{label(arrow)}>]"
    )


def _label_line(line: LabelLine) -> str:
    colour = line_colour(line)
    text = html.escape(line.text)
    strong = f"<B>{text}</B>" if line.steps else text
    order = f"{line.order} " if line.order else ""
    number = palette.SOFT if line.look in (Emphasis.PLAIN, Emphasis.TAKEN) else colour
    return (
        f'<TR><TD ALIGN="RIGHT"><FONT COLOR="{number}"> {order}</FONT></TD>'
        f'<TD ALIGN="LEFT"><FONT COLOR="{colour}">{strong} </FONT></TD>'
        f'<TD CELLPADDING="0">{badge(line)}</TD></TR>'
        f"{_notes(line)}"
    )


def _notes(line: LabelLine) -> str:
    """The line's notes, each below the other."""
    quiet = line.look in (Emphasis.PLAIN, Emphasis.TAKEN, Emphasis.SAME)
    colour = palette.SOFT if quiet else TEXT[line.look]
    return "".join(
        f'<TR><TD></TD><TD ALIGN="LEFT" COLSPAN="2"><FONT COLOR="{colour}" '
        f'POINT-SIZE="11.5">{escaped(note)} </FONT></TD></TR>'
        for note in line.notes
    )


def _badge(text: str) -> str:
    lines = text.replace("<BR/>", " <BR/> ")
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="3" CELLSPACING="0" STYLE="ROUNDED" '
        f'BGCOLOR="{palette.TAKEN}"><TR><TD>'
        f'<FONT COLOR="{palette.PAPER}" POINT-SIZE="13"><B> {lines} </B></FONT>'
        "</TD></TR></TABLE>"
    )
