"""Reading a path from a ledger."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams.trace import BrokenLedger, calls_of, path_of
from orchestrator.states.table import TABLE, Row


def transition(call: str, row: Row) -> str:
    return json.dumps(
        {
            "kind": "transition",
            "call": call,
            "state": row.state.value,
            "event": row.event.__name__,
            "row": row.name,
            "guard": getattr(row.guard, "__name__", None),
            "to": row.to.value,
        }
    )


taken = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(TABLE)), min_size=1)


@given(taken)
def test_the_last_call_is_read_from_among_the_others(rows: list[tuple[str, Row]]) -> None:
    lines = [transition(call, row) for call, row in rows]
    last = rows[-1][0]

    assert path_of(lines) == tuple(row.name for call, row in rows if call == last)


@given(taken)
def test_the_calls_are_those_that_moved_and_the_last_is_last(rows: list[tuple[str, Row]]) -> None:
    calls = calls_of(transition(call, row) for call, row in rows)

    assert sorted(calls) == sorted({call for call, _ in rows})
    assert calls[-1] == rows[-1][0]


@given(taken)
def test_any_call_is_read_by_its_identity(rows: list[tuple[str, Row]]) -> None:
    lines = [transition(call, row) for call, row in rows]

    for wanted in {call for call, _ in rows}:
        assert path_of(lines, wanted) == tuple(row.name for call, row in rows if call == wanted)


def test_other_kinds_and_empty_lines_are_passed_over() -> None:
    attempt = json.dumps({"kind": "attempt", "call": "a", "number": 1})

    assert path_of([attempt, "", transition("a", TABLE[1]), "\n"]) == (TABLE[1].name,)


GOOD = transition("a", TABLE[0])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([GOOD, '{"kind": "tran'], "line 2 is not JSON"),
        ([GOOD, "[]"], "line 2 is no JSON object"),
        (["[" * 100_000], "line 1 is "),
        ([GOOD, "{}"], "line 2: 'kind' is missing"),
        ([GOOD, '{"kind": 3}'], "line 2: 'kind' is 3, not a text"),
        (['{"kind": "transition", "call": "a"}'], "line 1: 'row' is missing"),
        ([GOOD, GOOD.replace("started_spent", "started_spend")], "line 2: the table has no row"),
        ([], "records no transition of any call"),
        (['{"kind": "attempt", "call": "a"}'], "records no transition of any call"),
    ],
)
def test_what_is_broken_is_named_with_its_line(lines: list[str], said: str) -> None:
    with pytest.raises(BrokenLedger, match=said):
        path_of(lines)


def test_a_call_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(BrokenLedger, match=r"of call 'z'; the last recorded: a, b"):
        path_of([transition("a", TABLE[0]), transition("b", TABLE[0])], "z")


@given(st.lists(st.text()))
def test_whatever_the_lines_the_error_is_one(lines: list[str]) -> None:
    with pytest.raises(BrokenLedger):
        path_of(lines)
