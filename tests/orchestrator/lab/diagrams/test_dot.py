"""DOT: whole, numbered, and within what every renderer can measure."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.diagrams.dot import TEXT
from orchestrator.lab.diagrams.drawing import Drawing, View
from orchestrator.lab.diagrams.graph import build
from orchestrator.lab.diagrams.overlay import Emphasis, Overlay, along, heated
from orchestrator.states.call import State
from orchestrator.states.table import TABLE
from tests.orchestrator.lab.diagrams.tables import COUNTS, DIAGNOSED, PRESENT, SHOWN, drawn

NAMES = [row.name for row in TABLE]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_in_the_drawing(name: str) -> None:
    assert re.search(rf'tooltip="[^"]*\b{name}\b', drawn().dot())


def test_final_states_have_a_double_border_and_the_initial_one_a_mark() -> None:
    text = drawn().dot()

    for state in State:
        border = 2 if state.final else 1
        assert f'  {state.value} [label="{state.value}" peripheries={border} ' in text
    assert "start -> ready" in text


@pytest.mark.parametrize("view", View)
@settings(max_examples=25)
@given(path=st.lists(st.sampled_from(NAMES), max_size=40))
def test_heavy_arrows_are_those_that_were_taken(view: View, path: list[str]) -> None:
    heavy = set(
        re.findall(
            r'penwidth=3[^\n]* tooltip="([^"]*)"', drawn(path, view=view).dot().replace("\n", " \n")
        )
    )
    taken = {
        frozenset(arrow.rows)
        for arrow in build(TABLE, along(path)).arrows
        if any(line.steps for line in arrow.lines)
    }

    for rows in heavy:
        assert set(rows.split(", ")) & set(path)
    if view is View.MACHINE:
        assert {frozenset(rows.split(", ")) for rows in heavy} == taken


@pytest.mark.parametrize("view", View)
def test_labels_keep_to_ascii_whose_widths_are_known(view: View) -> None:
    assert drawn(NAMES, view=view).dot().isascii()


@pytest.mark.parametrize("said", SHOWN.values(), ids=SHOWN.keys())
def test_what_is_said_of_rows_is_in_the_picture(said: Overlay) -> None:
    text = dot_of(said)

    assert text.isascii()
    for _, words in said.legend:
        assert words in text
    for name, mark in said.marks.items():
        assert all(note in text for note in mark.notes), name
    used = {mark.look for mark in said.marks.values()}
    assert (TEXT[Emphasis.NEVER] in text) == (Emphasis.NEVER in used)
    for look in (Emphasis.ADDED, Emphasis.REMOVED):
        assert (f'<FONT COLOR="{TEXT[look]}">' in text) == (look in used)


def dot_of(said: Overlay) -> str:
    return Drawing(PRESENT, said).dot()


def test_counts_are_in_the_picture() -> None:
    text = dot_of(SHOWN["heat"])

    for name in DIAGNOSED:
        assert (f"<B> {COUNTS.get(name)} </B>" in text) == (name in COUNTS)


def test_the_wider_the_more_often() -> None:
    counts = {name: 4**place for place, name in enumerate(("failed", "answered", "rotate"))}
    text = dot_of(heated(PRESENT, counts, "a"))
    widths = {
        rows: float(width)
        for width, rows in re.findall(r'penwidth=([\d.]+) [^\n]*tooltip="(\w+)"', text)
    }

    assert widths["failed"] < widths["answered"] < widths["rotate"]
    assert re.search(r'style=dashed tooltip="content"', text)


@pytest.mark.parametrize(
    ("view", "rows"),
    [
        (View.CLASSIFY, [row.name for row in TABLE if row.event.__name__ == "Diagnosed"]),
        (View.ARRIVALS, ["*_spent", "*_send", "*_fallback", "*_wait", "*_terminal"]),
    ],
)
def test_a_detail_lists_its_rows_in_order(view: View, rows: list[str]) -> None:
    assert re.findall(r'POINT-SIZE="14"><B>([^<]*)</B>', drawn(view=view).dot()) == rows
