"""Tables in files: our own JSON, and XState's read back.

A table that was saved with an older commit can be drawn and compared with the present
one, although its guards are not there any more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from orchestrator.lab.diagrams.plain import (
    NO_EFFECT,
    UNGUARDED,
    PlainRow,
    PlainState,
    PlainTable,
    Table,
    plain,
)
from orchestrator.states.table import TABLE

FORMAT = "orchestrator-table"
VERSION = 1


class BadTable(ValueError):
    """A file is no saved table. The text says where, what was found and what is allowed."""


def as_mapping(table: Table = TABLE) -> dict[str, Any]:
    """The table as a mapping that JSON can say."""
    machine = plain(table, codes=True)
    return {
        "format": FORMAT,
        "version": VERSION,
        "initial": machine.initial,
        "states": [attrs.asdict(state) for state in machine.states],
        "rows": [attrs.asdict(row) for row in machine.rows],
    }


def read(text: str) -> PlainTable:
    """The table in ``text``: our own JSON, or XState's with rows named in ``meta``.

    Raises:
        BadTable: It is neither.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadTable(f"it is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadTable(f"it holds a JSON {_kind(value)}; allowed: an object")
    if value.get("format") == FORMAT:
        return _checked(_own(value))
    if isinstance(value.get("states"), dict):
        return _checked(_xstate(value))
    raise BadTable(
        f"it is no table: {_found(value)}; allowed: what `orchestrator diagram --format json` or "
        "`--format xstate` writes"
    )


def _own(value: Mapping[str, Any]) -> PlainTable:
    if value.get("version") != VERSION:
        raise BadTable(f"version is {value.get('version')!r}; allowed: {VERSION}")
    states = tuple(_state(one, where) for where, one in _objects(value, "states"))
    rows = tuple(_row(one, where) for where, one in _objects(value, "rows"))
    return PlainTable(states, rows, _text(value, "initial", "the table"))


def _state(value: Mapping[str, Any], where: str) -> PlainState:
    name, command = _text(value, "name", where), _text(value, "command", where, "")
    return PlainState(name, command, value.get("final") is True)


def _row(value: Mapping[str, Any], where: str) -> PlainRow:
    needed = {name: _text(value, name, where) for name in ("name", "state", "event", "to")}
    rest = ("effect", "meaning", "code", "effect_code")
    known = {name: _text(value, name, where) for name in rest if name in value}
    return PlainRow(guard=_guard(value, where), **needed, **known)


def _xstate(value: Mapping[str, Any]) -> PlainTable:
    states: list[PlainState] = []
    rows: list[PlainRow] = []
    for name, state in value["states"].items():
        where = f"states.{name}"
        if not isinstance(state, dict):
            raise BadTable(f"{where} is a JSON {_kind(state)}; allowed: an object")
        states.append(PlainState(name, _command(state), state.get("type") == "final"))
        on = state.get("on", {})
        if not isinstance(on, dict):
            raise BadTable(f"{where}.on is a JSON {_kind(on)}; allowed: an object")
        for event in on:
            rows += [
                _from_transition(name, event, found, place)
                for place, found in _objects(on, event, f"{where}.on.")
            ]
    return PlainTable(tuple(states), tuple(rows), _text(value, "initial", "the machine"))


def _from_transition(state: str, event: str, found: Mapping[str, Any], where: str) -> PlainRow:
    meta = found.get("meta")
    if not isinstance(meta, dict):
        raise BadTable(f"{where}.meta is missing: it names the row")
    actions = found.get("actions") or [NO_EFFECT]
    return PlainRow(
        _text(meta, "row", f"{where}.meta"),
        state,
        event,
        _guard(found, where),
        _text(found, "target", where),
        str(actions[0]) if isinstance(actions, list) else str(actions),
        _text(found, "description", where, "" if "guard" in found else UNGUARDED),
        _text(meta, "code", where, ""),
        _text(meta, "effect_code", where, ""),
    )


def _command(state: Mapping[str, Any]) -> str:
    entry = state.get("entry")
    first = entry[0] if isinstance(entry, list) and entry else None
    return str(first["type"]) if isinstance(first, dict) and "type" in first else ""


def _checked(table: PlainTable) -> PlainTable:
    """``table``, where its names fit together."""
    states = [state.name for state in table.states]
    for one in (*_twice(states), *_twice([row.name for row in table.rows])):
        raise BadTable(f"{one!r} is there twice")
    if table.initial not in states:
        raise BadTable(f"the initial state {table.initial!r} is none; allowed: {', '.join(states)}")
    for row in table.rows:
        for name in (row.state, row.to):
            if name not in states:
                raise BadTable(
                    f"row {row.name!r} names a state {name!r} that is none; allowed: "
                    f"{', '.join(states)}"
                )
    return table


def _twice(names: Sequence[str]) -> list[str]:
    return [name for place, name in enumerate(names) if name in names[:place]]


def _objects(
    value: Mapping[str, Any], name: str, prefix: str = ""
) -> list[tuple[str, Mapping[str, Any]]]:
    """(where, object) of each element of the list that is called ``name``."""
    found = value.get(name)
    if not isinstance(found, list):
        raise BadTable(f"{prefix}{name} is a JSON {_kind(found)}; allowed: a list")
    for place, one in enumerate(found):
        if not isinstance(one, dict):
            raise BadTable(f"{prefix}{name}[{place}] is a JSON {_kind(one)}; allowed: an object")
    return [(f"{prefix}{name}[{place}]", one) for place, one in enumerate(found)]


def _text(value: Mapping[str, Any], name: str, where: str, default: str | None = None) -> str:
    found = value.get(name, default)
    if not isinstance(found, str):
        said = "is missing" if name not in value else f"is {found!r}; allowed: a text"
        raise BadTable(f"{where}: {name} {said}")
    return found


def _guard(value: Mapping[str, Any], where: str) -> str | None:
    return None if value.get("guard") is None else _text(value, "guard", where)


def _kind(value: object) -> str:
    kinds = {dict: "object", list: "list", str: "text", bool: "truth value", type(None): "null"}
    return kinds.get(type(value), "number")


def _found(value: Mapping[str, Any]) -> str:
    names = ", ".join(map(repr, list(value)[:4]))
    return f"its keys are {names}" if names else "it is empty"
