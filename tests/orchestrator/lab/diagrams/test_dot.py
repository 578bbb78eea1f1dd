"""DOT: whole, numbered, and within what every renderer can measure."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.diagrams.building import build
from orchestrator.lab.diagrams.diagram import Drawing, View, dot
from orchestrator.lab.diagrams.dot_parts import TEXT
from orchestrator.lab.diagrams.overlay import Look, Overlay, along, heated
from orchestrator.states.call import State
from orchestrator.states.table import TABLE
from tests.orchestrator.lab.diagrams.tables import COUNTS, DIAGNOSED, PRESENT, SHOWN

NAMES = [row.name for row in TABLE]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_in_the_drawing(name: str) -> None:
    assert re.search(rf'tooltip="[^"]*\b{name}\b', dot())


def test_final_states_have_a_double_border_and_the_initial_one_a_mark() -> None:
    drawn = dot()

    for state in State:
        border = 2 if state.final else 1
        assert f'  {state.value} [label="{state.value}" peripheries={border} ' in drawn
    assert "start -> ready" in drawn


@pytest.mark.parametrize("view", View)
@settings(max_examples=25)
@given(path=st.lists(st.sampled_from(NAMES), max_size=40))
def test_heavy_arrows_are_those_that_were_taken(view: View, path: list[str]) -> None:
    heavy = set(
        re.findall(r'penwidth=3[^\n]* tooltip="([^"]*)"', dot(path, view=view).replace("\n", " \n"))
    )
    taken = {frozenset(arrow.rows) for arrow in build(TABLE, along(path)).arrows if arrow.steps}

    for rows in heavy:
        assert set(rows.split(", ")) & set(path)
    if view is View.MACHINE:
        assert {frozenset(rows.split(", ")) for rows in heavy} == taken


@pytest.mark.parametrize("view", View)
def test_labels_keep_to_ascii_whose_widths_are_known(view: View) -> None:
    assert dot(NAMES, view=view).isascii()


@pytest.mark.parametrize("said", SHOWN.values(), ids=SHOWN.keys())
def test_what_is_said_of_rows_is_in_the_picture(said: Overlay) -> None:
    drawn = dot_of(said)

    assert drawn.isascii()
    for _, words in said.legend:
        assert words in drawn
    for name, mark in said.marks.items():
        assert all(note in drawn for note in mark.notes), name
    used = {mark.look for mark in said.marks.values()}
    assert (TEXT[Look.NEVER] in drawn) == (Look.NEVER in used)
    for look in (Look.ADDED, Look.REMOVED):
        assert (f'<FONT COLOR="{TEXT[look]}">' in drawn) == (look in used)


def dot_of(said: Overlay) -> str:
    return Drawing(PRESENT, said).dot()


def test_counts_are_in_the_picture() -> None:
    drawn = dot_of(SHOWN["heat"])

    for name in DIAGNOSED:
        assert (f"<B> {COUNTS.get(name)} </B>" in drawn) == (name in COUNTS)


def test_the_wider_the_more_often() -> None:
    counts = {name: 4**place for place, name in enumerate(("failed", "answered", "rotate"))}
    drawn = dot_of(heated(PRESENT, counts, "a"))
    widths = {
        rows: float(width)
        for width, rows in re.findall(r'penwidth=([\d.]+) [^\n]*tooltip="(\w+)"', drawn)
    }

    assert widths["failed"] < widths["answered"] < widths["rotate"]
    assert re.search(r'style=dashed tooltip="content"', drawn)


@pytest.mark.parametrize(
    ("view", "rows"),
    [
        (View.CLASSIFY, [row.name for row in TABLE if row.event.__name__ == "Diagnosed"]),
        (View.ARRIVALS, ["*_spent", "*_send", "*_fallback", "*_wait", "*_terminal"]),
    ],
)
def test_a_detail_lists_its_rows_in_order(view: View, rows: list[str]) -> None:
    assert re.findall(r'POINT-SIZE="14"><B>([^<]*)</B>', dot(view=view)) == rows
