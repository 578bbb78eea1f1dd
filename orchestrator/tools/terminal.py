"""The path of a call for a terminal: 80 columns, and as readable without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from orchestrator.tools.graph import guard_name, is_billing, rows_of
from states.call import State
from states.table import TABLE, Row

WIDTH = 80
"""Columns that no line exceeds with the names in the table."""


def terminal(path: Sequence[str], *, table: Sequence[Row] = TABLE) -> Text:
    """The states that a call went through, and the numbered rows that led it there.

    Raises:
        UnknownRow: The path names a row that the table does not have.
    """
    rows = rows_of(path, table)
    drawing = Text(no_wrap=True)
    for part in _parts(rows):
        drawing.append_text(part)
    drawing.rstrip()
    return drawing


def _parts(rows: Sequence[Row]) -> Iterator[Text]:
    widths = _widths(rows)
    before: State | None = None
    for number, row in enumerate(rows, 1):
        if row.state is not before:
            yield _state(row.state)
        yield _step(number, row, widths)
        yield _state(row.to)
        before = row.to


def _widths(rows: Sequence[Row]) -> tuple[int, int, int]:
    """Columns of the step's number, the event and the row's name."""
    return (
        len(str(len(rows))),
        max((len(row.event.__name__) for row in rows), default=0),
        max((len(row.name) for row in rows), default=0),
    )


def _state(state: State) -> Text:
    sign = {State.READY: "●", State.SUCCEED: "◉", State.FAIL_TERMINAL: "◉"}.get(state, "○")
    style = {State.SUCCEED: "bold green", State.FAIL_TERMINAL: "bold red"}.get(state, "bold")
    return Text.assemble("  ", (f"{sign} {state.value}", style), "\n")


def _step(number: int, row: Row, widths: tuple[int, int, int]) -> Text:
    """The line between two states; a heavy one where billing decided."""
    billing = is_billing(row)
    line, style = ("┃", "yellow") if billing else ("│", "blue")
    wide, event, name = widths
    guard = "" if row.guard is None else guard_name(row)
    shown = f"{row.event.__name__:<{event}}  "
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
