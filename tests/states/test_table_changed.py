"""Every row, its place among the others and its effect are needed.

Each test changes the table in one way, sends the committed ways and walks through the
machine built from it, and names who noticed: a walk that ends otherwise, or breaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import attrs
import pytest

from orchestrator.states import TABLE, IllegalEvent, Row
from orchestrator.states.effects import nothing
from orchestrator.states.machine import Stepper, build
from tests.states import test_walks, test_walks_pool, test_walks_waits
from tests.states.walk import Walk
from tests.states.ways import BOTH, WAYS, expected, gone

Table = tuple[Row, ...]

WALKS = test_walks.WALKS | test_walks_pool.WALKS | test_walks_waits.WALKS

NOTHING_TO_LEAVE = {
    "started_fallback has no effect": "before the first send there is no target and no error",
    "switched_fallback has no effect": "the switch itself has left the target",
}
"""Effects that only one of the five arrivals does not need; all five share their rows."""


def changes() -> dict[str, Table]:
    """The changed tables, by what was done."""
    tables = {f"{row.name} is deleted": without(row) for row in TABLE}
    for one, other in pairwise(TABLE):
        if (one.state, one.event) == (other.state, other.event):
            tables[f"{other.name} stands above {one.name}"] = swapped(one, other)
    for row in TABLE:
        if row.effect is not nothing:
            tables[f"{row.name} has no effect"] = replaced(row, attrs.evolve(row, effect=nothing))
    return tables


def without(gone: Row) -> Table:
    return tuple(row for row in TABLE if row is not gone)


def replaced(old: Row, new: Row) -> Table:
    return tuple(new if row is old else row for row in TABLE)


def swapped(one: Row, other: Row) -> Table:
    places = {one.name: other, other.name: one}
    return tuple(places.get(row.name, row) for row in TABLE)


CHANGES = changes()


def noticed_by(stepper: Stepper) -> Iterator[str]:
    """The tests that fail on this machine."""
    for name in WAYS:
        if fails(partial(take_way, name, stepper)):
            yield f"test_way[{name}]"
    for upper, lower in BOTH:
        if fails(partial(take_upper, upper, lower, stepper)):
            yield f"test_where_two_rows_hold_the_upper_is_taken[{upper} above {lower}]"
    for name, walk in WALKS.items():
        if fails(partial(take_walk, walk, stepper)):
            yield f"test_walk[{name}]"


def take_way(name: str, stepper: Stepper) -> None:
    assert expected(name) == gone(WAYS[name], stepper)


def take_upper(upper: str, lower: str, stepper: Stepper) -> None:
    assert upper == gone(BOTH[upper, lower], stepper)[0]


def take_walk(walk: Walk, stepper: Stepper) -> None:
    assert walk.expected == walk.walked(stepper)


def fails(check: Callable[[], None]) -> bool:
    try:
        check()
    except (AssertionError, IllegalEvent):  # a machine without a row breaks instead
        return True
    return False


def test_the_table_that_ships_disturbs_nobody() -> None:
    assert list(noticed_by(build(TABLE))) == []
    assert CHANGES.keys() >= NOTHING_TO_LEAVE.keys()


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_table_is_noticed(change: str) -> None:
    noticed = next(noticed_by(build(CHANGES[change])), None)

    assert (noticed is None) == (change in NOTHING_TO_LEAVE)
