"""Tables of the pages that are written from measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MET = {True: "yes", False: "**no**"}
"""How a table says whether a goal is met."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table in Markdown, with an empty one behind it."""
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'--:|' * (len(head) - 1)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def us(value: float) -> str:
    """Microseconds, as exactly as they are known."""
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def under(part: Mapping[str, Any], command: str) -> Iterator[str]:
    """By which command something was measured, when, and beside how much other work."""
    circumstances = part["under"]
    before, after = circumstances["load"]
    yield f"`{command}` · {circumstances['date']} · load {before} before and {after} after"
    yield ""
