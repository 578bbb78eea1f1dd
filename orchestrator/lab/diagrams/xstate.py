"""The table as JSON that XState v5 reads: ``createMachine(JSON.parse(text))``.

https://stately.ai/docs/machines and /docs/transitions (2026-11): guards and actions are
named here and implemented by whoever runs it; of the transitions of an event the first
whose guard holds is taken, as in the table. A row's name stands in its ``meta``.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from orchestrator.lab.diagrams.plain import NO_EFFECT, PlainRow, PlainState, Table, plain
from orchestrator.states.table import TABLE

IDENTITY = "call"
"""The machine's ``id``: one call is one instance of it."""


def write(table: Table = TABLE) -> str:
    """The machine's config as JSON, indented."""
    return json.dumps(config(table), indent=2) + "\n"


def config(table: Table = TABLE) -> dict[str, Any]:
    """The machine's config: ``id``, ``initial``, ``context`` and ``states``."""
    machine = plain(table, codes=True)
    return {
        "id": IDENTITY,
        "initial": machine.initial,
        "context": {},
        "states": {
            state.name: _state(state, [row for row in machine.rows if row.state == state.name])
            for state in machine.states
        },
    }


def _state(state: PlainState, rows: list[PlainRow]) -> dict[str, Any]:
    drawn: dict[str, Any] = {"type": "final"} if state.final else {}
    if state.command:
        drawn["entry"] = [{"type": state.command}]
    events = itertools.groupby(sorted(rows, key=_place(rows)), key=lambda row: row.event)
    transitions = {event: [_transition(row) for row in group] for event, group in events}
    return {**drawn, "on": transitions} if transitions else drawn


def _place(rows: list[PlainRow]) -> Any:
    """Rows of one event together, and otherwise in the table's order."""
    first = {event: place for place, event in enumerate(dict.fromkeys(row.event for row in rows))}
    return lambda row: first[row.event]


def _transition(row: PlainRow) -> dict[str, Any]:
    drawn: dict[str, Any] = {"target": row.to}
    if row.to == row.state:
        # Its command is to be issued anew, and XState enters a state again only if told so.
        drawn["reenter"] = True
    if row.guard is not None:
        drawn["guard"] = row.guard
    if row.effect != NO_EFFECT:
        drawn["actions"] = [row.effect]
    if row.guard is not None and row.meaning:
        drawn["description"] = row.meaning
    codes = {"code": row.code, "effect_code": row.effect_code}
    return {**drawn, "meta": {"row": row.name, **{key: one for key, one in codes.items() if one}}}
