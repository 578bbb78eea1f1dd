"""One drawing of the machine, in any notation.

Mermaid and DOT are text and need nothing. SVG and PNG need the extra ``diagram``.
"""

from __future__ import annotations

import enum
from typing import Any

import attrs
from rich.text import Text

from orchestrator.lab.diagrams import dot, dot_choice, mermaid, render, terminal
from orchestrator.lab.diagrams.graph import MachineGraph, build
from orchestrator.lab.diagrams.overlay import Overlay, RowMark
from orchestrator.lab.diagrams.plain_table import Table, plain, rows_around
from orchestrator.states.call import State
from orchestrator.states.table import TABLE

FORMAT, VERSION = "orchestrator-table", 1
"""What the JSON of a drawing says of itself."""


class View(enum.StrEnum):
    """Parts of the machine that are drawn by themselves; the value is the command line's word."""

    MACHINE = "machine"
    """Every state and every row."""

    CLASSIFY = "classify"
    """The rows out of ``classify``, in order, with their meaning."""

    ARRIVALS = "arrivals"
    """The rows of the arrivals, in order, with their meaning."""


@attrs.frozen
class Drawing:
    """One drawing.

    Attributes:
        table: The machine.
        overlay: What is said of its rows.
        view: What part of it is drawn.
        state: A state's name, where only the rows that lead there or leave it are drawn; then
            ``view`` is not looked at.
    """

    table: Table = TABLE
    overlay: Overlay = attrs.field(factory=Overlay)
    view: View = View.MACHINE
    state: str | None = None

    @property
    def graph(self) -> MachineGraph:
        """The graph before any notation.

        Raises:
            UnknownState: There is no state of that name.
        """
        return build(self.table, attrs.evolve(self.overlay, shown=self._shown()))

    def _shown(self) -> frozenset[str] | None:
        """The names of the rows that are drawn; ``None`` for all."""
        if self.state is not None:
            return rows_around(plain(self.table), self.state)
        if self.view is View.MACHINE:
            return None
        of_classify = self.view is View.CLASSIFY
        return frozenset(
            row.name
            for choice in build(self.table).choices
            if (State.CLASSIFY.value in choice.states) is of_classify
            for group in choice.groups
            for row in group
        )

    def mermaid(self) -> str:
        """Mermaid text, for a fence in Markdown."""
        return mermaid.write(self.graph)

    def dot(self) -> str:
        """DOT text, for Graphviz; a choice by itself is written out, with what guards mean."""
        whole = self.state is not None or self.view is View.MACHINE
        return dot.write(self.graph) if whole else dot_choice.write(self.graph)

    def listing(self) -> Text:
        """A table for a terminal, of 80 columns."""
        return terminal.listing(self.graph)

    def svg(self) -> str:
        """An SVG document with an opaque background.

        Raises:
            MissingDiagramExtra: The extra ``diagram`` is not installed.
            RenderFailed: The renderer did not draw it.
        """
        return render.svg(self.dot())

    def png(self) -> bytes:
        """A PNG image with an opaque background, at twice the size of the SVG in pixels.

        Raises:
            MissingDiagramExtra: The extra ``diagram`` is not installed.
            RenderFailed: The renderer did not draw it.
        """
        return render.png(self.dot())

    def as_mapping(self) -> dict[str, Any]:
        """The whole table as a mapping that JSON can say.

        Beside the rows stands under ``said``, by the row's name, what the overlay says:
        ``look``, and where there are any ``steps``, ``count`` and ``notes``.
        """
        machine, said = plain(self.table), self.overlay
        marks = {name: _mark(mark) for name, mark in said.marks.items() if mark != RowMark()}
        return {
            "format": FORMAT,
            "version": VERSION,
            "initial": machine.initial,
            "states": [attrs.asdict(state) for state in machine.states],
            "rows": [attrs.asdict(row) for row in machine.rows],
            **({"title": said.title} if said.title else {}),
            **({"said": marks} if marks else {}),
        }


def _mark(mark: RowMark) -> dict[str, Any]:
    known = {"steps": list(mark.steps), "count": mark.count, "notes": list(mark.notes)}
    return {
        "look": mark.look.name.lower(),
        **{name: value for name, value in known.items() if value not in (None, [])},
    }
