"""Counting the rows that calls took."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams.heat import Counting
from orchestrator.lab.diagrams.trace import BrokenLedger
from tests.orchestrator.lab.diagrams.tables import NAMES

moves = st.tuples(st.sampled_from("abc"), st.sampled_from(NAMES))


def line(call: str, row: str) -> str:
    return json.dumps({"kind": "transition", "call": call, "row": row})


def rows(**counts: object) -> str:
    return json.dumps({"kind": "rows", "rows": counts})


@given(st.lists(st.lists(moves), min_size=1).filter(any))
def test_every_move_of_every_ledger_is_counted(ledgers: list[list[tuple[str, str]]]) -> None:
    counting = Counting()
    for number, ledger in enumerate(ledgers):
        counting.read(str(number), [line(*move) for move in ledger])
    heat = counting.heat

    assert heat.counts == Counter(row for ledger in ledgers for _, row in ledger)
    assert heat.calls == sum(len({call for call, _ in ledger}) for ledger in ledgers)
    assert set(heat.never()) == set(NAMES) - heat.counts.keys()
    assert heat.foreign == {}


def test_counts_of_a_test_run_are_added_and_are_no_calls() -> None:
    counting = Counting()
    counting.read("calls.jsonl", [line("a", "failed"), "", line("a", "retry")])
    counting.read("tests.jsonl", [rows(failed=3, repair=0), rows(repair=2)])

    assert counting.heat.counts == {"failed": 4, "retry": 1, "repair": 2}
    assert counting.heat.calls == 1


def test_a_row_of_another_version_is_counted_apart() -> None:
    counting = Counting()
    counting.read("a", [line("a", "failed"), line("a", "teleport"), line("b", "teleport")])

    assert counting.heat.counts == {"failed": 1}
    assert counting.heat.foreign == {"teleport": 2}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('{"kind": "tran', "line 2 is not JSON"),
        ("[]", "line 2 is no JSON object"),
        ("{}", "line 2: 'kind' is missing"),
        ('{"kind": "transition", "call": "a"}', "line 2: 'row' is missing"),
        ('{"kind": "rows"}', "line 2: 'rows' is None, not an object"),
        (rows(retry=-1), "line 2: rows.retry is -1; allowed: 0 or more"),
        (rows(retry=True), "line 2: rows.retry is True"),
    ],
)
def test_what_is_broken_is_named_with_its_line(bad: str, said: str) -> None:
    with pytest.raises(BrokenLedger, match=said):
        Counting().read("a", [line("a", "failed"), bad])


def test_where_nothing_was_taken_there_is_nothing_to_count() -> None:
    counting = Counting()
    counting.read("a", ['{"kind": "attempt", "call": "a"}'])

    with pytest.raises(BrokenLedger, match="no transition of any call"):
        _ = counting.heat
