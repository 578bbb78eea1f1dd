"""The colours of every drawing, one meaning each.

Taken from Okabe and Ito's set (https://jfly.uni-koeln.de/color/, 2008), which stays apart
under the common forms of colour blindness, and darkened until text on white has a contrast
of 4.5 to 1 (WCAG 2.2, 1.4.3). Meaning never rests on colour alone: finals have a double
border, taken arrows carry step numbers, billing says so in words.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestrator.lab.diagrams.overlay import Emphasis

PAPER = "#ffffff"
INK = "#1f2933"
SOFT = "#5b6773"
MUTED = "#8a949e"
FAINT = "#c3cad2"

TAKEN = "#0b5cad"
BILLING = "#a85b00"
SUCCESS = "#00785a"
FAILURE = "#b3261e"

TAKEN_ANYWHERE = "#2f81f7"
BILLING_ANYWHERE = "#c77700"
"""For lines on a background that is light or dark: 3 to 1 on both (WCAG 2.2, 1.4.11)."""


@attrs.frozen
class Paint:
    """Colours of a node: inside, border, text."""

    fill: str
    line: str
    text: str = INK


PLAIN = Paint("#eef3f8", "#6b7c8f")
SUCCEED = Paint("#dcf3ea", SUCCESS)
FAIL = Paint("#fde7e4", FAILURE)
CHOICE = Paint("#fff6e0", "#b98a2c")
VISITED = Paint("#d6e7f9", TAKEN)
DIMMED = Paint("#fafbfc", FAINT, MUTED)

NEVER = "#7d3c98"
ADDED = SUCCESS
REMOVED = FAILURE
CHANGED = BILLING

HEAT = ("#4a7fb8", "#2f6aab", "#0b5cad", "#094a8c", "#06336a")
"""From seldom to often. Widths say the same, for whom the shades look alike."""

HEAT_WIDTHS = (1.3, 2.1, 3.0, 4.0, 5.2)
"""Points; an arrow's head grows with them."""

PAINT_NEVER = Paint(PAPER, NEVER, NEVER)
PAINT_ADDED = Paint("#dcf3ea", ADDED, ADDED)
PAINT_REMOVED = Paint("#fde7e4", REMOVED, REMOVED)
PAINT_CHANGED = Paint("#fff1d6", CHANGED, CHANGED)

PAINTS: Mapping[Emphasis, Paint] = {
    Emphasis.FAINT: DIMMED,
    Emphasis.DEAD: DIMMED,
    Emphasis.NEVER: PAINT_NEVER,
    Emphasis.ADDED: PAINT_ADDED,
    Emphasis.REMOVED: PAINT_REMOVED,
    Emphasis.CHANGED: PAINT_CHANGED,
}
"""How a node is painted, for the looks that say so."""

NEVER_ANYWHERE = "#a569bd"
ADDED_ANYWHERE = "#1a9e78"
REMOVED_ANYWHERE = "#e0524a"
