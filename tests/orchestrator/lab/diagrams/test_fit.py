"""Every text of an SVG says how long it is."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from orchestrator.lab.diagrams.fit import FONTS, fit

TEXT = (
    '<svg><text xml:space="preserve" text-anchor="start" x="1.50" y="-20" '
    'font-family="Helvetica,sans-Serif" font-size="13.00">{}</text></svg>'
)


def drawing(text: str, *, x: float = 1.5, y: float = 20.0) -> str:
    operation = {"op": "T", "pt": [x, y], "align": "l", "width": 33.25, "text": text}
    return json.dumps({"edges": [{"_ldraw_": [{"op": "F"}, operation]}], "name": "machine"})


def fitted(svg: str, text: str) -> dict[str, str]:
    (element,) = ET.fromstring(fit(svg, text))
    return element.attrib


def test_a_text_gets_its_length_and_fonts_of_its_width() -> None:
    attributes = fitted(TEXT.format("failed"), drawing("failed"))

    assert attributes["textLength"] == "33.25"
    assert attributes["lengthAdjust"] == "spacingAndGlyphs"
    assert attributes["font-family"] == FONTS
    assert attributes["font-size"] == "13.00"


def test_what_svg_escapes_is_the_same_text() -> None:
    attributes = fitted(TEXT.format("stream&#39;s &lt;own&gt;"), drawing("stream's <own>"))

    assert attributes["textLength"] == "33.25"


def test_a_text_elsewhere_is_another() -> None:
    assert "textLength" not in fitted(TEXT.format("failed"), drawing("failed", x=2.0))
    assert "textLength" not in fitted(TEXT.format("failed"), drawing("failed", y=21.0))
