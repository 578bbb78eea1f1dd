"""A table goes to a file and comes back; what is no table is refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.diagrams import facts, saved, xstate
from orchestrator.lab.diagrams.overlay import Mark, Overlay
from orchestrator.lab.diagrams.plain import UNGUARDED, PlainTable
from tests.orchestrator.lab.diagrams.tables import PRESENT, SHOWN, tables

GOOD = saved.as_mapping(PRESENT)
MACHINE = xstate.config(PRESENT)


@given(tables())
def test_what_was_saved_is_read_back(table: PlainTable) -> None:
    assert saved.read(json.dumps(saved.as_mapping(table))) == table


def test_the_table_that_runs_is_read_back_from_both_forms() -> None:
    read = saved.read(xstate.write(PRESENT))

    assert saved.read(json.dumps(GOOD)) == PRESENT
    assert set(read.rows) == set(PRESENT.rows)
    assert (read.states, read.initial) == (PRESENT.states, PRESENT.initial)
    assert next(row for row in read.rows if row.name == "terminal").meaning == UNGUARDED


@pytest.mark.parametrize("said", SHOWN.values(), ids=SHOWN.keys())
def test_what_is_said_of_rows_does_not_keep_it_from_being_read(said: Overlay) -> None:
    mapping = facts.as_mapping(PRESENT, said)

    assert saved.read(json.dumps(mapping)) == PRESENT
    assert mapping["said"].keys() == {name for name, mark in said.marks.items() if mark != Mark()}


def test_the_counts_and_steps_of_rows_are_there() -> None:
    heat = facts.as_mapping(PRESENT, SHOWN["heat"])
    path = facts.as_mapping(PRESENT, SHOWN["path"])

    assert heat["said"]["started_spent"] == {"look": "never", "count": 0}
    assert path["said"]["rotate"] == {"look": "taken", "steps": [3]}
    assert "said" not in facts.as_mapping(PRESENT, Overlay())


def broken(**values: Any) -> str:
    return json.dumps({**GOOD, **values})


def machine(state: object) -> str:
    return json.dumps({**MACHINE, "states": {**MACHINE["states"], "ready": state}})


ROW = GOOD["rows"][0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", "it holds a JSON list; allowed: an object"),
        ("{}", "it is no table: it is empty; allowed: what `orchestrator diagram"),
        ('{"name": 1, "on": 2}', "it is no table: its keys are 'name', 'on'"),
        (broken(version=2), "version is 2; allowed: 1"),
        (broken(states={}), "states is a JSON object; allowed: a list"),
        (broken(rows=[3]), r"rows\[0\] is a JSON number; allowed: an object"),
        (broken(rows=[{}]), r"rows\[0\]: name is missing"),
        (broken(rows=[{**ROW, "to": None}]), r"rows\[0\]: to is None; allowed: a text"),
        (broken(rows=[{**ROW, "guard": 3}]), r"rows\[0\]: guard is 3; allowed: a text"),
        (broken(rows=[{**ROW, "to": "nowhere"}]), "row 'started_spent' names a state 'nowhere'"),
        (broken(rows=[ROW, ROW]), "'started_spent' is there twice"),
        (broken(initial="begin"), "the initial state 'begin' is none; allowed: ready, attempt"),
        (machine([]), "states.ready is a JSON list; allowed: an object"),
        (machine({"on": []}), "states.ready.on is a JSON list; allowed: an object"),
        (machine({"on": {"A": "b"}}), "states.ready.on.A is a JSON text; allowed: a list"),
        (machine({"on": {"A": [{}]}}), r"states.ready.on.A\[0\].meta is missing: it names the row"),
    ],
)
def test_what_is_no_table_is_refused_with_what_was_found(text: str, said: str) -> None:
    with pytest.raises(saved.BadTable, match=said):
        saved.read(text)


@given(st.text())
def test_whatever_the_text_the_error_is_one(text: str) -> None:
    with pytest.raises(saved.BadTable):
        saved.read(text)
