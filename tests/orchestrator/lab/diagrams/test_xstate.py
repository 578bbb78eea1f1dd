"""XState's JSON: every row once, in order, between states that are there.

The export itself was run with xstate 5.33.3 (2026-11-21): every row was taken, with its
actions, and the entry of the state it leads to; what is checked here is what that needs.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from orchestrator.lab.diagrams import xstate
from orchestrator.lab.diagrams.plain import PlainTable
from orchestrator.states.call import State
from orchestrator.states.table import TABLE
from tests.orchestrator.lab.diagrams.tables import PRESENT, tables

MACHINE: dict[str, Any] = json.loads(xstate.write())
KEYS = {"target", "guard", "actions", "description", "meta", "reenter"}


def transitions(machine: dict[str, Any], state: str, event: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = machine["states"][state]["on"][event]
    return found


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_is_there_once_with_all_its_parts(row: Any) -> None:
    drawn = [
        one
        for one in transitions(MACHINE, row.state.value, row.event.__name__)
        if one["meta"]["row"] == row.name
    ]

    assert len(drawn) == 1
    assert drawn[0].keys() <= KEYS
    assert drawn[0]["target"] == row.to.value
    assert drawn[0].get("guard") == (row.guard.__name__ if row.guard else None)
    effect = row.effect.__name__
    assert drawn[0].get("actions") == (None if effect == "nothing" else [effect])


@given(tables())
def test_the_rows_of_an_event_keep_their_order(table: PlainTable) -> None:
    machine = xstate.config(table)
    for row in table.rows:
        alike = [one.name for one in table.rows if (one.state, one.event) == (row.state, row.event)]
        drawn = transitions(machine, row.state, row.event)
        assert [one["meta"]["row"] for one in drawn] == alike
    assert sum(
        len(found) for state in machine["states"].values() for found in state.get("on", {}).values()
    ) == len(table.rows)


@given(tables())
def test_every_target_is_a_state(table: PlainTable) -> None:
    machine = xstate.config(table)
    for state in machine["states"].values():
        for found in state.get("on", {}).values():
            assert {one["target"] for one in found} <= machine["states"].keys()
    assert machine["initial"] in machine["states"]


def test_the_final_states_are_final_and_lead_nowhere() -> None:
    final = {name for name, state in MACHINE["states"].items() if state.get("type") == "final"}

    assert final == {state.value for state in State if state.final}
    assert all("on" not in MACHINE["states"][name] for name in final)
    assert list(MACHINE["states"]) == [state.value for state in State]


def test_states_ask_for_their_command_on_entry() -> None:
    asked = {name: state.get("entry") for name, state in MACHINE["states"].items()}

    assert asked["ready"] is None
    assert asked["attempt"] == [{"type": "Send"}]
    assert asked["fail_terminal"] == [{"type": "Finish"}]


def test_a_row_that_leads_back_enters_its_state_anew() -> None:
    again = [
        one["meta"]["row"]
        for state in MACHINE["states"].values()
        for found in state.get("on", {}).values()
        for one in found
        if one.get("reenter")
    ]

    assert sorted(again) == ["switched_fallback", "waited_wait"]
    assert sorted(again) == sorted(row.name for row in PRESENT.rows if row.state == row.to)
