"""One state as DOT: on the left what leads to it, on the right where its rows lead.

A state that is on both sides is drawn twice, so that the rows read from top to bottom.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.lab.diagrams import palette
from orchestrator.lab.diagrams.building import build
from orchestrator.lab.diagrams.dot_parts import (
    badge,
    escaped,
    head,
    legend,
    line_colour,
    painted,
    row_names,
    state_node,
    state_paint,
    stroke,
)
from orchestrator.lab.diagrams.graph import Arrow, Graph, Line
from orchestrator.lab.diagrams.one_state import OneState, line_of, one_state
from orchestrator.lab.diagrams.overlay import Look, Overlay
from orchestrator.lab.diagrams.plain import PlainRow, PlainState, Table, plain


def write(table: Table, said: Overlay, name: str) -> str:
    """The state of that name.

    Raises:
        UnknownState: There is none.
    """
    machine = plain(table)
    graph, one = build(machine, said), one_state(machine, name)
    lines = [
        *head("state", "LR"),
        "  graph [ranksep=0.7 nodesep=0.22]",
        *legend(graph),
        *_sources(graph, one),
        _middle(one, said, graph),
        *_destinations(graph, one),
    ]
    return "\n".join([*lines, "}", ""])


def _sources(graph: Graph, one: OneState) -> Iterator[str]:
    port = "here:head:w" if one.groups else "here:w"
    for rows in one.into:
        line = line_of("", rows, graph.overlay)
        yield _source(graph, rows, line)
        yield (
            f"  from_{rows[0].state} -> {port} "
            f'[{stroke(_arrow(line), graph)} tooltip="{row_names(line)}"]'
        )


def _source(graph: Graph, rows: tuple[PlainRow, ...], line: Line) -> str:
    """A state that leads here, with the names of the rows that do; they are its own words."""
    paint = state_paint(graph, _known(graph, rows[0].state))
    names = "".join(
        f'<TR><TD ALIGN="LEFT"><FONT COLOR="{_ink(graph, row)}" POINT-SIZE="12">{row.name} </FONT>'
        "</TD></TR>"
        for row in rows
    )
    number = f'<TR><TD ALIGN="LEFT">{badge(line)}</TD></TR>' if badge(line) else ""
    return (
        f'  from_{rows[0].state} [style="rounded,filled" {painted(paint)} label=<<TABLE '
        f'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR><TD ALIGN="LEFT">'
        f'<FONT COLOR="{paint.text}" POINT-SIZE="14"><B>{rows[0].state} </B></FONT></TD></TR>'
        f"{names}{number}</TABLE>>]"
    )


def _ink(graph: Graph, row: PlainRow) -> str:
    line = line_of("", (row,), graph.overlay)
    plain_look = line.look is Look.PLAIN and not line.billing
    return palette.SOFT if plain_look else line_colour(line)


def _destinations(graph: Graph, one: OneState) -> Iterator[str]:
    for name in one.destinations:
        yield _state(graph, name, f"to_{name}")
    for row in (row for group in one.groups for row in group):
        line = line_of(row.condition, (row,), graph.overlay)
        yield (
            f"  here:{row.name}:e -> to_{row.to} "
            f'[{stroke(_arrow(line), graph)} tooltip="{row.name}"]'
        )


def _known(graph: Graph, name: str) -> PlainState:
    return next(one for one in graph.states if one.name == name)


def _state(graph: Graph, name: str, node: str) -> str:
    state = _known(graph, name)
    return state_node(node, state, state_paint(graph, state))


def _arrow(line: Line) -> Arrow:
    return Arrow("", "", (line,))


def _middle(one: OneState, said: Overlay, graph: Graph) -> str:
    paint = state_paint(graph, one.state)
    asks = f"asks for {one.state.command or 'nothing'}{', final' if one.state.final else ''}"
    title = (
        f'<TR><TD PORT="head" COLSPAN="2" ALIGN="LEFT">'
        f'<FONT COLOR="{palette.INK}" POINT-SIZE="15"><B>{one.state.name} </B></FONT></TD>'
        f'<TD COLSPAN="2" ALIGN="LEFT"><FONT COLOR="{palette.SOFT}" POINT-SIZE="13">{asks}<B> </B>'
        "</FONT></TD></TR>"
    )
    rows = "".join(_group(group, said) for group in one.groups)
    return (
        f'  here [shape=plain style="" label=<<TABLE BORDER="2" CELLBORDER="0" CELLSPACING="0" '
        f'CELLPADDING="4" COLOR="{paint.line}" BGCOLOR="{palette.PAPER}" STYLE="ROUNDED">'
        f"{title}{rows}</TABLE>>]"
    )


def _group(group: tuple[PlainRow, ...], said: Overlay) -> str:
    if len(group) == 1:
        line = line_of(f"on {group[0].event}", group, said)
        return f"<HR/>{_row(group[0], line)}"
    title = (
        f'<HR/><TR><TD ALIGN="LEFT" COLSPAN="4"><FONT COLOR="{palette.SOFT}" POINT-SIZE="13">'
        f"on {group[0].event}, the first that holds </FONT></TD></TR>"
    )
    return title + "".join(
        _row(row, line_of(row.condition, (row,), said, place)) for place, row in enumerate(group, 1)
    )


def _row(row: PlainRow, line: Line) -> str:
    quiet = line.look not in (Look.PLAIN, Look.TAKEN)
    soft = line_colour(line) if quiet else palette.SOFT
    ink = line_colour(line) if quiet or line.billing else palette.INK
    notes = "".join(
        f'<BR ALIGN="LEFT"/><FONT COLOR="{soft}" POINT-SIZE="11.5">{escaped(note)} </FONT>'
        for note in line.notes
    )
    # The blank in bold makes the line as high as the one that the row's name is on.
    return (
        f'<TR><TD ALIGN="RIGHT"><FONT COLOR="{soft}" POINT-SIZE="13">{line.place}<B> </B></FONT>'
        f'</TD><TD ALIGN="LEFT"><FONT COLOR="{ink}" POINT-SIZE="13"><B>{row.name} </B></FONT></TD>'
        f'<TD ALIGN="LEFT" BALIGN="LEFT"><FONT COLOR="{soft}" POINT-SIZE="13">{line.text}<B> </B>'
        f'</FONT>{notes}</TD><TD PORT="{row.name}">{badge(line) or " "}</TD></TR>'
    )
