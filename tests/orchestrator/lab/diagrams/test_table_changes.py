"""The difference of two tables: all of it, and nothing else."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams.building import build
from orchestrator.lab.diagrams.graph import ANY
from orchestrator.lab.diagrams.overlay import Look
from orchestrator.lab.diagrams.plain import PlainRow, PlainState, PlainTable
from orchestrator.lab.diagrams.table_changes import Change, Kind, table_changes
from tests.orchestrator.lab.diagrams.tables import (
    DIAGNOSED,
    NAMES,
    PRESENT,
    changed,
    tables,
    with_rows,
    without,
)

BY_NAME = {row.name: row for row in PRESENT.rows}


@given(tables())
def test_a_table_does_not_differ_from_itself(table: PlainTable) -> None:
    changes = table_changes(table, table)

    assert (changes.rows, changes.states, changes.table) == ((), (), table)


@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_what_one_of_them_lacks_was_added_or_removed(old: set[str], new: set[str]) -> None:
    changes = table_changes(without(*old), without(*new))

    kinds = {change.name: change.kind for change in changes.rows}
    assert kinds == dict.fromkeys(old - new, Kind.ADDED) | dict.fromkeys(new - old, Kind.REMOVED)
    both = {row.name for row in changes.table.rows}
    assert both == set(NAMES) - (old & new)


@given(st.sets(st.sampled_from(NAMES)))
def test_what_was_removed_is_drawn_where_it_was(gone: set[str]) -> None:
    assert table_changes(PRESENT, without(*gone)).table.rows == PRESENT.rows


@given(st.permutations(DIAGNOSED[:6]))
def test_as_few_rows_as_possible_have_moved(order: list[str]) -> None:
    places = iter(order)
    shuffled = with_rows(
        tuple(BY_NAME[next(places)] if row.name in DIAGNOSED[:6] else row for row in PRESENT.rows)
    )
    moved = {change.name for change in table_changes(PRESENT, shuffled).rows}

    stayed = [name for name in order if name not in moved]
    assert stayed == sorted(stayed, key=DIAGNOSED.index)
    assert moved <= set(order)
    assert (moved == set()) == (tuple(order) == DIAGNOSED[:6])


def test_a_row_that_moved_is_said_to_have_passed_another() -> None:
    rows = list(PRESENT.rows)
    bypass = BY_NAME["billing_terminal"]
    rows.remove(bypass)
    rows.insert(rows.index(BY_NAME["rotate"]) + 1, bypass)

    (change,) = table_changes(PRESENT, with_rows(tuple(rows))).rows
    assert change == Change(Kind.CHANGED, "billing_terminal", ("moved below rotate",))
    (back,) = table_changes(with_rows(tuple(rows)), PRESENT).rows
    assert back.what == ("moved above repair",)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("to", "retry", "to retry, was repair"),
        ("guard", "repair_known", "guard repair_known, was a_repair_is_known"),
        ("effect", "leave", "effect leave, was nothing"),
        ("code", "0123", "code of the guard changed"),
        ("effect_code", "0123", "code of the effect changed"),
        ("state", "stream", "state stream, was classify"),
        ("event", "Failed", "event Failed, was Diagnosed"),
    ],
)
def test_each_part_of_a_row_is_compared(name: str, value: str, said: str) -> None:
    found = table_changes(PRESENT, changed("repair", **{name: value})).rows

    assert found == (Change(Kind.CHANGED, "repair", (said,)),)


def test_a_fingerprint_that_is_not_known_is_no_difference() -> None:
    assert table_changes(changed("repair", code="", effect_code=""), PRESENT).rows == ()


def test_states_are_compared_too() -> None:
    states = tuple(
        attrs.evolve(state, command="Sleep") if state.name == "retry" else state
        for state in PRESENT.states
    )
    new = attrs.evolve(PRESENT, states=(*states, PlainState("pause", "Wait")))

    assert table_changes(PRESENT, new).states == (
        Change(Kind.CHANGED, "retry", ("asks for Sleep, was Wait",)),
        Change(Kind.ADDED, "pause"),
    )
    assert table_changes(new, PRESENT).states[-1] == Change(Kind.REMOVED, "pause")


def test_a_row_that_was_changed_is_drawn_apart_from_those_that_were_alike() -> None:
    changes = table_changes(PRESENT, changed("waited_send", code="0123"))
    graph = build(changes.table, changes.overlay("a"))

    apart = [choice for choice in graph.choices if "retry" in choice.states]
    assert [choice.states for choice in apart] == [("retry",)]
    looks = {arrow.look for arrow in graph.arrows if "waited_send" in arrow.rows}
    assert looks == {Look.CHANGED, Look.SAME}  # the guard's arrow, and the event's


@pytest.mark.parametrize(
    ("old", "new", "apart"),
    [
        (PRESENT, PRESENT, []),
        (changed("retry_cancelled", effect="nothing"), PRESENT, [("retry", "fail_terminal")]),
        (
            attrs.evolve(
                PRESENT,
                states=(*PRESENT.states, PlainState("pause")),
                rows=(*PRESENT.rows, PlainRow("away", "pause", "Cancelled", None, "fail_terminal")),
            ),
            PRESENT,
            [("pause", "fail_terminal")],
        ),
    ],
    ids=["nothing", "one changed", "a state removed"],
)
def test_what_every_state_shares_is_drawn_once_whatever_was_changed(
    old: PlainTable, new: PlainTable, apart: list[tuple[str, str]]
) -> None:
    changes = table_changes(old, new)
    arrows = [
        arrow
        for arrow in build(changes.table, changes.overlay("a")).arrows
        if any(line.text in ("Cancelled", "DeadlineReached") for line in arrow.lines)
    ]

    assert (arrows[-1].tail, arrows[-1].look) == (ANY, Look.SAME)
    assert [(arrow.tail, arrow.head) for arrow in arrows[:-1]] == apart
    assert all(arrow.look is not Look.SAME for arrow in arrows[:-1])


def test_a_row_that_was_removed_has_no_place() -> None:
    changes = table_changes(PRESENT, without("billing_fallback"))
    lines = [line for arrow in build(changes.table, changes.overlay("a")).arrows
             for line in arrow.lines if arrow.tail == "choice_classify"]  # fmt: skip

    places = [line.place for line in sorted(lines, key=lambda line: line.order)]
    assert places == ["1", "2", "-", *map(str, range(3, len(DIAGNOSED)))]
