"""The machine's diagrams, drawn from :data:`states.table.TABLE` at the moment of asking.

Each takes ``path``, the names of rows in the order in which a recorded call took them
(:func:`path_of` reads them from a ledger): what was taken is highlighted and numbered, the
rest dimmed. And ``view``, which part of the machine is drawn, and ``table``, from what.

Mermaid and DOT are text and need nothing. SVG and PNG need the extra ``diagram``.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from orchestrator.tools import dot as dot_machine
from orchestrator.tools import dot_detail, graph, render
from orchestrator.tools import mermaid as mermaid_text
from orchestrator.tools.graph import UnknownRow
from orchestrator.tools.render import MissingExtra, RenderFailed
from orchestrator.tools.terminal import terminal
from orchestrator.tools.trace import BrokenLedger, path_of
from states.call import State
from states.table import TABLE, Row

__all__ = [
    "BrokenLedger",
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


def mermaid(
    path: Sequence[str] = (), *, view: View = View.MACHINE, table: Sequence[Row] = TABLE
) -> str:
    """Mermaid text, for a fence in Markdown.

    Raises:
        UnknownRow: The path names a row that the table does not have.
    """
    drawn = graph.build(table, path)
    if view is View.MACHINE:
        return mermaid_text.write(drawn)
    return mermaid_text.write_detail(drawn, _choices(drawn, view))


def dot(
    path: Sequence[str] = (), *, view: View = View.MACHINE, table: Sequence[Row] = TABLE
) -> str:
    """DOT text, for Graphviz.

    Raises:
        UnknownRow: The path names a row that the table does not have.
    """
    drawn = graph.build(table, path)
    if view is View.MACHINE:
        return dot_machine.write(drawn)
    return dot_detail.write(drawn, _choices(drawn, view))


def svg(
    path: Sequence[str] = (), *, view: View = View.MACHINE, table: Sequence[Row] = TABLE
) -> str:
    """An SVG document with an opaque background.

    Raises:
        UnknownRow: The path names a row that the table does not have.
        MissingExtra: The extra ``diagram`` is not installed.
        RenderFailed: The renderer did not draw it.
    """
    return render.svg(dot(path, view=view, table=table))


def png(
    path: Sequence[str] = (), *, view: View = View.MACHINE, table: Sequence[Row] = TABLE
) -> bytes:
    """A PNG image with an opaque background, at twice the size of the SVG in pixels.

    Raises:
        UnknownRow: The path names a row that the table does not have.
        MissingExtra: The extra ``diagram`` is not installed.
        RenderFailed: The renderer did not draw it.
    """
    return render.png(dot(path, view=view, table=table))


def _choices(drawn: graph.Graph, view: View) -> list[graph.Choice]:
    return [
        choice
        for choice in drawn.choices
        if (State.CLASSIFY in choice.states) == (view is View.CLASSIFY)
    ]
