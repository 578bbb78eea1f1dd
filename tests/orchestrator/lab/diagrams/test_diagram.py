"""The pictures: drawn from the table that is given, and from all of it."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from orchestrator.lab.diagrams import diagram
from orchestrator.lab.diagrams.diagram import UnknownRow, View
from orchestrator.states.table import TABLE

TEXTS: tuple[Callable[..., str], ...] = (diagram.dot, diagram.mermaid)


@pytest.mark.parametrize("draw", TEXTS)
@pytest.mark.parametrize("place", range(len(TABLE)), ids=lambda place: TABLE[place].name)
def test_a_row_deleted_or_renamed_is_seen(draw: Callable[..., str], place: int) -> None:
    row = TABLE[place]
    deleted = TABLE[:place] + TABLE[place + 1 :]
    renamed = (*TABLE[:place], attrs.evolve(row, name=f"{row.name}_x"), *TABLE[place + 1 :])

    assert draw(table=deleted) != draw()
    assert draw(table=renamed) != draw()


@pytest.mark.parametrize("draw", TEXTS)
@pytest.mark.parametrize("view", View)
def test_each_view_is_a_drawing_of_its_own(draw: Callable[..., str], view: View) -> None:
    others = [draw(view=other) for other in View if other is not view]

    assert draw(view=view) not in others
    assert draw(view=view) == draw(view=view)


@pytest.mark.parametrize("draw", [*TEXTS, diagram.svg, diagram.png, diagram.terminal])
def test_a_path_of_another_table_is_refused(draw: Callable[..., object]) -> None:
    with pytest.raises(UnknownRow, match=r"no row 'teleport'.*written by another version"):
        draw(["started_send", "teleport"])
