"""The measured parts of the page; the rest is a person's."""

from __future__ import annotations

from pathlib import Path

from verification.promela.misled import MISLED
from verification.promela.page import Measured, rewritten
from verification.promela.planted import PLANTED
from verification.promela.settings import EVERY, PURPOSES, SETTINGS

PAGE = Path(__file__).parents[3] / "docs" / "promela.md"
MEASURED = Measured(
    (("2 targets, 1 key", 22_368, 39_389_723), ("moves: contexts", 182, 18_487)),
    (("one", "a_rule"),), (("two", "a by spin, b by the machine"),), "Measured then.",
)  # fmt: skip
TEXT = """# Title
<!-- measured: settings -->
| old |
<!-- end -->
between
<!-- measured: model -->
<!-- end -->
<!-- measured: machine -->
<!-- end -->
"""


def test_what_was_measured_stands_in_its_place() -> None:
    found = rewritten(TEXT, MEASURED)

    assert "old" not in found
    assert "# Title\n<!-- measured: settings -->\n| setting |" in found
    assert "| every reason, fallback, way back | 22,368 | 39,389,723 | 1 in 3,989 |" in found
    assert "| 182 | 18,487 | all |" in found
    assert "About 30,000 moves are compared. Measured then." in found
    assert "| one | `a_rule` |" in found
    assert "| two | a by spin, b by the machine |" in found
    assert "<!-- end -->\nbetween\n" in found


def test_writing_twice_changes_nothing() -> None:
    once = rewritten(TEXT, MEASURED)

    assert rewritten(once, MEASURED) == once


def test_the_page_tells_of_every_setting_and_every_mistake() -> None:
    text = PAGE.read_text("utf-8")

    for name in SETTINGS:
        assert f"| {name} | {PURPOSES[name]} | " in text
    for mistake in [*(one.name for one in PLANTED), *(one.name for one in MISLED)]:
        assert f"| {mistake} | " in text


def test_every_setting_has_a_purpose_and_a_share() -> None:
    assert set(PURPOSES) == set(EVERY) == set(SETTINGS)
