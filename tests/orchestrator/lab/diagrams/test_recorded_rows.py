"""The path of a recorded call, and the counts of many."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams.recorded_rows import RowCounter, path_of
from orchestrator.ledger import BrokenLedger
from orchestrator.states.table import TABLE, Row
from tests.orchestrator.lab.diagrams.tables import NAMES

moves = st.tuples(st.sampled_from("abc"), st.sampled_from(NAMES))


def text(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def line(call: str, row: str) -> bytes:
    return text(kind="transition", call=call, row=row)


def rows(**counts: object) -> bytes:
    return text(kind="rows", rows=counts)


@given(st.lists(st.lists(moves), min_size=1).filter(any))
def test_every_move_of_every_ledger_is_counted(ledgers: list[list[tuple[str, str]]]) -> None:
    counting = RowCounter()
    for number, ledger in enumerate(ledgers):
        counting.read(str(number), [line(*move) for move in ledger])
    total = counting.total

    assert total.counts == Counter(row for ledger in ledgers for _, row in ledger)
    assert total.calls == sum(len({call for call, _ in ledger}) for ledger in ledgers)
    assert set(total.never()) == set(NAMES) - total.counts.keys()
    assert total.foreign == {}


def test_counts_of_a_test_run_are_added_and_are_no_calls() -> None:
    counting = RowCounter()
    counting.read("calls.jsonl", [line("a", "failed"), b"\n", line("a", "retry")])
    counting.read("tests.jsonl", [rows(failed=3, repair=0), rows(repair=2)])

    assert counting.total.counts == {"failed": 4, "retry": 1, "repair": 2}
    assert counting.total.calls == 1


def test_a_row_of_another_version_is_counted_apart() -> None:
    counting = RowCounter()
    counting.read("a", [line("a", "failed"), line("a", "teleport"), line("b", "teleport")])

    assert counting.total.counts == {"failed": 1}
    assert counting.total.foreign == {"teleport": 2}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"{]\n", "a, line 2 is not JSON"),
        (b"[]\n", "a, line 2: found a list; allowed: a JSON object"),
        (b"{}\n", "a, line 2: 'kind' is missing"),
        (text(kind="transition", call="a"), "a, line 2: 'row' is missing"),
        (text(kind="rows"), "a, line 2: 'rows' is None, not an object"),
        (rows(retry=-1), "line 2: rows.retry is -1; allowed: 0 or more"),
        (rows(retry=True), "line 2: rows.retry is True"),
    ],
)
def test_what_is_broken_is_named_with_its_line(bad: bytes, said: str) -> None:
    with pytest.raises(BrokenLedger, match=said):
        RowCounter().read("a", [line("a", "failed"), bad])


def test_where_nothing_was_taken_there_is_nothing_to_count() -> None:
    counting = RowCounter()
    counting.read("a", [text(kind="attempt", call="a")])

    with pytest.raises(BrokenLedger, match="no transition of any call"):
        _ = counting.total


taken = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(TABLE)), min_size=1)


@given(taken)
def test_the_last_call_is_read_from_among_the_others(rows: list[tuple[str, Row]]) -> None:
    found = path_of(line(call, row.name) for call, row in rows)
    last = rows[-1][0]

    assert found.call == last
    assert found.rows == tuple(row.name for call, row in rows if call == last)
    assert sorted([found.call, *found.others]) == sorted({call for call, _ in rows})


@given(taken)
def test_any_call_is_read_by_its_identity(rows: list[tuple[str, Row]]) -> None:
    lines = [line(call, row.name) for call, row in rows]

    for wanted in {call for call, _ in rows}:
        assert path_of(lines, wanted).rows == tuple(
            row.name for call, row in rows if call == wanted
        )


def test_other_kinds_empty_lines_and_what_is_just_being_written_are_passed_over() -> None:
    lines = [text(kind="attempt", call="a"), b"", line("a", "failed"), b"\n", b'{"kind": "tran']

    assert path_of(lines).rows == ("failed",)


GOOD = line("a", "failed")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([GOOD, b"{]\n"], "line 2 is not JSON"),
        ([GOOD, b"[]\n"], "line 2: found a list"),
        ([b"[" * 100_000 + b"\n"], "line 1 is "),
        ([GOOD, b'{"kind": 3}\n'], "line 2: 'kind' is 3, not a text"),
        ([GOOD, line("a", "faild")], "line 2: the table has no row"),
        ([], "records no transition of any call"),
        ([text(kind="attempt", call="a")], "records no transition of any call"),
    ],
)
def test_a_path_that_is_broken_is_named_with_its_line(lines: list[bytes], said: str) -> None:
    with pytest.raises(BrokenLedger, match=said):
        path_of(lines)


def test_a_call_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(BrokenLedger, match=r"of call 'z'; the last recorded: a, b"):
        path_of([line("a", "failed"), line("b", "failed")], "z")


@given(st.lists(st.binary()))
def test_whatever_the_lines_the_error_is_one(lines: list[bytes]) -> None:
    with pytest.raises(BrokenLedger):
        path_of(lines)
