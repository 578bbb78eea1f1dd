"""The folder: an index, a page for each state and each incident, and no link that leads nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest

from orchestrator.lab.diagrams import pages
from orchestrator.lab.diagrams.diagram import Drawing
from orchestrator.lab.diagrams.incidents import INCIDENTS
from orchestrator.states.call import State
from orchestrator.states.table import TABLE

DOCS = Path(__file__).parents[4] / "docs" / "diagrams"
TEXTS = pages.texts()
PAGES = [name for name in TEXTS if name.endswith(".md")]
README = TEXTS["README.md"]


def test_every_picture_is_there_in_its_forms(gallery: Mapping[str, bytes]) -> None:
    pictures = {f"{name}.{form}" for name in pages.drawings() for form in ("svg", "png")}

    assert gallery.keys() == pictures | TEXTS.keys()
    assert {f"{page.name}.{form}" for page in pages.PAGES for form in ("dot", "mmd")} <= set(TEXTS)


def test_every_state_and_every_incident_has_a_page_that_the_index_links() -> None:
    linked = set(re.findall(r"\]\(([^)#]*\.md)\)", README))

    assert {f"states/{state.value}.md" for state in State} <= linked & TEXTS.keys()
    assert {f"incidents/{one.name}.md" for one in INCIDENTS} <= linked & TEXTS.keys()


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


def test_every_anchor_of_the_index_is_a_heading() -> None:
    headings = {line[3:].lower().replace(" ", "-") for line in README.splitlines() if "## " in line}

    assert set(re.findall(r"\]\(#([^)]*)\)", README)) <= headings


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_every_picture_is_shown_with_how_to_read_it(page: pages.Page) -> None:
    assert f"## {page.title}\n\n{page.text}\n\n![{page.title}]({page.name}.svg)" in README
    assert f"```mermaid\n{Drawing(view=page.view).mermaid()}```" in README


def test_every_row_is_listed_once_in_order() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE)

    assert listed == [row.name for row in TABLE]


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
