"""The path in a terminal: within 80 columns, and whole without colour."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from orchestrator.lab.diagrams.plain_table import PlainTable
from orchestrator.lab.diagrams.terminal import WIDTH
from orchestrator.lab.diagrams.terminal import path as drawn_path
from orchestrator.states.call import State
from orchestrator.states.table import TABLE, Row
from tests.orchestrator.lab.diagrams.tables import tables


@st.composite
def walks(draw: st.DrawFn) -> list[Row]:
    """Rows of which each leaves the state that the one before led to."""
    rows: list[Row] = []
    state = State.READY
    for _ in range(draw(st.integers(0, 30))):
        leaving = [row for row in TABLE if row.state is state]
        if not leaving:
            break
        rows.append(draw(st.sampled_from(leaving)))
        state = rows[-1].to
    return rows


def test_the_incident_reads_from_top_to_bottom() -> None:
    path = ["started_send", "failed", "billing_fallback", "switched_send", "answered"]

    assert drawn_path(path).plain.splitlines() == [
        "  ● ready",
        "  │  1  Started    started_send      [a_target_is_free]",
        "  ○ attempt",
        "  │  2  Failed     failed",
        "  ○ classify",
        "  ┃  3  Diagnosed  billing_fallback  [billing_and_another_is_free]",
        "  ○ eager_fallback",
        "  │  4  Switched   switched_send     [a_target_is_free]",
        "  ○ attempt",
        "  │  5  Succeeded  answered",
        "  ◉ succeed",
    ]


@given(walks())
def test_every_step_and_every_state_is_there_and_fits(rows: list[Row]) -> None:
    lines = drawn_path([row.name for row in rows]).plain.splitlines()

    assert all(len(line) <= WIDTH for line in lines)
    assert [line.split()[1:4] for line in lines[1::2]] == [
        [str(number), row.event.__name__, row.name] for number, row in enumerate(rows, 1)
    ]
    states = [rows[0].state, *(row.to for row in rows)] if rows else []
    assert [line.split()[1] for line in lines[::2]] == [state.value for state in states]


@given(tables(), st.data())
def test_names_that_are_too_long_are_folded(table: PlainTable, data: st.DataObject) -> None:
    path = data.draw(st.lists(st.sampled_from([row.name for row in table.rows]), max_size=4))
    drawn = drawn_path(path, table=table).plain

    assert all(len(line) <= WIDTH for line in drawn.splitlines())
    whole = "".join(drawn.split())
    for row in table.rows:
        assert row.name not in path or (row.name in whole and row.to in whole)


def test_a_pipe_gets_no_colour_and_no_wrapping() -> None:
    out = io.StringIO()
    drawn = drawn_path(["started_send", "failed", "billing_terminal"])
    Console(file=out, width=80).print(drawn)

    assert out.getvalue().rstrip("\n") == drawn.plain
    assert "\x1b" not in out.getvalue()
