"""Labels that fit whatever font a browser has.

A renderer lays labels out with the widths of one font, and a machine without that font
takes a wider one, which runs over arrows and borders (DejaVu Sans by a sixth). SVG can say
how long a text is, and the renderer's JSON knows; this puts the two together.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

_TEXT = re.compile(
    r'<text (?P<attributes>[^>]*)font-family="[^"]*"(?P<more>[^>]*)>(?P<text>[^<]*)<'
)
_AT = re.compile(r' x="(?P<x>[^"]*)" y="(?P<y>[^"]*)"')

FONTS = "Helvetica, Arial, Arimo, 'Liberation Sans', sans-serif"
"""Families of the same widths; a browser takes the first that its machine has."""

Key = tuple[str, float, float]


def fit(svg: str, drawing: str) -> str:
    """``svg`` with the length of every text.

    Args:
        svg: What Graphviz writes with ``-Tsvg``.
        drawing: What it writes of the same graph with ``-Tjson``.
    """
    widths = dict(_widths(json.loads(drawing)))

    def fitted(found: re.Match[str]) -> str:
        before, more, text = found["attributes"], found["more"], found["text"]
        at = _AT.search(before)
        words = html.unescape(text).replace("\xa0", " ")  # blanks beside each other
        width = widths.get((words, float(at["x"]), -float(at["y"]))) if at else None
        length = f' textLength="{width:g}" lengthAdjust="spacingAndGlyphs"' if width else ""
        return f'<text {before}font-family="{FONTS}"{more}{length}>{text}<'

    return _TEXT.sub(fitted, svg)


def _widths(graph: dict[str, Any]) -> Iterator[tuple[Key, float]]:
    """The width of every text, by what it says and where it stands."""
    for part in (graph, *graph.get("objects", ()), *graph.get("edges", ())):
        for name, operations in part.items():
            if name.endswith("draw_"):
                yield from _texts(operations)


def _texts(operations: list[dict[str, Any]]) -> Iterator[tuple[Key, float]]:
    for operation in operations:
        if operation["op"] == "T":
            x, y = operation["pt"]
            yield (operation["text"], float(x), float(y)), float(operation["width"])
