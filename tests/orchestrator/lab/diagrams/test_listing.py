"""The machine in a terminal: whole, within 80 columns, and readable without colour."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams.drawing import Drawing, View
from orchestrator.lab.diagrams.overlay import Overlay, RowMark
from orchestrator.lab.diagrams.plain_table import PlainTable
from orchestrator.lab.diagrams.terminal import WIDTH
from tests.orchestrator.lab.diagrams.tables import COUNTS, DIAGNOSED, PRESENT, SHOWN, tables


def shown(table: PlainTable = PRESENT, said: Overlay | None = None) -> list[str]:
    return Drawing(table, said or Overlay()).listing().plain.splitlines()


def test_the_rows_out_of_classify_stand_in_order() -> None:
    lines = shown()
    at = next(place for place, line in enumerate(lines) if line.startswith("classify ("))

    assert lines[at] == "classify (asks for Diagnose) on Diagnosed: the first that holds"
    assert lines[at + 3] == (
        "   3  billing_fallback  billing_and_another_is_free  → eager_fallback"
    )
    assert [line.split()[1] for line in lines[at + 1 : at + 1 + len(DIAGNOSED)]] == list(DIAGNOSED)


def test_what_is_drawn_once_is_listed_once() -> None:
    lines = shown()

    assert len(lines) < 50
    assert sum("*_send" in line for line in lines) == 1
    assert sum("*_cancelled" in line for line in lines) == 1


@pytest.mark.parametrize("said", SHOWN.values(), ids=SHOWN.keys())
def test_no_line_of_the_machine_is_wider_than_a_terminal(said: Overlay) -> None:
    for view in View:
        lines = Drawing(PRESENT, said, view).listing().plain.splitlines()
        assert max(map(len, lines)) <= WIDTH
    for state in PRESENT.states:
        lines = Drawing(PRESENT, said, state=state.name).listing().plain.splitlines()
        assert max(map(len, lines)) <= WIDTH


notes = st.lists(st.text("abc ", min_size=1, max_size=200).filter(str.strip), max_size=2)


@given(tables(), st.data())
def test_long_names_are_folded_and_nothing_is_lost(table: PlainTable, data: st.DataObject) -> None:
    marks = {row.name: RowMark(notes=tuple(data.draw(notes))) for row in table.rows}
    said = Overlay(marks, title="t" * 200)
    lines = shown(table, said)
    whole = "".join("".join(lines).split())

    assert all(len(line) <= WIDTH for line in lines)
    for row in table.rows:
        assert row.condition in whole or row.event in whole
        assert row.to in whole
    for row in table.rows:
        one = Drawing(table, said, state=row.state).listing().plain
        assert all(len(line) <= WIDTH for line in one.splitlines())
        assert row.to in "".join(one.split())


def test_counts_stand_before_the_rows() -> None:
    lines = shown(said=SHOWN["heat"])
    counted = {
        words[2]: int(words[0])
        for line in lines
        if re.match(r" *\d+ +\d+  ", line) and (words := line.split())
    }

    assert {name: counted[name] for name in DIAGNOSED} == {
        name: COUNTS.get(name, 0) for name in DIAGNOSED
    }
    assert lines[:3] == ["3 ledgers: 1204 calls", "n  taken n times", "0  never taken"]


def test_signs_say_without_colour_what_colours_say() -> None:
    lines = shown(said=SHOWN["change"])

    assert any(re.match(r"\+ +\d+  retry ", line) for line in lines)
    assert any(re.match(r"- +\d+  rotate ", line) for line in lines)
    assert any(re.match(r"~ +\d+  fallback ", line) for line in lines)
    assert any(line.startswith("x") for line in shown(said=SHOWN["config"]))
