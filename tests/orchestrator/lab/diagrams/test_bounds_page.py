"""The page about diagrams says what every bound means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.lab.diagrams.bounds import BOUNDS, Bound, BoundSetup
from orchestrator.states import Policy, Target

PAGE = Path(__file__).parents[4] / "docs" / "diagram.md"
SHIPPED = BoundSetup(
    Policy(), (Target("acme", "one"), Target("bolt", "two"), Target("corp", "x")), {"acme": 3}
)
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]


@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: f"{bound.at}: {bound.says(SHIPPED)}")
def test_each_bound_is_in_the_table_with_its_meaning(bound: Bound) -> None:
    rows = [row for row in ROWS if row[1:] == [bound.says(SHIPPED), bound.meaning]]

    assert [re.findall("`(.+?)`", row[0]) for row in rows if f"`{bound.at}`" in row[0]]


def test_the_table_has_no_row_that_is_no_bound() -> None:
    said = {(bound.says(SHIPPED), bound.meaning) for bound in BOUNDS}

    assert {tuple(row[1:]) for row in ROWS if row[-1].endswith(".")} == said
