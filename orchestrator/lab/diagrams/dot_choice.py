"""One choice in full, as DOT: its rows in order, each with its meaning and where it leads.

On the left the states that come here, in the middle a table of the rows, on the right the
states that a row leads to. A state that is on both sides is drawn twice, so that nothing
runs back and the rows can be read from top to bottom.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from orchestrator.lab.diagrams import palette
from orchestrator.lab.diagrams.dot import (
    badge,
    escaped,
    head,
    label,
    legend,
    line_colour,
    row_names,
    state_node,
    state_paint,
    stroke,
)
from orchestrator.lab.diagrams.graph import Arrow, Choice, LabelLine, MachineGraph, shared_name
from orchestrator.lab.diagrams.overlay import Emphasis
from orchestrator.lab.diagrams.plain_table import PlainRow, PlainState

_LEADING = '<FONT POINT-SIZE="16"> </FONT>'
"""A line is as high as its largest letter: this keeps a meaning off the guard above it."""


def write(graph: MachineGraph) -> str:
    """The choices of ``graph`` as DOT; the rows that a path took are numbered."""
    lines = [*head("detail", "LR"), "  graph [ranksep=0.75 nodesep=0.25]", *legend(graph)]
    for choice in graph.choices:
        lines += [*_sources(graph, choice), _table(graph, choice), *_destinations(graph, choice)]
    return "\n".join([*lines, "}", ""])


def _sources(graph: MachineGraph, choice: Choice) -> Iterator[str]:
    for arrow in graph.arrows:
        if arrow.head == choice.name:
            yield _state(graph, arrow.tail, f"from_{arrow.tail}", arrow)
            yield _in_arrow(graph, arrow)


def _destinations(graph: MachineGraph, choice: Choice) -> Iterator[str]:
    for arrow in graph.arrows:
        if arrow.tail == choice.name:
            yield _state(graph, arrow.head, f"to_{arrow.head}", arrow)
            yield from (_out_arrow(graph, arrow, line) for line in arrow.lines)


def _state(graph: MachineGraph, value: str, name: str, arrow: Arrow) -> str:
    """A state as this arrow has it, since it may stand here twice."""
    state = next((one for one in graph.states if one.name == value), PlainState(value))
    look = arrow.look if arrow.look in (Emphasis.FAINT, Emphasis.TAKEN) else None
    return state_node(name, state, state_paint(graph, state, look))


def _in_arrow(graph: MachineGraph, arrow: Arrow) -> str:
    return (
        f"  from_{arrow.tail} -> {arrow.head}:w [{stroke(arrow, graph)} "
        f'tooltip="{row_names(arrow)}" label=<{label(arrow)}>]'
    )


def _out_arrow(graph: MachineGraph, arrow: Arrow, line: LabelLine) -> str:
    one = Arrow(arrow.tail, arrow.head, (line,))
    return (
        f"  {arrow.tail}:row{line.order}:e -> to_{arrow.head} "
        f'[{stroke(one, graph)} tooltip="{row_names(line)}"]'
    )


def _table(graph: MachineGraph, choice: Choice) -> str:
    alike = zip(graph.lines_from(choice.name), zip(*choice.groups, strict=True), strict=True)
    rows = "".join(_table_row(line, rows[0]) for (line, _), rows in alike)
    return (
        f'  {choice.name} [shape=plain style="" label=<<TABLE BORDER="1" CELLBORDER="0" '
        f'CELLSPACING="0" CELLPADDING="5" COLOR="{palette.CHOICE.line}" '
        f'BGCOLOR="{palette.PAPER}" STYLE="ROUNDED">'
        f'<TR><TD COLSPAN="4">'
        f'<FONT COLOR="{palette.INK}"><B>the first that holds</B></FONT></TD></TR>{rows}</TABLE>>]'
    )


def _table_row(line: LabelLine, row: PlainRow) -> str:
    loud = line.look in (Emphasis.PLAIN, Emphasis.TAKEN)
    soft = palette.SOFT if loud else line_colour(line)
    name = palette.BILLING if line.billing and loud else palette.INK if loud else line_colour(line)
    guard = html.escape(line.text)
    notes = f'<FONT COLOR="{soft}" POINT-SIZE="12"><I>{escaped("; ".join(line.notes))} </I></FONT>'
    below = f"<BR/>{notes}" if line.notes else ""
    return (
        f'<HR/><TR><TD ALIGN="RIGHT"><FONT COLOR="{soft}" POINT-SIZE="13">{line.order}</FONT></TD>'
        f'<TD ALIGN="LEFT"><FONT COLOR="{name}" POINT-SIZE="14"><B>{shared_name(line.rows)}</B>'
        f'</FONT></TD><TD ALIGN="LEFT" BALIGN="LEFT"><FONT COLOR="{name}" POINT-SIZE="13">{guard}'
        f'</FONT><BR/><FONT COLOR="{soft}" POINT-SIZE="12">{html.escape(row.meaning)}</FONT>'
        f'{_LEADING}{below}</TD><TD PORT="row{line.order}">{badge(line) or " "}</TD></TR>'
    )
