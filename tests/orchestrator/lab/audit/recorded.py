"""Real calls as the JSON objects of their lines, and one value of them changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from orchestrator.lab.audit import AuditReport, LedgerAudit
from orchestrator.lab.simulation import ScriptPlayer, Simulation, parse
from tests.orchestrator.lab.simulation.incidents import config, of

Line = dict[str, Any]
Path = tuple[str | int, ...]

SCRIPTS: tuple[tuple[str, bool], ...] = (
    ("ok", False),
    ("402, ok", False),
    ("429(retry_after=2)@key#1, 503*3, ok", False),
    ("503(after=20), timeout, ok", True),
    ("cut, ok", True),
    ("429*9", False),
    ("400(message='max_tokens is not supported'), ok", False),
    ("402@deepseek, 402", False),
    ("timeout*9", False),
)
"""What calls meet, and whether they are streamed: a rotation, repair, wait, mark and probe each."""


@cache
def written(script: str, *, stream: bool) -> tuple[str, ...]:
    """The lines of the second of two calls, which finds what the first has marked."""
    with Simulation(of(config()), ScriptPlayer(parse(script))) as simulation:
        simulation.call(stream=stream)
        ledger = simulation.call(stream=stream).ledger
    return tuple(line.decode() for line in ledger.lines())


def lines_of(script: str, *, stream: bool = False) -> list[Line]:
    """The same as objects, which may be changed."""
    return [json.loads(line) for line in written(script, stream=stream)]


def first_call(script: str) -> list[Line]:
    """The lines of a call that finds a board without marks."""
    with Simulation(of(config()), ScriptPlayer(parse(script))) as simulation:
        return [json.loads(line) for line in simulation.call().ledger.lines()]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every plain value in ``value``, and the way to it."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in items:
            yield from leaves(inner, (*path, name))
    else:
        yield path, value


def put(line: Line, path: Path, value: Any) -> None:
    """Write ``value`` where ``path`` leads."""
    inner: Any = line
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value


def audited(lines: Iterable[Line], *more: Sequence[Line], **options: Any) -> AuditReport:
    """The report on ledgers, a file each."""
    audit = LedgerAudit(0.0, **options)
    for number, each in enumerate((lines, *more)):
        audit.read([json.dumps(line).encode() + b"\n" for line in each], f"file{number}")
    return audit.end()
