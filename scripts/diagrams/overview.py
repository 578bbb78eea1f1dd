"""The small picture for a first look: what becomes of a failed attempt.

Its arrows are rows of the table and its reasons come from their records; what it leaves out
is named here. Its background is clear and its words stand in boxes with a fill of their own,
so that it is read on a light page and on a dark one.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.lab.diagrams import palette
from orchestrator.lab.diagrams.palette import Paint
from orchestrator.lab.diagrams.plain_table import PlainRow, PlainTable, Table, plain
from orchestrator.lab.diagrams.render import svg
from orchestrator.states.call import State
from orchestrator.states.reasons import SPECS, Move, Reason, ReasonSpec
from orchestrator.states.table import TABLE

BOXES = {
    State.ATTEMPT: ("attempt 1, 2, 3 ...", "one request to one target", palette.VISITED),
    State.CLASSIFY: ("classify", "what failed, and why?", palette.CHOICE),
    State.ROTATE_CREDENTIAL: ("rotate", "the next key of the same provider", palette.PLAIN),
    State.RETRY: ("retry", "wait, then the same target", palette.PLAIN),
    State.EAGER_FALLBACK: ("fall back", "the next target of the route, at once", palette.PLAIN),
    State.SUCCEED: ("succeed", "with the answer", palette.SUCCEED),
    State.FAIL_TERMINAL: ("fail", "with the real cause", palette.FAIL),
}
"""What each state is for, in a few words."""

LEFT_OUT = {State.READY, State.STREAM, State.REPAIR}
"""The beginning, an attempt whose answer is coming, and a request that is sent once more without
what the provider refused: a first look needs none of them."""

MOVES = {
    State.ROTATE_CREDENTIAL: Move.ROTATE,
    State.RETRY: Move.RETRY,
    State.EAGER_FALLBACK: Move.FALLBACK,
}
"""The moves, from the cheapest; a reason stands at the first one that it allows."""

SHOWN = 3
"""Reasons that a box names; the table of `docs/classification.md` has more."""

_ANYWHERE = "#76818d"
"""For lines on a background that is light or dark: 3 to 1 on both (WCAG 2.2, 1.4.11)."""


def arrows(table: PlainTable) -> list[tuple[str, str]]:
    """From where to where a row leads, once each.

    Of the moves only the way back to an attempt is drawn: that each of them may also find nothing
    to send with is for a second look, as is who cancels a call, and that an empty answer is handed
    over where nothing else came.
    """
    shown = {state.value for state in BOXES}
    ends = dict.fromkeys((row.state, row.to) for row in table.rows if _first_look(row))
    return [(one, two) for one, two in ends if one in shown and two in shown]


def _first_look(row: PlainRow) -> bool:
    if row.event in ("Cancelled", "DeadlineReached"):
        return False
    if row.state == State.CLASSIFY.value:
        return row.to != State.SUCCEED.value
    return State.ATTEMPT.value in (row.state, row.to)


def reasons(state: State) -> list[Reason]:
    """The reasons whose first move leads to this state, in the order of their records."""
    ends = (Reason.CANCELLED, Reason.DEADLINE)
    return [one for one, spec in SPECS.items() if one not in ends and _first(spec) is state]


def _first(spec: ReasonSpec) -> State:
    return next((one for one, move in MOVES.items() if move in spec.moves), State.FAIL_TERMINAL)


def dot(table: Table = TABLE) -> str:
    """The picture as DOT."""
    return "\n".join(_lines(plain(table)))


def picture(table: Table = TABLE) -> bytes:
    """The picture as SVG."""
    return svg(dot(table)).encode()


def _lines(table: PlainTable) -> Iterator[str]:
    yield "digraph overview {"
    yield '  bgcolor="transparent"; rankdir=LR; nodesep=0.22; ranksep=0.5;'
    yield '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11,'
    yield '    margin="0.14,0.08"];'
    yield f'  edge [color="{_ANYWHERE}", penwidth=1.4, arrowsize=0.8];'
    for state, (name, words, paint) in BOXES.items():
        yield _box(state, name, words, paint)
    for one, two in arrows(table):
        back = two == State.ATTEMPT.value
        yield f"  {two} -> {one} [dir=back];" if back else f"  {one} -> {two};"
    yield "}"


def _box(state: State, name: str, words: str, paint: Paint) -> str:
    lines = [f'<font point-size="13"><b>{name}</b></font>', words]
    if (state in MOVES or state is State.FAIL_TERMINAL) and (found := reasons(state)):
        more = ", ..." if len(found) > SHOWN else ""
        lines.append(f"<i>{', '.join(found[:SHOWN])}{more}</i>")
    label = "<br/>".join(lines)
    final = ", peripheries=2" if state in (State.SUCCEED, State.FAIL_TERMINAL) else ""
    colours = f'fillcolor="{paint.fill}", color="{paint.line}", fontcolor="{paint.text}"'
    return f"  {state.value} [label=<{label}>, {colours}{final}];"
