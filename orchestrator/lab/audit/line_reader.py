"""Lines of a ledger as entries, quickly: what many lines say alike is read once.

A move holds its event and its command, and of most calls these are what an earlier call had: the
same targets, keys and limits. Read anew each time they would be two thirds of an audit's work.
"""

from __future__ import annotations

import re
from typing import Any

import attrs
import msgspec

from orchestrator.ledger import FORMAT, Entry, Opened, Transition
from orchestrator.ledger.codec import OURS, entry_of

_CALL = re.compile(rb'"call": ?"([^"\\]{1,200})"')
"""Whose line one is, of which the end may be missing; it stands before all that could quote it."""

MOST_KEPT = 4_096
"""Values that are kept; a config with a few dozen targets has fewer that come again."""


_NONE = msgspec.Raw(b"{}")


class UnreadLine(ValueError):
    """A line cannot be read as an entry; the text never quotes it.

    Attributes:
        call: Whose it is, as far as it says.
        version: The later format that it is of; ``None`` where it is of none.
    """

    def __init__(self, what: str, call: str | None, version: int | None = None) -> None:
        super().__init__(what)
        self.call, self.version = call, version


class _RawMove(msgspec.Struct):
    """A line of a move, with its event and command as they are written."""

    kind: str
    call: str
    state: str
    event: str
    row: str
    guard: str | None
    to: str
    facts: msgspec.Raw
    command: msgspec.Raw
    format: int = FORMAT


_MOVES = msgspec.json.Decoder(_RawMove)
_MOVE = (b'{"kind":"transition"', b'{"kind": "transition"')


class _RawOpened(msgspec.Struct):
    """The first line of a call, with what many calls have alike as it is written."""

    kind: str
    call: str
    time: float
    route: msgspec.Raw
    policy: msgspec.Raw
    reasoning: bool
    metadata: Any
    pools: msgspec.Raw = _NONE
    streamed: bool = False
    operation: str = ""
    format: int = FORMAT

    @property
    def shared(self) -> tuple[Any, ...]:
        """All but what is this call's alone."""
        texts = (bytes(self.route), bytes(self.policy), bytes(self.pools))
        return (*texts, self.reasoning, self.streamed, self.operation)


_OPENED = msgspec.json.Decoder(_RawOpened)
_OPENS = (b'{"kind":"opened"', b'{"kind": "opened"')


class LineReader:
    """Reads lines."""

    def __init__(self) -> None:
        # By the event's name and text, and by the state's name and the command's text.
        self._facts: dict[tuple[str, bytes], Any] = {}
        self._commands: dict[tuple[str, bytes], Any] = {}
        self._opened: dict[tuple[Any, ...], Opened] = {}

    def entry(self, text: bytes) -> Entry:
        """The entry that a line holds.

        Raises:
            UnreadLine: It holds none.
        """
        known: Entry | None = None
        if text.startswith(_MOVE):
            known = self._known_move(text)
        elif text.startswith(_OPENS):
            known = self._known_opened(text)
        return self._read(text) if known is None else known

    def _known_opened(self, text: bytes) -> Opened | None:
        """The first line of a call like an earlier one's."""
        try:
            line = _OPENED.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        if line.kind != Opened.kind or line.format != FORMAT:
            return None
        known = self._opened.get(line.shared)
        if known is not None:
            own = {"call": line.call, "time": line.time, "metadata": line.metadata}
            return attrs.evolve(known, **own)
        read = self._read(text)
        if isinstance(read, Opened):
            _keep(self._opened, line.shared, read)
            return read
        return None

    def _known_move(self, text: bytes) -> Transition | None:
        """The move that a line holds, if both of what it carries were read before."""
        try:
            move = _MOVES.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        if move.kind != Transition.kind or move.format != FORMAT:
            return None
        in_facts, in_command = (move.event, bytes(move.facts)), (move.to, bytes(move.command))
        facts, command = self._facts.get(in_facts), self._commands.get(in_command)
        if facts is None or command is None:
            read = self._read(text)
            if not isinstance(read, Transition):
                return None
            _keep(self._facts, in_facts, read.facts)
            _keep(self._commands, in_command, read.command)
            return read
        told = (move.call, move.state, move.event, move.row, move.guard, move.to)
        return Transition(*told, facts, command)

    def _read(self, text: bytes) -> Entry:
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise UnreadLine("it is not JSON", _call_of(text)) from None
        if not isinstance(value, dict):
            raise UnreadLine("it is no JSON object", None)
        _check_format(value)
        try:
            return entry_of(value)
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise UnreadLine("it is no entry of a ledger", _named(value)) from None


def _keep(values: dict[Any, Any], key: object, value: object) -> None:
    if len(values) >= MOST_KEPT:
        values.clear()
    values[key] = value


def _check_format(value: dict[str, Any]) -> None:
    written = value.get("format", FORMAT)
    if isinstance(written, int) and written > FORMAT:
        raise UnreadLine("it is of a later format", _named(value), written)


def _named(value: dict[str, Any]) -> str | None:
    call = value.get("call")
    return call if isinstance(call, str) else None


def _call_of(text: bytes) -> str | None:
    found = _CALL.search(text[:1_000]) if OURS.match(text) else None
    return None if found is None else found[1].decode("utf-8", "replace")
