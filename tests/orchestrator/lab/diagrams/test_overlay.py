"""What is said of rows, and of rows that are drawn as one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams.overlay import (
    Emphasis,
    RowMark,
    along,
    blended,
    heated,
    together,
    under,
)
from tests.orchestrator.lab.diagrams.tables import COUNTS, NAMES, PRESENT

looks = st.sampled_from(Emphasis)
marks = st.builds(
    RowMark,
    look=looks,
    steps=st.lists(st.integers(1, 50), max_size=3).map(tuple),
    count=st.one_of(st.none(), st.integers(0, 99)),
    notes=st.lists(st.sampled_from(("a", "b", "c")), max_size=3).map(tuple),
)


@given(st.lists(looks, min_size=1))
def test_rows_of_one_look_keep_it_and_no_order_matters(found: list[Emphasis]) -> None:
    assert blended([found[0]] * 3) is found[0]
    assert blended(found) is blended(reversed(found))


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ((Emphasis.TAKEN, Emphasis.NEVER), Emphasis.TAKEN),
        ((Emphasis.TAKEN, Emphasis.PLAIN), Emphasis.TAKEN),
        ((Emphasis.PLAIN, Emphasis.DEAD), Emphasis.PLAIN),
        ((Emphasis.SAME, Emphasis.ADDED), Emphasis.SAME),
        ((Emphasis.SAME, Emphasis.DEAD), Emphasis.SAME),
        ((Emphasis.ADDED, Emphasis.DEAD), Emphasis.ADDED),
        ((Emphasis.ADDED, Emphasis.REMOVED), Emphasis.CHANGED),
    ],
)
def test_what_holds_of_some_is_not_said_of_all(
    found: tuple[Emphasis, ...], shown: Emphasis
) -> None:
    for order in itertools.permutations(found):
        assert blended(order) is shown


@given(st.lists(marks, min_size=1))
def test_nothing_that_is_said_of_a_row_is_lost(found: list[RowMark]) -> None:
    one = together(found)

    assert list(one.steps) == sorted(step for mark in found for step in mark.steps)
    assert set(one.notes) == {note for mark in found for note in mark.notes}
    assert len(set(one.notes)) == len(one.notes)
    counts = [mark.count for mark in found if mark.count is not None]
    assert one.count == (sum(counts) if counts else None)


def test_no_path_says_nothing_and_a_path_dims_the_rest() -> None:
    assert along(()).of("retry") == RowMark()
    assert along(("failed", "retry", "failed")).of("failed") == RowMark(Emphasis.TAKEN, (1, 3))
    assert along(("failed",)).of("retry") == RowMark(Emphasis.FAINT)


def test_dead_rows_say_no_bound_and_the_legend_speaks_only_of_what_is_there() -> None:
    notes = dict.fromkeys(NAMES, ("at most 3",))

    assert under(PRESENT, ["retry"], notes, "a").of("retry") == RowMark(Emphasis.DEAD)
    assert under(PRESENT, ["retry"], notes, "a").of("rotate") == RowMark(notes=("at most 3",))
    assert under(PRESENT, [], notes, "a").legend == ()
    assert [look for look, _ in under(PRESENT, ["retry"], notes, "a").legend] == [Emphasis.DEAD]


def test_every_row_has_its_count() -> None:
    said = heated(PRESENT, COUNTS, "a")

    assert {name: said.of(name).count for name in NAMES} == {
        name: COUNTS.get(name, 0) for name in NAMES
    }
    assert {said.of(name).look for name in COUNTS} == {Emphasis.TAKEN}
    assert {said.of(name).look for name in NAMES if name not in COUNTS} == {Emphasis.NEVER}
