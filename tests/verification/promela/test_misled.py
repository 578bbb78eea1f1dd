"""Mistakes in the machine: each is another machine. Spin says that moves show them."""

from __future__ import annotations

import pytest

from orchestrator.states.table import STATES, TABLE
from verification.promela.misled import MISLED, Misled
from verification.promela.settings import SMALL


@pytest.mark.parametrize("mistake", MISLED, ids=lambda one: one.name)
def test_a_mistake_changes_what_the_machine_calls_and_nothing_else(mistake: Misled) -> None:
    rows = [one.name for one in mistake.table]
    changed = [
        ours.name for ours, other in zip(TABLE, mistake.table, strict=True) if ours != other
    ] + [
        ours.state.name for ours, other in zip(STATES, mistake.entries, strict=True)
        if ours != other
    ]  # fmt: skip

    assert rows == [row.name for row in TABLE]
    assert changed
    assert callable(mistake.machine())


def test_each_has_a_name_of_its_own_and_a_setting_that_shows_it() -> None:
    assert len({one.name for one in MISLED}) == len(MISLED)
    assert {one.setting for one in MISLED} <= set(SMALL)
