"""The table as JSON, with what a drawing would say of its rows."""

from __future__ import annotations

from typing import Any

from orchestrator.lab.diagrams import saved
from orchestrator.lab.diagrams.overlay import Mark, Overlay
from orchestrator.lab.diagrams.plain import PlainTable


def as_mapping(table: PlainTable, said: Overlay) -> dict[str, Any]:
    """The table as a mapping that JSON can say; ``--compare`` reads it back.

    Beside the rows stands under ``said``, by the row's name, what the overlay says: ``look``,
    and where there are any ``steps``, ``count`` and ``notes``. A row that was removed is
    only there.
    """
    marks = {name: _mark(mark) for name, mark in said.marks.items() if mark != Mark()}
    title = {"title": said.title} if said.title else {}
    return {**saved.as_mapping(table), **title, **({"said": marks} if marks else {})}


def _mark(mark: Mark) -> dict[str, Any]:
    known = {"steps": list(mark.steps), "count": mark.count, "notes": list(mark.notes)}
    return {
        "look": mark.look.name.lower(),
        **{name: value for name, value in known.items() if value not in (None, [])},
    }
