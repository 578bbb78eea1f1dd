"""The pictures: drawn from the table that is given, and from all of it."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from orchestrator.lab.diagrams import terminal
from orchestrator.lab.diagrams.drawing import Drawing, View
from orchestrator.lab.diagrams.plain_table import UnknownRow, UnknownState
from orchestrator.states.table import TABLE
from tests.orchestrator.lab.diagrams.tables import NAMES, PRESENT, SHOWN, drawn

TEXTS: tuple[Callable[[Drawing], str], ...] = (Drawing.dot, Drawing.mermaid)
each_text = pytest.mark.parametrize("text", TEXTS)


@each_text
@pytest.mark.parametrize("place", range(len(TABLE)), ids=lambda place: TABLE[place].name)
def test_a_row_deleted_or_renamed_is_seen(text: Callable[[Drawing], str], place: int) -> None:
    row = TABLE[place]
    deleted = TABLE[:place] + TABLE[place + 1 :]
    renamed = (*TABLE[:place], attrs.evolve(row, name=f"{row.name}_x"), *TABLE[place + 1 :])

    assert text(Drawing(deleted)) != text(Drawing())
    assert text(Drawing(renamed)) != text(Drawing())


@each_text
@pytest.mark.parametrize("view", View)
def test_each_view_is_a_drawing_of_its_own(text: Callable[[Drawing], str], view: View) -> None:
    others = [text(drawn(view=other)) for other in View if other is not view]

    assert text(drawn(view=view)) not in others


def test_a_path_of_another_table_is_refused() -> None:
    with pytest.raises(UnknownRow, match=r"no row 'teleport'.*written by another version"):
        terminal.path(["started_send", "teleport"])


@pytest.mark.parametrize("name", [state.name for state in PRESENT.states])
def test_a_state_alone_has_its_rows_and_those_that_lead_there(name: str) -> None:
    rows = {row.name for row in PRESENT.rows if name in (row.state, row.to)}
    for said in SHOWN.values():
        graph = Drawing(PRESENT, said, state=name).graph

        assert {row for arrow in graph.arrows for row in arrow.rows} == rows
        assert name in {state.name for state in graph.states}


@pytest.mark.parametrize("draw", [Drawing.dot, Drawing.mermaid, Drawing.listing])
def test_a_state_that_is_none_is_named_with_the_nearest(draw: Callable[[Drawing], object]) -> None:
    with pytest.raises(UnknownState, match=r"no state 'retri'; the nearest is 'retry'; allowed: "):
        draw(Drawing(state="retri"))


@pytest.mark.parametrize("said", SHOWN.values(), ids=SHOWN.keys())
def test_json_says_of_a_row_what_the_drawing_says(said: object) -> None:
    (name,) = (name for name, other in SHOWN.items() if other is said)
    overlay = SHOWN[name]
    written = Drawing(PRESENT, overlay).as_mapping()

    assert [row["name"] for row in written["rows"]] == list(NAMES)
    for row, mark in overlay.marks.items():
        told = written["said"].get(row, {"look": "plain"})
        assert told["look"] == mark.look.name.lower()
        assert told.get("count") == mark.count
        assert tuple(told.get("steps", ())) == mark.steps
        assert tuple(told.get("notes", ())) == mark.notes
