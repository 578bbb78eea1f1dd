"""Ledgers read back: JSON lines become the entries that were written, events and all.

An instant that never comes is infinite, which JSON cannot say: it is written as ``null``.
Where ``null`` stands in a mark's ``at`` it means never, in its ``since`` ever since.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import cattrs
import msgspec

from orchestrator.ledger import FORMAT, Attempt, Closed, Entry, Opened, Transition
from orchestrator.states import (
    Cancelled,
    Command,
    DeadlineReached,
    Diagnose,
    Diagnosed,
    Event,
    Failed,
    Finish,
    Relay,
    Repair,
    Repaired,
    Rotate,
    Rotated,
    Send,
    Started,
    State,
    Streaming,
    Succeeded,
    Switch,
    Switched,
    Wait,
    Waited,
)


class BrokenLedger(ValueError):
    """A ledger cannot be read. The text names the file, the line and what was found."""


@attrs.frozen
class Recording:
    """One recorded call.

    Attributes:
        source: The file it was read from.
        opened: What the call was asked.
        transitions: Every move, in order.
        attempts: Every attempt, in order.
        closed: How it ended; ``None`` where the record breaks off.
    """

    source: str
    opened: Opened
    transitions: tuple[Transition, ...]
    attempts: tuple[Attempt, ...]
    closed: Closed | None

    @property
    def call(self) -> str:
        """The call's id."""
        return self.opened.call

    @property
    def seconds(self) -> float:
        """How long the call took, as far as it is recorded."""
        if self.closed is not None:
            return self.closed.at
        return self.transitions[-1].facts.at if self.transitions else 0.0

    @property
    def answered(self) -> bool:
        """True where the caller got an answer."""
        return self.closed is not None and self.closed.outcome == State.SUCCEED.value


def read(path: Path) -> tuple[Recording, ...]:
    """The calls of a ledger file, in the order in which they began.

    Calls that began before the file does are passed over.

    Raises:
        BrokenLedger: A line is not a ledger's.
        OSError: The file cannot be read.
    """
    return recordings(path.read_bytes().splitlines(keepends=True), str(path))


def recordings(lines: Iterable[bytes], source: str = "<ledger>") -> tuple[Recording, ...]:
    """The calls of a ledger's lines; see :func:`read`.

    Of a call of which a line is missing, because it was torn or never written, what stands
    before that line is left: it breaks off there.
    """
    found: list[list[Entry]] = []
    running: dict[str, list[Entry]] = {}
    for entry in entries(lines, source):
        if isinstance(entry, Opened):
            running[entry.call] = [entry]
            found.append(running[entry.call])
        elif entry.call in running:
            running[entry.call].append(entry)
    return tuple(recording(_as_far_as_whole(call), source) for call in found)


def _as_far_as_whole(call: list[Entry]) -> list[Entry]:
    """The entries up to the first move that does not begin where the one before it ended."""
    state = State.READY.value
    for number, entry in enumerate(call):
        if isinstance(entry, Transition):
            if entry.state != state:
                return call[:number]
            state = entry.to
        elif isinstance(entry, Closed) and entry.outcome != state:
            return call[:number]
    return call


def recording(call: Iterable[Entry], source: str = "<ledger>") -> Recording:
    """One call's entries, sorted by kind; the first is :class:`Opened`."""
    opened, *others = call
    if not isinstance(opened, Opened):
        raise BrokenLedger(f"{source}: a call begins with {opened.kind!r}; allowed: 'opened'")
    return Recording(
        source,
        opened,
        tuple(entry for entry in others if isinstance(entry, Transition)),
        tuple(entry for entry in others if isinstance(entry, Attempt)),
        next((entry for entry in others if isinstance(entry, Closed)), None),
    )


def entries(lines: Iterable[bytes], source: str = "<ledger>") -> Iterator[Entry]:
    """Every entry, line by line; empty lines are passed over.

    A line that begins as one of ours and is no JSON is torn: a disk was full, a process died.
    It is passed over, and so is a last line without its end, which is just being written.

    Raises:
        BrokenLedger: A line is not a ledger's.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            if not line.endswith(b"\n"):
                return
            if _OURS.match(line):
                continue
            raise BrokenLedger(f"{source}, line {number} is not JSON: {error}") from None
        try:
            yield entry_of(value)
        except ValueError as error:
            raise BrokenLedger(f"{source}, line {number}: {error}") from None


_OURS = re.compile(rb'\s*\{"kind": ?"(?:opened|transition|attempt|closed)"')


def entry_of(value: Any) -> Entry:
    """The entry that a decoded line holds.

    Raises:
        ValueError: It holds none; the text says what was found.
    """
    if not isinstance(value, dict):
        found = type(value).__name__
        raise ValueError(f"found a {found}; allowed: a JSON object")  # noqa: TRY004 - a file's
    written = value.get("format", FORMAT)
    if not isinstance(written, int) or written > FORMAT:
        raise ValueError(f"format is {written!r}; this version reads up to {FORMAT}")
    kind = value.get("kind")
    if kind == Transition.kind:
        return _transition(value)
    made = _KINDS.get(kind) if isinstance(kind, str) else None
    if made is None:
        allowed = ", ".join(map(repr, (*_KINDS, Transition.kind)))
        raise ValueError(f"kind is {kind!r}; allowed: {allowed}")
    entry: Entry = _structured(value, made)
    return entry


_KINDS: Mapping[str, type[Opened | Attempt | Closed]] = {
    kind.kind: kind for kind in (Opened, Attempt, Closed)
}

_EVENTS: Mapping[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        *(Started, Rotated, Switched, Waited, Repaired, Streaming),
        *(Succeeded, Failed, Diagnosed, Cancelled, DeadlineReached),
    )
}

_COMMANDS: Mapping[str, type[Command]] = {
    State.ATTEMPT.value: Send,
    State.STREAM.value: Relay,
    State.CLASSIFY.value: Diagnose,
    State.ROTATE_CREDENTIAL.value: Rotate,
    State.EAGER_FALLBACK.value: Switch,
    State.RETRY.value: Wait,
    State.REPAIR.value: Repair,
    State.SUCCEED.value: Finish,
    State.FAIL_TERMINAL.value: Finish,
}
"""What each state asks for: the record does not name a command, only what is in it."""


def _transition(value: dict[str, Any]) -> Transition:
    event = _one_of(value, "event", _EVENTS)
    command = _one_of(value, "to", _COMMANDS)
    facts: Event = _structured(_with_infinities(value.get("facts")), event, "facts")
    asked: Command = _structured(_with_until(value.get("command"), command), command, "command")
    whole = _structured(value, _Moved)
    return Transition(
        whole.call, whole.state, whole.event, whole.row, whole.guard, whole.to, facts, asked
    )


@attrs.frozen
class _Moved:
    """A transition without what it carries."""

    call: str
    state: str
    event: str
    row: str
    guard: str | None
    to: str


def _one_of(value: dict[str, Any], field: str, known: Mapping[str, Any]) -> Any:
    name = value.get(field)
    found = known.get(name) if isinstance(name, str) else None
    if found is None:
        raise ValueError(f"{field} is {name!r}; allowed: {', '.join(known)}")
    return found


def _with_until(command: Any, kind: type[Command]) -> Any:
    """``command``, a ``Send`` with its end: the machine that kept no time back wrote none."""
    if kind is Send and isinstance(command, dict) and "ends_at" in command:
        return {"until": command["ends_at"], **command}
    return command


def _with_infinities(facts: Any) -> Any:
    """``facts`` with the instants that JSON could not say."""
    standby: Any = facts.get("standby") if isinstance(facts, dict) else None
    clears = standby.get("clears") if isinstance(standby, dict) else None
    if not isinstance(clears, list):
        return facts
    return {**facts, "standby": {**standby, "clears": [_clear(clear) for clear in clears]}}


def _clear(clear: Any) -> Any:
    if not isinstance(clear, dict):
        return clear
    ever = {"at": math.inf, "since": -math.inf}
    return {**clear, **{name: end for name, end in ever.items() if clear.get(name, 0) is None}}


def _structured(value: Any, kind: Any, where: str = "") -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {_shown(value)}; allowed: an object")  # noqa: TRY004 - a file's
    try:
        return _CONVERTER.structure(value, kind)
    except cattrs.BaseValidationError as error:
        told = cattrs.transform_error(error, path=where or "$")
        raise ValueError("; ".join(told[:3])) from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _checked(*kinds: type) -> Any:
    """A hook that takes only what JSON writes such a value as; never a look-alike."""

    def check(value: Any, kind: Any) -> Any:
        if isinstance(value, kinds) and (kind is bool or not isinstance(value, bool)):
            return kind(value)
        raise ValueError(f"found {_shown(value)}")

    return check


def _labels(value: Any, _: Any) -> int | tuple[str, ...]:
    """How many keys a pool had, or their labels."""
    if isinstance(value, list):
        return _CONVERTER.structure(value, tuple[str, ...])
    return _CONVERTER.structure(value, int)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    for kind, kinds in {str: (str,), bool: (bool,), int: (int,), float: (int, float)}.items():
        converter.register_structure_hook(kind, _checked(*kinds))
    converter.register_structure_hook(int | tuple[str, ...], _labels)
    return converter


_CONVERTER = _converter()
