"""One choice in full, as DOT: its rows in order, each with its meaning and where it leads.

On the left the states that come here, in the middle a table of the rows, on the right the
states that a row leads to. A state that is on both sides is drawn twice, so that nothing
runs back and the rows can be read from top to bottom.
"""

from __future__ import annotations

import html
import inspect
import itertools
from collections.abc import Iterator, Sequence

from orchestrator.tools import palette
from orchestrator.tools.dot import badge, head, label, row_names, state_node, state_paint, stroke
from orchestrator.tools.graph import Arrow, Choice, Graph, Line
from states.call import State
from states.table import Row

_LEADING = '<FONT POINT-SIZE="16"> </FONT>'
"""A line is as high as its largest letter: this keeps a meaning off the guard above it."""


def write(graph: Graph, choices: Sequence[Choice]) -> str:
    """``choices`` of ``graph`` as DOT; the rows that a path took are numbered."""
    lines = [*head("detail", "LR"), "  graph [ranksep=0.75 nodesep=0.25]"]
    for choice in choices:
        lines += [*_sources(graph, choice), _table(graph, choice), *_destinations(graph, choice)]
    return "\n".join([*lines, "}", ""])


def meaning(row: Row) -> str:
    """What the row's guard says of itself: the first line of its docstring."""
    if row.guard is None:
        return "None of the rows above holds."
    return (inspect.getdoc(row.guard) or "").partition("\n")[0]


def shared_name(rows: Sequence[Row]) -> str:
    """The row's name, or ``*_send`` where rows of several states have an end in common."""
    names = [row.name for row in rows]
    if len(names) == 1:
        return names[0]
    backwards = zip(*(reversed(name.split("_")) for name in names), strict=False)
    shared = [
        words[0] for words in itertools.takewhile(lambda words: len(set(words)) == 1, backwards)
    ]
    return "_".join(["*", *reversed(shared)]) if shared else " / ".join(names)


def _sources(graph: Graph, choice: Choice) -> Iterator[str]:
    for arrow in graph.arrows:
        if arrow.head == choice.name:
            yield _state(graph, arrow.tail, f"from_{arrow.tail}", taken=bool(arrow.steps))
            yield _in_arrow(graph, arrow)


def _destinations(graph: Graph, choice: Choice) -> Iterator[str]:
    for arrow in graph.arrows:
        if arrow.tail == choice.name:
            yield _state(graph, arrow.head, f"to_{arrow.head}", taken=bool(arrow.steps))
            yield from (_out_arrow(graph, arrow, line) for line in arrow.lines)


def _state(graph: Graph, value: str, name: str, *, taken: bool) -> str:
    state = State(value)
    dimmed = bool(graph.path) and not taken
    return state_node(name, state, state_paint(state, dimmed=dimmed, visited=taken))


def _in_arrow(graph: Graph, arrow: Arrow) -> str:
    dimmed = bool(graph.path)
    return (
        f"  from_{arrow.tail} -> {arrow.head}:w [{stroke(arrow, dimmed=dimmed)} "
        f'tooltip="{row_names(arrow)}" label=<{label(arrow, dimmed=dimmed)}>]'
    )


def _out_arrow(graph: Graph, arrow: Arrow, line: Line) -> str:
    one = Arrow(arrow.tail, arrow.head, (line,))
    return (
        f"  {arrow.tail}:row{line.order}:e -> to_{arrow.head} "
        f'[{stroke(one, dimmed=bool(graph.path))} tooltip="{row_names(line)}"]'
    )


def _table(graph: Graph, choice: Choice) -> str:
    lines = {
        line.order: line
        for arrow in graph.arrows
        if arrow.tail == choice.name
        for line in arrow.lines
    }
    rows = "".join(
        _table_row(lines[order], tuple(alike), dimmed=bool(graph.path))
        for order, alike in enumerate(zip(*choice.groups, strict=True), 1)
    )
    return (
        f'  {choice.name} [shape=plain style="" label=<<TABLE BORDER="1" CELLBORDER="0" '
        f'CELLSPACING="0" CELLPADDING="5" COLOR="{palette.CHOICE.line}" '
        f'BGCOLOR="{palette.PAPER}" STYLE="ROUNDED">'
        f'<TR><TD COLSPAN="4">'
        f'<FONT COLOR="{palette.INK}"><B>the first that holds</B></FONT></TD></TR>{rows}</TABLE>>]'
    )


def _table_row(line: Line, rows: tuple[Row, ...], *, dimmed: bool) -> str:
    quiet = dimmed and not line.steps
    ink, soft = (palette.DIMMED.text,) * 2 if quiet else (palette.INK, palette.SOFT)
    name = palette.BILLING if line.billing and not quiet else ink
    guard = html.escape(line.text)
    return (
        f'<HR/><TR><TD ALIGN="RIGHT"><FONT COLOR="{soft}" POINT-SIZE="13">{line.order}</FONT></TD>'
        f'<TD ALIGN="LEFT"><FONT COLOR="{name}" POINT-SIZE="14"><B>{shared_name(rows)}</B></FONT>'
        f'</TD><TD ALIGN="LEFT" BALIGN="LEFT"><FONT COLOR="{name}" POINT-SIZE="13">{guard}</FONT>'
        f'<BR/><FONT COLOR="{soft}" POINT-SIZE="12">{html.escape(meaning(rows[0]))}</FONT>'
        f'{_LEADING}</TD><TD PORT="row{line.order}">{badge(line.steps) or " "}</TD></TR>'
    )
