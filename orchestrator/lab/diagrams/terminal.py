"""The path of a call for a terminal: 80 columns, and as readable without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from orchestrator.lab.diagrams.graph import rows_of
from orchestrator.lab.diagrams.plain import PlainRow, Table
from orchestrator.states.call import State
from orchestrator.states.table import TABLE

WIDTH = 80
"""Columns that no line exceeds."""

_INDENT = 8
"""Columns by which the rest of a line that was folded is set in."""

_SIGNS = {
    State.READY.value: ("●", "bold"),
    State.SUCCEED.value: ("◉", "bold green"),
    State.FAIL_TERMINAL.value: ("◉", "bold red"),
}


def terminal(path: Sequence[str], *, table: Table = TABLE) -> Text:
    """The states that a call went through, and the numbered rows that led it there.

    Raises:
        UnknownRow: The path names a row that the table does not have.
    """
    rows = rows_of(path, table)
    drawing = Text(no_wrap=True)
    for part in _parts(rows):
        for line in part.split("\n"):
            drawing.append_text(_folded(line)).append("\n")
    drawing.rstrip()
    return drawing


def _folded(line: Text) -> Text:
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
    sign, style = _SIGNS.get(state, ("○", "bold"))
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
