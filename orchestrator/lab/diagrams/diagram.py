"""The machine's diagrams, drawn from :data:`.TABLE` at the moment of asking.

Each takes ``path``, the names of rows in the order in which a recorded call took them
(:func:`path_of` reads them from a ledger): what was taken is highlighted and numbered, the
rest dimmed. And ``view``, which part of the machine is drawn, and ``table``, from what.

:class:`Drawing` says more: a state alone, and anything that an overlay says of the rows.

Mermaid and DOT are text and need nothing. SVG and PNG need the extra ``diagram``.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

import attrs
from rich.text import Text

from orchestrator.lab.diagrams import dot as dot_machine
from orchestrator.lab.diagrams import (
    dot_detail,
    dot_state,
    listing,
    mermaid_detail,
    mermaid_state,
    render,
)
from orchestrator.lab.diagrams import mermaid as mermaid_machine
from orchestrator.lab.diagrams.building import build
from orchestrator.lab.diagrams.graph import Choice, Graph, UnknownRow, rows_of
from orchestrator.lab.diagrams.overlay import Overlay, along
from orchestrator.lab.diagrams.plain import Table
from orchestrator.lab.diagrams.render import MissingExtra, RenderFailed
from orchestrator.lab.diagrams.terminal import terminal
from orchestrator.lab.diagrams.trace import BrokenLedger, path_of
from orchestrator.states.call import State
from orchestrator.states.table import TABLE

__all__ = [
    "BrokenLedger",
    "Drawing",
    "MissingExtra",
    "RenderFailed",
    "UnknownRow",
    "View",
    "dot",
    "mermaid",
    "path_of",
    "png",
    "svg",
    "terminal",
]


class View(enum.StrEnum):
    """What part of the machine is drawn; the value is what a command line says."""

    MACHINE = "machine"
    """Every state and every row."""

    CLASSIFY = "classify"
    """The rows out of ``classify``, in order, with their meaning."""

    ARRIVALS = "arrivals"
    """The rows of the arrivals, in order, with their meaning."""


@attrs.frozen
class Drawing:
    """One drawing, to be written in any notation.

    Attributes:
        table: The machine.
        overlay: What is said of its rows.
        view: What part of it is drawn.
        state: A state's name, where that state alone is drawn; then ``view`` is not looked at.
    """

    table: Table = TABLE
    overlay: Overlay = attrs.field(factory=Overlay)
    view: View = View.MACHINE
    state: str | None = None

    @property
    def graph(self) -> Graph:
        """What is drawn, before any notation."""
        return build(self.table, self.overlay)

    def mermaid(self) -> str:
        """Mermaid text, for a fence in Markdown."""
        graph = self.graph
        if self.state is not None:
            return mermaid_state.write(self.table, self.overlay, self.state)
        if self.view is View.MACHINE:
            return mermaid_machine.write(graph)
        return mermaid_detail.write(graph, _choices(graph, self.view))

    def dot(self) -> str:
        """DOT text, for Graphviz."""
        graph = self.graph
        if self.state is not None:
            return dot_state.write(self.table, self.overlay, self.state)
        if self.view is View.MACHINE:
            return dot_machine.write(graph)
        return dot_detail.write(graph, _choices(graph, self.view))

    def listing(self) -> Text:
        """A table for a terminal, of 80 columns."""
        if self.state is not None:
            return listing.one(self.table, self.overlay, self.state)
        if self.view is View.MACHINE:
            return listing.listing(self.table, self.overlay)
        graph = self.graph
        return listing.choices(graph, self.table, _choices(graph, self.view))

    def svg(self) -> str:
        """An SVG document with an opaque background.

        Raises:
            MissingExtra: The extra ``diagram`` is not installed.
            RenderFailed: The renderer did not draw it.
        """
        return render.svg(self.dot())

    def png(self) -> bytes:
        """A PNG image with an opaque background, at twice the size of the SVG in pixels.

        Raises:
            MissingExtra: The extra ``diagram`` is not installed.
            RenderFailed: The renderer did not draw it.
        """
        return render.png(self.dot())


def mermaid(path: Sequence[str] = (), *, view: View = View.MACHINE, table: Table = TABLE) -> str:
    """Mermaid text, for a fence in Markdown.

    Raises:
        UnknownRow: The path names a row that the table does not have.
    """
    return _along(path, view, table).mermaid()


def dot(path: Sequence[str] = (), *, view: View = View.MACHINE, table: Table = TABLE) -> str:
    """DOT text, for Graphviz.

    Raises:
        UnknownRow: The path names a row that the table does not have.
    """
    return _along(path, view, table).dot()


def svg(path: Sequence[str] = (), *, view: View = View.MACHINE, table: Table = TABLE) -> str:
    """An SVG document with an opaque background.

    Raises:
        UnknownRow: The path names a row that the table does not have.
        MissingExtra: The extra ``diagram`` is not installed.
        RenderFailed: The renderer did not draw it.
    """
    return _along(path, view, table).svg()


def png(path: Sequence[str] = (), *, view: View = View.MACHINE, table: Table = TABLE) -> bytes:
    """A PNG image with an opaque background, at twice the size of the SVG in pixels.

    Raises:
        UnknownRow: The path names a row that the table does not have.
        MissingExtra: The extra ``diagram`` is not installed.
        RenderFailed: The renderer did not draw it.
    """
    return _along(path, view, table).png()


def _along(path: Sequence[str], view: View, table: Table) -> Drawing:
    rows_of(path, table)
    return Drawing(table, along(path), view)


def _choices(drawn: Graph, view: View) -> list[Choice]:
    classify = State.CLASSIFY.value
    return [
        choice for choice in drawn.choices if (classify in choice.states) == (view is View.CLASSIFY)
    ]
