"""What every DOT drawing is made of: paper, states, strokes, badges, notes, the legend."""

from __future__ import annotations

import html
from collections.abc import Iterator

from orchestrator.lab.diagrams import palette
from orchestrator.lab.diagrams.graph import Arrow, Graph, Line, level
from orchestrator.lab.diagrams.overlay import Look
from orchestrator.lab.diagrams.palette import Paint
from orchestrator.lab.diagrams.plain import PlainState
from orchestrator.states.call import State

FONT = "Helvetica"
"""Its widths are known to Graphviz without a font file, and Arial, Arimo and Liberation Sans
share them, so that labels fit wherever the picture is shown."""

STEPS_A_LINE = 6
"""Step numbers that fit beside a guard's name before they need a line of their own."""

TEXT = {
    Look.PLAIN: palette.INK,
    Look.TAKEN: palette.TAKEN,
    Look.FAINT: palette.DIMMED.text,
    Look.DEAD: palette.DIMMED.text,
    Look.NEVER: palette.NEVER,
    Look.SAME: palette.SOFT,
    Look.ADDED: palette.ADDED,
    Look.REMOVED: palette.REMOVED,
    Look.CHANGED: palette.CHANGED,
}
"""The colour of a label's line, for each look."""

STROKES = {
    Look.PLAIN: f'color="{palette.SOFT}"',
    Look.TAKEN: f'color="{palette.TAKEN}" penwidth=3',
    Look.FAINT: f'color="{palette.FAINT}"',
    Look.DEAD: f'color="{palette.FAINT}" style=dashed',
    Look.NEVER: f'color="{palette.NEVER}" style=dashed',
    Look.SAME: f'color="{palette.MUTED}"',
    Look.ADDED: f'color="{palette.ADDED}" penwidth=2.6',
    Look.REMOVED: f'color="{palette.REMOVED}" penwidth=2.2 style=dashed',
    Look.CHANGED: f'color="{palette.CHANGED}" penwidth=2.6',
}
"""How an arrow is drawn, for each look."""

_PAINTS = {
    Look.FAINT: palette.DIMMED,
    Look.DEAD: palette.DIMMED,
    Look.NEVER: palette.PAINT_NEVER,
    Look.ADDED: palette.PAINT_ADDED,
    Look.REMOVED: palette.PAINT_REMOVED,
    Look.CHANGED: palette.PAINT_CHANGED,
}

DASHED = frozenset({Look.DEAD, Look.NEVER, Look.REMOVED})
"""Looks that are told apart without colour too."""


def head(name: str, direction: str) -> Iterator[str]:
    """The first lines of a DOT file: paper, fonts, shapes."""
    yield f"digraph {name} {{"
    yield f'  graph [rankdir={direction} bgcolor="{palette.PAPER}" pad=0.25 nodesep=0.3 ranksep=0.4'
    yield f'         fontname="{FONT}"]'
    yield f'  node [fontname="{FONT}" fontsize=15 shape=box style="rounded,filled" penwidth=1.4'
    yield '        margin="0.16,0.08" height=0.45]'
    yield f'  edge [fontname="{FONT}" fontsize=13 penwidth=1.3 arrowsize=0.8]'


def legend(graph: Graph) -> Iterator[str]:
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


def state_paint(graph: Graph, state: PlainState, look: Look | None = None) -> Paint:
    """How a state is painted; ``look`` where a part of a drawing says other than the graph."""
    look = graph.look_of(state.name) if look is None else look
    if look in _PAINTS:
        return _PAINTS[look]
    if state.final:
        return palette.SUCCEED if state.name == State.SUCCEED.value else palette.FAIL
    return palette.VISITED if look is Look.TAKEN and graph.most is None else palette.PLAIN


def state_node(name: str, state: PlainState, paint: Paint) -> str:
    """A state's node; a final state has a double border."""
    border = 2 if state.final else 1
    dashed = ' style="rounded,filled,dashed"' if paint is palette.PAINT_NEVER else ""
    return f'  {name} [label="{state.name}" peripheries={border}{dashed} {painted(paint)}]'


def painted(paint: Paint) -> str:
    """A node's colours."""
    return f'fillcolor="{paint.fill}" color="{paint.line}" fontcolor="{paint.text}"'


def row_names(arrow_or_line: Arrow | Line) -> str:
    """The rows behind an arrow, as a tooltip: what a reader sees on pointing at it."""
    return ", ".join(arrow_or_line.rows)


def badge(line: Line) -> str:
    """Step numbers or a count, white on the colour of what was taken; empty without."""
    if line.count:
        return _badge(f"{line.count}")
    places = [line.steps[at : at + STEPS_A_LINE] for at in range(0, len(line.steps), STEPS_A_LINE)]
    text = "<BR/>".join(f"{', '.join(map(str, few))}" for few in places)
    return _badge(text) if text else ""


def _badge(text: str) -> str:
    lines = text.replace("<BR/>", " <BR/> ")
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLPADDING="3" CELLSPACING="0" STYLE="ROUNDED" '
        f'BGCOLOR="{palette.TAKEN}"><TR><TD>'
        f'<FONT COLOR="{palette.PAPER}" POINT-SIZE="13"><B> {lines} </B></FONT>'
        "</TD></TR></TABLE>"
    )


def noted(line: Line) -> str:
    """The line's notes, each below the other."""
    return "".join(
        f'<TR><TD></TD><TD ALIGN="LEFT" COLSPAN="2"><FONT COLOR="{_quiet(line)}" '
        f'POINT-SIZE="11.5">{escaped(note)} </FONT></TD></TR>'
        for note in line.notes
    )


def line_colour(line: Line) -> str:
    """The colour of a label's line, or of the arrow that stands for it alone."""
    if line.look is Look.PLAIN or (line.look is Look.TAKEN and line.count is None):
        return palette.BILLING if line.billing else TEXT[line.look]
    return palette.INK if line.look is Look.TAKEN else TEXT[line.look]


def stroke(arrow: Arrow, graph: Graph) -> str:
    """Colour, width and dashes of an arrow.

    Amber where only billing leads along; beside others, the label's line says it.
    """
    look = arrow.look
    if arrow.count and graph.most is not None:
        place = level(arrow.count, graph.most) - 1
        return (
            f'color="{palette.HEAT[place]}" penwidth={palette.HEAT_WIDTHS[place]:g} arrowsize=0.65'
        )
    if look is Look.TAKEN and arrow.billing:
        return f'color="{palette.BILLING}" penwidth=3'
    if look is Look.PLAIN and all(line.billing for line in arrow.lines):
        return f'color="{palette.BILLING}"'
    return STROKES[look]


def _quiet(line: Line) -> str:
    return palette.SOFT if line.look in (Look.PLAIN, Look.TAKEN, Look.SAME) else TEXT[line.look]


def escaped(text: str) -> str:
    """``text`` for a label; what is not ASCII has no known width."""
    return html.escape(text.encode("ascii", "replace").decode())
