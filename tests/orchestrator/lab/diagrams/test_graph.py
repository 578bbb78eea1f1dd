"""The graph: every row is on it, and exactly the rows of a path are marked."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams.graph import ANY, Arrow, MachineGraph, build
from orchestrator.lab.diagrams.overlay import Emphasis, along, under
from orchestrator.lab.diagrams.plain_table import UnknownRow, plain, rows_of
from orchestrator.states.call import State
from orchestrator.states.table import TABLE, Row

NAMES = [row.name for row in TABLE]
ARRIVALS = ("started", "rotated", "switched", "waited", "repaired")
paths = st.lists(st.sampled_from(NAMES), max_size=12)


def ends(graph: MachineGraph, arrow: Arrow) -> set[tuple[str, str]]:
    """The states that an arrow is part of a way between."""
    choices = {choice.name: choice for choice in graph.choices}
    tails = [arrow.tail]
    if arrow.tail == ANY:
        tails = [state.value for state in State if not state.final]
    if arrow.tail in choices:
        tails = list(choices[arrow.tail].states)
    return {(tail, arrow.head) for tail in tails}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_leads_from_its_state_to_its_destination(row: Row) -> None:
    graph = build(TABLE)

    arrows = [arrow for arrow in graph.arrows if row.name in arrow.rows]

    assert any(
        row.to.value == head and row.state.value == tail
        for arrow in arrows
        for tail, head in ends(graph, arrow)
    )
    assert all(arrow.head == row.to.value or arrow.head.startswith("choice_") for arrow in arrows)


@given(paths)
def test_exactly_the_rows_of_a_path_are_marked_with_their_steps(path: list[str]) -> None:
    graph = build(TABLE, along(path))

    marked: dict[str, set[int]] = {}
    for arrow in graph.arrows:
        for line in arrow.lines:
            for step in line.steps:
                marked.setdefault(path[step - 1], set()).add(step)
                assert path[step - 1] in line.rows

    assert marked == {
        name: {place for place, taken in enumerate(path, 1) if taken == name} for name in path
    }


@given(paths)
def test_a_path_moves_no_arrow(path: list[str]) -> None:
    plain = [(arrow.tail, arrow.head) for arrow in build(TABLE).arrows]
    drawn = [(arrow.tail, arrow.head) for arrow in build(TABLE, along(path)).arrows]

    assert drawn[: len(plain)] == plain
    own = {(row.state.value, row.to.value) for row in TABLE if row.name in path}
    assert set(drawn[len(plain) :]) <= own


def test_there_is_one_arrow_between_two_nodes_and_few_of_them() -> None:
    arrows = [(arrow.tail, arrow.head) for arrow in build(TABLE).arrows]

    assert len(set(arrows)) == len(arrows)
    assert len(arrows) < len(TABLE) / 2


def test_what_every_state_shares_is_drawn_once() -> None:
    (arrow,) = [arrow for arrow in build(TABLE).arrows if arrow.tail == ANY]

    assert [line.text for line in arrow.lines] == ["Cancelled", "DeadlineReached"]
    assert arrow.head == "fail_terminal"


def test_a_row_before_what_every_state_shares_stands_alone_with_its_guard() -> None:
    graph = build(TABLE)
    (line,) = [
        line for arrow in graph.arrows for line in arrow.lines if line.rows == ("left_complete",)
    ]
    (shared,) = [arrow for arrow in graph.arrows if arrow.tail == ANY]

    assert line.text == "Cancelled [all_was_delivered]"
    assert "stream_cancelled" in shared.rows


def test_the_five_arrivals_share_a_choice_until_one_differs() -> None:
    shared, _ = build(TABLE).choices
    changed = tuple(
        attrs.evolve(row, to=State.FAIL_TERMINAL) if row.name == "waited_send" else row
        for row in TABLE
    )

    assert len(shared.groups) == 5
    apart = [choice.states for choice in build(changed).choices if "retry" in choice.states]
    assert apart == [("retry",)]


@pytest.mark.parametrize(
    ("dead", "note"),
    [
        (("waited_wait", "repaired_wait"), ("never after Waited, Repaired",)),
        (tuple(f"{event}_wait" for event in ARRIVALS), ()),
        ((), ()),
    ],
)
def test_what_is_dead_after_some_events_alone_is_said(
    dead: tuple[str, ...], note: tuple[str, ...]
) -> None:
    graph = build(TABLE, under(plain(TABLE), dead, {}, "a"))
    (line,) = [
        line for arrow in graph.arrows for line in arrow.lines if line.text == "a_target_clears"
    ]

    assert line.notes == note
    assert (line.look is Emphasis.DEAD) == (len(dead) == len(ARRIVALS))


def test_guards_keep_their_places_in_the_order_of_the_rows() -> None:
    lines = [
        line
        for arrow in build(TABLE).arrows
        if arrow.tail == "choice_classify"
        for line in arrow.lines
    ]
    ordered = [line.rows[0] for line in sorted(lines, key=lambda line: line.order)]

    assert ordered == [
        row.name
        for row in TABLE
        if row.state is State.CLASSIFY and row.event.__name__ == "Diagnosed"
    ]


def test_an_unknown_row_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownRow, match=r"no row 'billing_falback'; the nearest is 'billing_fall"):
        rows_of(["failed", "billing_falback"], TABLE)
