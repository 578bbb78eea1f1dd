"""Which rows and guards moves showed."""

from __future__ import annotations

from collections import Counter

from orchestrator.states.table import TABLE
from verification.promela.coverage import guarded, missing

EVERY = Counter({row.name: 1 for row in TABLE})


def test_moves_that_take_every_row_show_everything() -> None:
    assert missing([EVERY]) == []


def test_moves_of_several_settings_count_together() -> None:
    halves = [Counter({row.name: 1 for row in TABLE[place::2]}) for place in (0, 1)]

    assert missing(halves) == []
    assert missing(halves[:1]) != []


def test_a_row_that_nobody_takes_is_named() -> None:
    assert missing([EVERY - Counter(["way_back"])]) == ["row way_back is not taken"]


def test_a_guard_that_never_fails_is_named() -> None:
    names = [row.name for row in TABLE if row.name.startswith("started_")][1:]

    found = missing([EVERY - Counter(names)])

    assert [f"row {name} is not taken" for name in names] == found[: len(names)]
    assert "the guard of row started_spent never fails" in found


def test_rows_without_a_guard_are_not_counted() -> None:
    assert guarded() == len([row for row in TABLE if row.guard is not None])
