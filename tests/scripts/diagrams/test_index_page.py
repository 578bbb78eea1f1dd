"""The folder: an index, the states, a page for each incident, and no link that leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest

from orchestrator.states.call import State
from orchestrator.states.table import TABLE
from scripts.diagrams import index_page
from scripts.diagrams.incidents import INCIDENTS

DOCS = Path(__file__).parents[3] / "docs" / "diagrams"
TEXTS = index_page.texts()
PAGES = [name for name in TEXTS if name.endswith(".md")]
README, STATES = TEXTS["README.md"], TEXTS["states.md"]


def test_every_picture_is_there_and_the_machine_in_every_form(gallery: Mapping[str, bytes]) -> None:
    pictures = {f"{name}.svg" for name in index_page.drawings()}

    assert gallery.keys() == pictures | TEXTS.keys() | {"machine.png", "overview.svg", "rooms.svg"}
    assert {f"machine.{form}" for form in ("svg", "png", "dot", "mmd")} <= gallery.keys()


def test_the_index_links_the_states_and_every_incident() -> None:
    linked = set(re.findall(r"\]\(([^)#]*\.md)\)", README))

    assert {"states.md", *(f"incidents/{one.name}.md" for one in INCIDENTS)} <= linked
    assert linked - TEXTS.keys() == {"../diagram.md"}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str, gallery: Mapping[str, bytes]) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXTS[page])

    assert links
    for link in links:
        there = DOCS / PurePosixPath(page).parent / link
        inside = there.resolve().relative_to(DOCS).as_posix() if _within(there) else ""
        assert inside in gallery or there.resolve().is_file(), link


def _within(path: Path) -> bool:
    return path.resolve().is_relative_to(DOCS)


@pytest.mark.parametrize("page", PAGES)
def test_every_anchor_is_a_heading(page: str) -> None:
    headings = {line[3:] for line in TEXTS[page].splitlines() if line.startswith("## ")}

    assert set(re.findall(r"\]\(#([^)]*)\)", TEXTS[page])) <= headings


@pytest.mark.parametrize("page", index_page.PAGES, ids=lambda page: page.name)
def test_every_picture_is_shown_with_how_to_read_it(page: index_page.Page) -> None:
    assert f"## {page.title}\n\n{page.text}\n\n![{page.title}]({page.name}.svg)" in README


def test_every_row_is_listed_once_in_the_order_of_its_state() -> None:
    listed = re.findall(r"^\| `\w+` \| `(\w+)` \|", STATES, flags=re.MULTILINE)

    assert listed == [row.name for state in State for row in TABLE if row.state is state]


def test_the_page_of_the_bypass_says_where_it_is() -> None:
    """Its text counts the rows, so it must be mended when they move."""
    diagnosed = [row.name for row in TABLE if row.event.__name__ == "Diagnosed"]

    assert [name for name in diagnosed[2:5] if name.startswith("billing_")] == diagnosed[2:5]
    assert "Rows 3 to 5 are the bypass" in README


@pytest.mark.parametrize("page", PAGES)
def test_no_page_has_two_empty_lines_or_one_that_ends_in_blanks(page: str) -> None:
    lines = TEXTS[page].splitlines()

    assert [line for line in lines if line != line.rstrip()] == []
    assert [place for place in range(1, len(lines)) if not lines[place] + lines[place - 1]] == []
