"""From a recorded call to the path that it took: the names of its rows, in order.

A ledger is JSON lines. Read here are those of the kind ``transition``, by their ``call``
and ``row``; what else a line says is for others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from orchestrator.lab.diagrams.graph import UnknownRow, rows_of
from orchestrator.lab.diagrams.plain import Table, plain
from orchestrator.states.table import TABLE


class BrokenLedger(ValueError):
    """A ledger cannot be read, or not as one of this machine."""


def path_of(
    lines: Iterable[str], call: str | None = None, *, table: Table = TABLE
) -> tuple[str, ...]:
    """The rows that a recorded call took, in order.

    Args:
        lines: The ledger, line by line; empty lines are passed over.
        call: The call's identity; by default the one whose entry comes last.
        table: The rows that the call may have taken.

    Raises:
        BrokenLedger: A line is not a ledger's, no such call is recorded, or a row is not
            in the table. Names the line and what was found.
    """
    taken = list(_transitions(lines))
    wanted = call if call is not None else (taken[-1][1] if taken else None)
    path = [(number, row) for number, owner, row in taken if owner == wanted]
    if not path:
        raise BrokenLedger(_missing(call, [owner for _, owner, _ in taken]))
    machine = plain(table)
    for number, row in path:
        try:
            rows_of((row,), machine)
        except UnknownRow as error:
            raise BrokenLedger(f"line {number}: {error}") from error
    return tuple(row for _, row in path)


def calls_of(lines: Iterable[str]) -> tuple[str, ...]:
    """The calls of which the ledger records a move, the one whose entry comes last at the end.

    Raises:
        BrokenLedger: A line is not a ledger's.
    """
    owners = [owner for _, owner, _ in _transitions(lines)]
    return tuple(reversed(dict.fromkeys(reversed(owners))))


def entries(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, object]]]:
    """(number, entry) of every line that is not empty.

    Raises:
        BrokenLedger: A line is no JSON object. Names the line and what was found.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, _entry(number, line)


def field(number: int, entry: dict[str, object], name: str) -> str:
    """The text that ``entry`` has under ``name``.

    Raises:
        BrokenLedger: It has none. Names the line and what was found.
    """
    value = entry.get(name)
    if not isinstance(value, str):
        found = "is missing" if name not in entry else f"is {value!r}, not a text"
        raise BrokenLedger(f"line {number}: {name!r} {found}")
    return value


def _transitions(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """(line, call, row) of every transition."""
    for number, entry in entries(lines):
        if field(number, entry, "kind") == "transition":
            yield number, field(number, entry, "call"), field(number, entry, "row")


def _entry(number: int, line: str) -> dict[str, object]:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise BrokenLedger(f"line {number} is not JSON ({error}): {_shown(line)}") from error
    except RecursionError as error:
        raise BrokenLedger(f"line {number} is nested too deeply: {_shown(line)}") from error
    if not isinstance(entry, dict):
        raise BrokenLedger(f"line {number} is no JSON object: {_shown(line)}")
    return entry


def _shown(line: str) -> str:
    line = line.strip()
    return repr(line if len(line) <= 60 else f"{line[:60]}...")


def _missing(call: str | None, recorded: list[str]) -> str:
    if not recorded:
        return "the ledger records no transition of any call"
    last = ", ".join(list(dict.fromkeys(recorded))[-3:])
    return f"the ledger records no transition of call {call!r}; the last recorded: {last}"
