"""Commands in the words of a report, and in what two of them differ.

Never a message of a provider: what is said here goes to logs and screens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from orchestrator.states import (
    Command,
    Diagnose,
    Error,
    Finish,
    Relay,
    Repair,
    Rotate,
    Send,
    Switch,
    Target,
    Wait,
)

MOST_DIFFERENCES = 3
"""Fields of two commands that are told; of a command that is another one, most are."""


def command_words(command: Command) -> str:
    """What a command asks for, in a few words."""
    return _WORDS[type(command)](command)


def _send_words(command: Send) -> str:
    probe = ", a probe" if command.probe else ""
    return f"attempt {command.number} at {command.target} with {command.credential}{probe}"


def _finish_words(command: Finish) -> str:
    if command.stopped_by is None:
        return "an answer"
    why = "" if command.cause is None else f", cause {command.cause.reason}"
    return f"the end ({command.stopped_by}{why})"


_WORDS: Mapping[type[Command], Callable[[Any], str]] = {
    Send: _send_words,
    Relay: lambda _: "the stream is passed on",
    Diagnose: lambda _: "the failure is diagnosed",
    Rotate: lambda command: f"another key of {command.target}",
    Switch: lambda command: f"fallback to {', '.join(map(str, command.targets)) or 'nobody'}",
    Wait: lambda command: f"wait for {command.target} until {command.until:.3f} s",
    Repair: lambda command: f"repair {command.name} at {command.target}",
    Finish: _finish_words,
}


def differences(ledger: Command, table: Command) -> tuple[str, ...]:
    """In which fields two commands of one kind differ, each as ``until: 9.0, not 3.0``."""
    if type(ledger) is not type(table):
        return ()
    found = [
        f"{name} {_value(one)}, not {_value(other)}"
        for name, one, other in _fields(ledger, table)
        if one != other
    ]
    more = len(found) - MOST_DIFFERENCES
    return (*found[:MOST_DIFFERENCES], *((f"{more} more",) if more > 0 else ()))


def _fields(one: Any, other: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    for field in attrs.fields(type(one)):
        name, (left, right) = field.name, (getattr(one, field.name), getattr(other, field.name))
        if attrs.has(type(left)) and type(left) is type(right) and not isinstance(left, Target):
            yield from _fields(left, right, f"{where}{name}.")
        else:
            yield f"{where}{name}", left, right


def _value(value: Any) -> str:
    match value:
        case Error():
            return str(value.reason)
        case str():
            return repr(value) if len(value) <= 40 else "another text"
        case frozenset() | tuple():
            return f"({', '.join(sorted(map(str, value)))})"
        case _:
            return str(value)
