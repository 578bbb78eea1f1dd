"""The table's structure, and one shortest way into each of its rows.

The ways are listed by row: without a row its own test fails, and no other row may take
its place.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from orchestrator.states import (
    STATES,
    TABLE,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
    Repaired,
    Rotated,
    Row,
    Started,
    State,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from orchestrator.states.table import rows
from tests.states.ways import BOTH, WAYS, both_hold, expected, gone

LEAVES_BY: dict[State, set[type[Event]]] = {
    State.READY: {Started},
    State.ATTEMPT: {Succeeded, Streaming, Failed},
    State.STREAM: {Succeeded, Failed},
    State.CLASSIFY: {Diagnosed},
    State.ROTATE_CREDENTIAL: {Rotated},
    State.EAGER_FALLBACK: {Switched},
    State.RETRY: {Waited},
    State.REPAIR: {Repaired},
}


@pytest.mark.parametrize("name", WAYS)
def test_way(name: str) -> None:
    assert expected(name) == gone(WAYS[name])


@pytest.mark.parametrize(("upper", "lower"), BOTH, ids=[" above ".join(pair) for pair in BOTH])
def test_where_two_rows_hold_the_upper_is_taken(upper: str, lower: str) -> None:
    assert both_hold(upper, lower)
    assert upper == gone(BOTH[upper, lower])[0]


def test_each_two_neighbours_with_guards_have_a_way_where_both_hold() -> None:
    guarded = [row for row in TABLE if row.guard is not None]
    neighbours = {
        (one.name, other.name)
        for one, other in pairwise(guarded)
        if (one.state, one.event) == (other.state, other.event)
    }

    assert neighbours == set(BOTH)


def test_each_row_has_a_way_and_each_way_a_row() -> None:
    assert {row.name for row in TABLE} == set(WAYS)


def test_row_names_are_unique() -> None:
    names = [row.name for row in TABLE]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
def test_a_state_leaves_by_the_events_that_the_design_names(state: State) -> None:
    expected = LEAVES_BY[state] | {Cancelled, DeadlineReached} if not state.final else set()

    assert expected == {row.event for row in rows(state)}
    assert expected == {row.event for row in TABLE if row.state is state}


@pytest.mark.parametrize("state", LEAVES_BY, ids=lambda state: state.value)
def test_the_last_row_of_each_group_holds_always_and_no_other_does(state: State) -> None:
    for kind in {row.event for row in rows(state)}:
        *others, last = [row.guard for row in rows(state) if row.event is kind]
        assert last is None
        assert None not in others


def test_interruptions_lead_to_the_end_unconditionally() -> None:
    ends = {row.to for row in TABLE if row.event in (Cancelled, DeadlineReached) if not row.guard}

    assert ends == {State.FAIL_TERMINAL}


def test_only_a_stream_that_was_complete_is_an_answer_to_who_has_left() -> None:
    ends = {row.name for row in TABLE if row.event is Cancelled and row.to is State.SUCCEED}

    assert ends == {"left_complete"}


def test_each_state_has_one_entry_and_asks_for_one_thing_but_the_initial_one() -> None:
    assert [entry.state for entry in STATES] == list(State)
    assert [entry.state for entry in STATES if entry.enter is None] == [State.READY]
    assert [state for state in State if state.final] == [State.SUCCEED, State.FAIL_TERMINAL]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_guards_and_effects_say_what_they_mean(row: Row) -> None:
    assert row.guard is None or row.guard.__doc__
    assert row.effect.__doc__


def test_no_row_after_billing_stays_at_a_provider_before_the_billing_rows_end() -> None:
    group = [row for row in TABLE if row.state is State.CLASSIFY and row.event is Diagnosed]
    names = [row.name for row in group]
    stays = {State.ROTATE_CREDENTIAL, State.REPAIR, State.RETRY}
    above = group[: names.index("billing_terminal")]

    assert [row.name for row in above if row.to in stays] == ["billing_way_back"]
    assert names[:3] == ["committed", "spent", "billing_fallback"]
