"""One state, in both notations: all its rows, and none of another's."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from orchestrator.lab.diagrams.diagram import Drawing
from orchestrator.lab.diagrams.one_state import UnknownState, one_state
from orchestrator.lab.diagrams.overlay import Overlay
from tests.orchestrator.lab.diagrams.tables import PRESENT, SHOWN

STATES = [state.name for state in PRESENT.states]


@pytest.mark.parametrize("name", STATES)
def test_a_state_has_its_rows_and_those_that_lead_there(name: str) -> None:
    one = one_state(PRESENT, name)

    out = [row.name for group in one.groups for row in group]
    assert sorted(out) == sorted(row.name for row in PRESENT.rows if row.state == name)
    into = [row.name for rows in one.into for row in rows]
    assert sorted(into) == sorted(row.name for row in PRESENT.rows if row.to == name)
    assert all(len({row.state for row in rows}) == 1 for rows in one.into)


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("said", SHOWN.values(), ids=SHOWN.keys())
def test_every_row_of_it_is_drawn(name: str, said: Overlay) -> None:
    drawn = Drawing(PRESENT, said, state=name)
    expected = {row.name for row in PRESENT.rows if name in (row.state, row.to)}

    rows = ", ".join(re.findall(r"%% .* rows (.*)", drawn.mermaid()))
    assert set(rows.split(", ")) == expected
    assert expected <= set(re.findall(r"\w+", drawn.dot()))
    assert drawn.dot().isascii()


def test_the_picture_says_what_the_state_asks_for() -> None:
    text = "".join(ET.fromstring(Drawing(state="retry").svg()).itertext())

    assert "asks for Wait" in text
    assert "on Waited, the first that holds" in text


@pytest.mark.parametrize("draw", [Drawing.dot, Drawing.mermaid, Drawing.listing])
def test_a_state_that_is_none_is_named_with_the_nearest(draw: object) -> None:
    assert callable(draw)
    with pytest.raises(UnknownState, match=r"no state 'retri'; the nearest is 'retry'; allowed: "):
        draw(Drawing(state="retri"))
