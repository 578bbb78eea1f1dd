"""The folder's page: every picture is shown, every row is listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.tools import pages
from states.table import TABLE


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return pages.files()


@pytest.fixture(scope="module")
def readme(files: dict[str, bytes]) -> str:
    return files["README.md"].decode()


def test_every_picture_is_there_in_every_form(files: dict[str, bytes]) -> None:
    names = {f"{page.name}.{form}" for page in pages.PAGES for form in ("svg", "png", "dot", "mmd")}

    assert files.keys() == names | {"README.md"}


def test_every_link_leads_somewhere(files: dict[str, bytes], readme: str) -> None:
    docs = Path(__file__).parents[3] / "docs" / "diagrams"
    for link in re.findall(r"\]\(([^)]*)\)", readme):
        assert link in files or (docs / link).resolve().is_file(), link


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_every_picture_is_shown_with_how_to_read_it(
    page: pages.Page, files: dict[str, bytes], readme: str
) -> None:
    assert f"## {page.title}\n\n{page.text}\n\n![{page.title}]({page.name}.svg)" in readme
    assert f"```mermaid\n{files[f'{page.name}.mmd'].decode()}```" in readme


def test_every_row_is_listed_once_in_order(readme: str) -> None:
    listed = re.findall(r"^\| `(\w+)` \|", readme, flags=re.MULTILINE)

    assert listed == [row.name for row in TABLE]


def test_the_page_of_the_bypass_says_where_it_is(readme: str) -> None:
    """Its text counts the rows, so it must be mended when they move."""
    diagnosed = [row.name for row in TABLE if row.event.__name__ == "Diagnosed"]

    assert [name for name in diagnosed[2:5] if name.startswith("billing_")] == diagnosed[2:5]
    assert "Rows 3 to 5 are the bypass" in readme
