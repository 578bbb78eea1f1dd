"""How rows of several states are named together, and what is said of a guard."""

from __future__ import annotations

import pytest

from orchestrator.lab.diagrams.graph import shared_name
from orchestrator.lab.diagrams.plain_table import meaning
from orchestrator.states.table import TABLE

BY_NAME = {row.name: row for row in TABLE}


@pytest.mark.parametrize(
    ("names", "shared"),
    [
        (["billing_fallback"], "billing_fallback"),
        (["started_send", "rotated_send"], "*_send"),
        (["ready_cancelled", "rotate_credential_cancelled"], "*_cancelled"),
        (["answered", "failed"], "answered / failed"),
    ],
)
def test_the_shared_name(names: list[str], shared: str) -> None:
    assert shared_name(names) == shared


def test_every_guard_says_what_it_means() -> None:
    for row in TABLE:
        assert meaning(row).endswith("."), row.name


def test_a_row_without_a_guard_is_the_last_resort() -> None:
    assert meaning(BY_NAME["terminal"]) == "None of the rows above holds."
