"""The inspector's diagram has every state and every row of the table, and room for numbers."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import attrs
import pytest

from orchestrator.lab.diagrams.plain_table import plain
from orchestrator.states import TABLE, State
from scripts.diagrams.__main__ import ON_PAGE
from scripts.diagrams.inspector_machine import HEIGHT, WIDTH, NoWay, picture

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def drawn() -> ET.Element:
    return ET.fromstring(picture())


def parts(drawn: ET.Element, kind: str) -> list[ET.Element]:
    return [one for one in drawn.iter() if kind in (one.get("class") or "").split()]


def test_the_committed_diagram_is_that_of_the_table() -> None:
    assert (ROOT / ON_PAGE).read_bytes() == picture()


def test_every_state_is_a_part(drawn: ET.Element) -> None:
    assert [one.get("data-state") for one in parts(drawn, "state")] == [
        entry.name for entry in plain(TABLE).states
    ]
    assert {one.get("id") for one in parts(drawn, "state")} == {
        f"state-{one.value}" for one in State
    }
    finals = {one.get("data-state") for one in parts(drawn, "final")}
    assert finals == {one.value for one in State if one.final}


def test_every_row_is_on_the_arrow_of_its_states(drawn: ET.Element) -> None:
    found = {
        row: (one.get("data-from"), one.get("data-to"))
        for one in parts(drawn, "edge")
        for row in (one.get("data-rows") or "").split()
    }

    assert found == {row.name: (row.state.value, row.to.value) for row in TABLE}
    assert len(parts(drawn, "edge")) == len(set(found.values()))


def test_each_arrow_has_what_a_page_needs(drawn: ET.Element) -> None:
    for edge in parts(drawn, "edge"):
        for kind in ("hit", "line", "head", "count"):
            assert len(parts(edge, kind)) == 1


def test_numbers_do_not_meet(drawn: ET.Element) -> None:
    places = [(float(one.get("x") or 0), float(one.get("y") or 0)) for one in parts(drawn, "count")]

    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in places)
    for one, other in combinations(places, 2):
        assert abs(one[0] - other[0]) > 40 or math.dist(one, other) > 16, (one, other)


def test_nothing_is_painted() -> None:
    """Colours are the page's, which knows whether it is light or dark."""
    text = picture().decode()

    assert re.findall(r'(?:fill|stroke)="(?!none|transparent)[^"]*"', text) == []
    assert 'style="' not in text


def test_an_arrow_that_is_laid_out_nowhere_is_an_error() -> None:
    table = plain(TABLE)
    new = attrs.evolve(table.rows[0], name="new", state="stream", to="repair")

    with pytest.raises(NoWay, match="stream > repair"):
        picture(attrs.evolve(table, rows=(*table.rows, new)))
