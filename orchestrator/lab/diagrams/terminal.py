"""The machine and the path of a call for a terminal: 80 columns, readable without colour.

What the pictures draw once is listed once: the five arrivals, and the interruptions that
every state shares. No line is longer than the width, whatever the names, and no name is
cut off.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.text import Text

from orchestrator.lab.diagrams.graph import (
    ANY,
    Arrow,
    Choice,
    LabelLine,
    MachineGraph,
    shared_name,
)
from orchestrator.lab.diagrams.overlay import Emphasis, Overlay
from orchestrator.lab.diagrams.plain_table import PlainRow, Table, rows_of
from orchestrator.states.call import State
from orchestrator.states.table import TABLE

WIDTH = 80
"""Columns that no line exceeds."""

_EMPHASIS_SIGNS = {
    Emphasis.DEAD: "x",
    Emphasis.ADDED: "+",
    Emphasis.REMOVED: "-",
    Emphasis.CHANGED: "~",
}

_STYLES = {
    Emphasis.DEAD: "dim",
    Emphasis.FAINT: "dim",
    Emphasis.NEVER: "magenta",
    Emphasis.ADDED: "green",
    Emphasis.REMOVED: "red",
    Emphasis.CHANGED: "yellow",
}

_INDENT = 8
"""Columns by which the rest of a path's line that was folded is set in."""

_STATE_SIGNS = {
    State.READY.value: ("●", "bold"),
    State.SUCCEED.value: ("◉", "bold green"),
    State.FAIL_TERMINAL.value: ("◉", "bold red"),
}

Section = tuple[str, Sequence[tuple[LabelLine, str]]]
"""A heading, and its lines with the state that each leads to."""


def listing(graph: MachineGraph) -> Text:
    """The machine, with what the graph's overlay says of its rows."""
    counted = graph.most is not None
    gutter = len(str(graph.most)) if counted else 1
    drawn = Text(no_wrap=True)
    for text, style in _top(graph.overlay, counted=counted):
        drawn.append(f"{text}\n", style)
    for head, lines in _sections(graph):
        for text in _wrapped(head, ""):
            drawn.append(f"{text}\n", "bold")
        names = max(len(shared_name(line.rows)) for line, _ in lines)
        texts = max(len(_what(line)) for line, _ in lines)
        for line, to in lines:
            for text in _row(line, to, gutter, names, texts):
                drawn.append(f"{text}\n", _style(line))
        drawn.append("\n")
    drawn.rstrip()
    return drawn


def path(rows: Sequence[str], *, table: Table = TABLE) -> Text:
    """The states that a call went through, and the numbered rows that led it there.

    Raises:
        UnknownRow: The path names a row that the table does not have.
    """
    drawing = Text(no_wrap=True)
    for part in _parts(rows_of(rows, table)):
        for line in part.split("\n"):
            drawing.append_text(_folded_line(line)).append("\n")
    drawing.rstrip()
    return drawing


def _top(said: Overlay, *, counted: bool) -> Iterator[tuple[str, str]]:
    for text in _wrapped(said.title, "") if said.title else ():
        yield text, "bold"
    for look, words in said.legend:
        sign = _EMPHASIS_SIGNS.get(look, "0" if look is Emphasis.NEVER else "n")
        meaning = "taken n times" if counted and look is Emphasis.TAKEN else words
        for text in _wrapped(f"{sign}  {meaning}", "   "):
            yield text, _STYLES.get(look, "")
    if said.title or said.legend:
        yield "", ""


def _sections(graph: MachineGraph) -> Iterator[Section]:
    waiting = {choice.name: choice for choice in graph.choices}
    for state in graph.states:
        own = [arrow for arrow in graph.arrows if arrow.tail == state.name]
        plain_ones = [arrow for arrow in own if arrow.head not in _names(graph.choices)]
        if plain_ones:
            yield f"{state.name}, asks for {state.command or 'nothing'}", _on(plain_ones)
        for arrow in own:
            if choice := waiting.pop(arrow.head, None):  # with the first that leads there
                yield _heading(choice, graph), graph.lines_from(choice.name)
    anywhere = [arrow for arrow in graph.arrows if arrow.tail == ANY]
    if anywhere:
        yield "any state not final", _on(anywhere)


def _names(choices: Sequence[Choice]) -> frozenset[str]:
    return frozenset(choice.name for choice in choices)


def _heading(choice: Choice, graph: MachineGraph) -> str:
    each = [
        f"{arrow.tail} (asks for {graph.state(arrow.tail).command or 'nothing'}) on "
        f"{arrow.lines[0].text}"
        for arrow in graph.arrows
        if arrow.head == choice.name
    ]
    return f"{', '.join(each)}: the first that holds"


def _on(arrows: Sequence[Arrow]) -> list[tuple[LabelLine, str]]:
    return [(line, arrow.head) for arrow in arrows for line in arrow.lines]


def _row(line: LabelLine, to: str, gutter: int, names: int, texts: int) -> Iterator[str]:
    sign = _EMPHASIS_SIGNS.get(line.look, "") if line.count is None else str(line.count)
    name = shared_name(line.rows)
    start = f"{sign:>{gutter}} {line.order or '':>2}  "
    what = _what(line)
    whole = f"{start}{name:<{names}}  {what:<{texts}}  → {to}"
    indent = " " * len(start)
    if len(whole) <= WIDTH:
        yield whole
    else:  # a part a line, since names are worth more than columns
        yield from _folded(f"{start}{name}", indent)
        yield from _folded(f"{indent}{what}", indent)
        yield from _folded(f"{indent}→ {to}", indent)
    if line.steps:
        steps = ", ".join(map(str, line.steps))
        yield from _wrapped(f"{indent}step {steps}", indent)
    if line.notes:
        yield from _wrapped(f"{indent}{'; '.join(line.notes)}", indent)


def _what(line: LabelLine) -> str:
    return line.text if line.order else f"on {line.text}"


def _style(line: LabelLine) -> str:
    if line.look in _STYLES:
        return _STYLES[line.look]
    return "yellow" if line.billing and line.look is Emphasis.PLAIN else ""


def _folded(text: str, indent: str) -> Iterator[str]:
    """``text`` in lines that are full; the rest of a name is set in by four more."""
    yield text[:WIDTH]
    rest, room = text[WIDTH:], WIDTH - len(indent) - 4
    for at in range(0, len(rest), room):
        yield f"{indent}    {rest[at : at + room]}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        subsequent_indent=f"{indent}    " if indent == "" else indent,
        break_on_hyphens=False,
    )


def _folded_line(line: Text) -> Text:
    """``line``, or where a name is too long for it, the rest of it set in below."""
    if len(line) <= WIDTH:
        return line
    room = WIDTH - _INDENT
    first, *rest = line.divide(range(WIDTH, len(line), room))
    return Text("\n" + " " * _INDENT).join([first, *rest])


def _parts(rows: Sequence[PlainRow]) -> Iterator[Text]:
    widths = _widths(rows)
    before = ""
    for number, row in enumerate(rows, 1):
        if row.state != before:
            yield _state(row.state)
        yield _step(number, row, widths)
        yield _state(row.to)
        before = row.to


def _widths(rows: Sequence[PlainRow]) -> tuple[int, int, int]:
    """Columns of the step's number, the event and the row's name."""
    return (
        len(str(len(rows))),
        max((len(row.event) for row in rows), default=0),
        max((len(row.name) for row in rows), default=0),
    )


def _state(state: str) -> Text:
    sign, style = _STATE_SIGNS.get(state, ("○", "bold"))
    return Text.assemble("  ", (f"{sign} {state}", style), "\n")


def _step(number: int, row: PlainRow, widths: tuple[int, int, int]) -> Text:
    """The line between two states; a heavy one where billing decided."""
    billing = row.billing
    line, style = ("┃", "yellow") if billing else ("│", "blue")
    wide, event, name = widths
    guard = row.guard or ""
    shown = f"{row.event:<{event}}  "
    drawn = Text.assemble(
        "  ",
        (line, style),
        (f"  {number:>{wide}}  ", f"bold {style}"),
        (shown, "dim"),
        (f"{row.name:<{name}}  ", style),
        _fitting(guard, WIDTH - 9 - wide - len(shown) - name),
    )
    drawn.rstrip()
    return drawn.append("\n")


def _fitting(guard: str, room: int) -> tuple[str, str]:
    text = f"[{guard}]" if guard else ""
    return (text if len(text) <= room else "", "dim")
