"""Pages that are written from the records are what the records say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.api.errors import CallFailed
from orchestrator.dialects import DIALECTS
from orchestrator.pooling import Accounts, Strategy
from orchestrator.provider import StreamEnd
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import SPECS, Move, Reason, ReasonSpec
from scripts.docstring_markdown import anchor

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "writer", ["scripts.configuration_page", "scripts.reference_page", "benchmarks.report"]
)
def test_the_page_is_what_the_records_say(writer: str) -> None:
    written = subprocess.run(
        [sys.executable, "-m", writer, "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )

    assert written.stdout == ""
    assert written.returncode == 0, written.stderr


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    broken = [one for one in links if "://" not in one and not (page.parent / one).exists()]

    assert broken == []


def headings(page: Path) -> set[str]:
    """Where the headings of a page are found, as GitHub names them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {anchor(found) for found in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([\w./-]*\.md)?#([^)\s]+)\)", text)
    broken = [
        f"{file}#{heading}"
        for file, heading in links
        if heading not in headings(page.parent / file if file else page)
    ]

    assert broken == []


def test_the_index_links_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    links = re.findall(r"\]\(([^)#\s]+)\)", index.read_text(encoding="utf-8"))
    linked = {(index.parent / link).resolve() for link in links}

    pages = {page for page in PAGES if page.parent.name != "incidents"}
    assert sorted(str(page) for page in pages - linked - {index}) == []


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: str(page.name)
)
def test_the_first_lines_of_a_page_say_what_it_is_for(page: Path) -> None:
    text = re.sub(r"<!--.*?-->\s*", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    title, first = text.split("\n\n")[:2]

    assert re.fullmatch("# .+", title)
    assert re.match(r"[A-Z`\[*]", first), first  # prose: no list, table, code or other heading
    assert 8 <= len(first.split()) <= 90, first
    assert first.rstrip().endswith((".", ":", "?")), first


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = re.findall(
        r"`((?:orchestrator|states|tests|scripts|verification|docs)/[\w./-]+\.\w+)`",
        page.read_text(encoding="utf-8"),
    )

    assert [one for one in named if "NAME" not in one and not (ROOT / one).exists()] == []


def table_below(page: str, heading: str) -> Iterator[list[str]]:
    """The cells of each row of the first table below a heading."""
    text = (ROOT / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    blocks = text.partition("\n## ")[0].split("\n\n")
    table = next((block.strip() for block in blocks if block.strip().startswith("|")), "")
    for row in table.splitlines()[2:]:
        yield [cell.strip() for cell in row.strip("|").split("|")]


def specs(cell: str) -> list[ReasonSpec]:
    """The records of the reasons that a cell lists; an ellipsis stands for others of the kind."""
    return [SPECS[Reason(name.strip())] for name in cell.split(",") if name.strip() != "…"]


def test_the_pages_say_the_moves_and_statuses_of_each_reason() -> None:
    moves = [
        (spec, row)
        for row in table_below("docs/classification.md", "What a reason leads to")
        for spec in specs(row[0])
    ]
    statuses = [
        (spec, row)
        for row in table_below("docs/drop-in.md", "What a failed call raises")
        for spec in specs(row[0])
    ]

    assert len(moves) > 10
    assert len(statuses) == len(SPECS) - 1  # but for a call that its own caller cancelled
    for spec, (_, said, *_) in moves:
        assert {move for move in Move if move in said.split(":")[0]} == spec.moves
    for spec, (_, said) in statuses:
        assert said.startswith(str(spec.status))


def test_the_page_of_the_board_says_what_each_reason_marks() -> None:
    said = {
        reason: (subject, mark)
        for names, subject, mark in table_below("docs/health.md", "What a failure marks")
        for reason in names.split(", ")
    }

    assert said.keys() == {reason for reason, spec in SPECS.items() if spec.mark}
    for reason, (subject, mark) in said.items():
        spec = SPECS[Reason(reason)].mark
        assert spec is not None
        assert subject.startswith(f"the {spec.subject}")
        assert mark.startswith(spec.mark)


def test_the_page_of_the_api_says_which_errors_there_are_to_catch() -> None:
    told = [row[0].strip("`") for row in table_below("docs/python.md", "Errors to catch")]

    assert sorted(told) == sorted(one.__name__ for one in CallFailed.__subclasses__())


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("dialect", list(DIALECTS)),
        ("strategy", list(Strategy)),
        ("accounts", list(Accounts)),
        ("end", list(StreamEnd)),
        ("on_interrupted", list(OnInterrupted)),
    ],
)
def test_the_page_of_the_config_lists_what_is_allowed(key: str, allowed: list[str]) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| `{key}` |"))

    assert [value for value in allowed if not re.search(rf"\b{value}\b", row)] == []
