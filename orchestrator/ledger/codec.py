"""The codec of a ledger: entries as lines of JSON, and lines as the entries that were written.

JSON has no infinity, and an instant that never comes is one: of a mark that no time ends
(``at``) and of one that was always there (``since``). It is written as ``"inf"`` and
``"-inf"``, so that what is read is what was written.
"""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import msgspec

from orchestrator.ledger.entries import Attempt, Closed, Entry, Opened, Transition
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
    Standby,
    Started,
    State,
    Streaming,
    Succeeded,
    Switch,
    Switched,
    Wait,
    Waited,
)
from orchestrator.states.events import Arrival

FORMAT = 1
"""Version of what this library writes for programs to read: each line of a ledger, and each
``--json`` output, says it as ``format``. It grows where a field changes its meaning or goes;
new fields may come at any time. The schemas are in ``docs/schemas/``."""


class BrokenLedger(ValueError):
    """A ledger cannot be read. The text names the file, the line and what was found."""


# Writing.


def line(entry: Entry) -> bytes:
    """One entry as a line of JSON."""
    return encode_lines([line_of(entry)])


def line_of(entry: Entry) -> Line:
    """The line of ``entry``, to be encoded with others."""
    kind = type(entry)
    return line_with(kind, _READERS[kind](entry))


def line_with(kind: type[Entry], values: Iterable[Any]) -> Line:
    """The line of an entry of ``kind`` that has ``values``, in the order of its fields."""
    return _LINES[kind](FORMAT, *values)


def encode_lines(lines: Sequence[Line]) -> bytes:
    """Lines as JSON, each with its end. They are used up."""
    said = []
    for each in lines:
        kind = type(each)
        if kind is _TRANSITION:
            if type(each.facts) is Started:
                said.append(_first_move(each))
                continue
            each.facts = _facts(each.facts)
        elif kind is _OPENED:
            each.route = [*map(_fixed, each.route)]
            each.policy = _fixed(each.policy)
        said.append(each)
    return _ENCODER.encode_lines(said)


def _first_move(move: Line) -> Line:
    """The line itself, or its text where all but its call stands in an earlier one.

    As nearly always: on a board where nothing is marked, calls of one route begin in one way, and
    to look whether this one did takes a quarter of the time that its text does.
    """
    facts = move.facts
    key = id(facts.standby), id(facts.taken)
    known = _first_moves.get(key)
    if known is None or not known.is_of(move):
        # Of what is seen for the first time nothing is kept: it may be new in every call.
        seen, is_sent = id(facts.standby) in _kept, type(move.command) is Send
        if not (seen and is_sent) or facts.standby.clears or facts.standby.seen:
            move.facts = _facts(facts)
            return move
        if len(_first_moves) >= MOST_KEPT:
            _first_moves.clear()
        known = _first_moves[key] = _FirstMove.of(move)
    return msgspec.Raw(b"%b%b%b" % (known.head, _ENCODER.encode(move.call), known.rest))


def _facts(event: Event) -> Any:
    """The event itself, or its fields where an instant in it is none that JSON can say."""
    standby: Standby | None = getattr(event, "standby", None)
    if standby is None:
        return event
    if isinstance(event, Arrival) and not (standby.clears or standby.seen):
        # As nearly always: what the board gives where nothing is marked, call after call.
        told = {"at": event.at, "standby": _fixed(standby), "taken": _fixed(event.taken)}
        return {**told, "jitter": event.jitter} if event.jitter else told
    if all(map(math.isfinite, _instants(standby))):
        return event
    clears = [
        {name: _sayable(value) for name, value in _fields(clear).items()}
        for clear in standby.clears
    ]
    return {**_fields(event), "standby": {**_fields(standby), "clears": clears}}


def _instants(standby: Standby) -> Iterator[float]:
    return (instant for clear in standby.clears for instant in (clear.at, clear.since))


def _sayable(value: Any) -> Any:
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in attrs.fields(type(record))}


def _encode_unknown(value: object) -> object:
    return repr(value)


_ENCODER = msgspec.json.Encoder(enc_hook=_encode_unknown)


Line = Any
"""A struct with the fields of an entry, before them its kind and the format."""


def _struct_of(kind: type[Entry]) -> type[Line]:
    fields = [(name, Any) for name in ("format", *_names(kind))]
    return msgspec.defstruct(f"{kind.__name__}Line", fields, tag_field="kind", tag=kind.kind)


def _names(kind: type[Entry]) -> list[str]:
    return [field.name for field in attrs.fields(kind)]


_KINDS_WRITTEN: tuple[type[Entry], ...] = (Opened, Transition, Attempt, Closed)

_LINES = {kind: _struct_of(kind) for kind in _KINDS_WRITTEN}
"""By the kind of an entry; a struct is made and encoded in a third of the time of a dict."""

_OPENED, _TRANSITION = _LINES[Opened], _LINES[Transition]

_READERS = {kind: operator.attrgetter(*_names(kind)) for kind in _KINDS_WRITTEN}
"""What takes the values of an entry, in the order of its fields."""

MOST_KEPT = 256
"""Values of which the text is kept; a config has a few dozen."""

_kept: dict[int, tuple[object, msgspec.Raw]] = {}


def _fixed(value: object) -> msgspec.Raw:
    """The text of a frozen value that many calls have: a target is 10 times as quick to find."""
    known = _kept.get(id(value))
    if known is not None and known[0] is value:
        return known[1]
    text = msgspec.Raw(_ENCODER.encode(value))
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    # With the value itself, or another one might come to have its id.
    _kept[id(value)] = value, text
    return text


@attrs.frozen
class _FirstMove:
    """The first move of a call, and the text of its line before and after the call's id.

    Attributes:
        facts, command: With all that they hold, or something else might come to have its id.
        took: The row that was taken.
        head, rest: The text.
    """

    facts: Started
    command: Send
    took: tuple[object, ...]
    head: bytes
    rest: bytes

    @classmethod
    def of(cls, move: Line) -> _FirstMove:
        """Of a line with its values as they are."""
        told = msgspec.structs.replace(move, call=None, facts=_facts(move.facts))
        head, rest = _ENCODER.encode(told).split(b"null", 1)
        return cls(move.facts, move.command, _took(move), head, rest)

    def is_of(self, move: Line) -> bool:
        """True where ``move``, with what stood by and was taken here, differs by its call alone."""
        command = move.command
        if type(command) is not Send or move.facts.at != self.facts.at:
            return False
        if move.facts.jitter != self.facts.jitter:
            return False
        # As dictionaries: attrs takes three times as long to compare them.
        return _took(move) == self.took and vars(command) == vars(self.command)


_took = operator.attrgetter("state", "row", "guard", "to")

_first_moves: dict[tuple[int, int], _FirstMove] = {}


# Reading.


def read_entries(lines: Iterable[bytes], source: str = "<ledger>") -> Iterator[Entry]:
    """Every entry, line by line; see :func:`read_objects`.

    Raises:
        BrokenLedger: A line is not a ledger's, or of a later version of it.
    """
    for number, value in read_objects(lines, source):
        try:
            yield entry_of(value)
        except ValueError as error:
            raise BrokenLedger(f"{source}, line {number}: {error}") from None


def read_objects(
    lines: Iterable[bytes], source: str = "<ledger>"
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The number and the JSON object of every line, whatever it holds; empty lines are not told.

    A line that begins as one of ours and is no JSON is torn: a disk was full, a process died.
    It is passed over, and so is a last line without its end, which is just being written.

    Raises:
        BrokenLedger: A line is no JSON object.
    """
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            if not text.endswith(b"\n"):
                return
            if OURS.match(text):
                continue
            raise BrokenLedger(f"{source}, line {number} is not JSON: {error}") from None
        if not isinstance(value, dict):
            found = type(value).__name__
            raise BrokenLedger(f"{source}, line {number}: found a {found}; allowed: a JSON object")
        yield number, value


OURS = re.compile(rb'\s*\{"kind": ?"(?:opened|transition|attempt|closed)"')


def entry_of(value: dict[str, Any]) -> Entry:
    """The entry that a decoded line holds.

    Raises:
        ValueError: It holds none; the text says what was found.
    """
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
    facts: Event = _structured(value.get("facts"), event, "facts")
    wanted: Command = _structured(value.get("command"), command, "command")
    move = _structured(value, _Move)
    return Transition(
        move.call, move.state, move.event, move.row, move.guard, move.to, facts, wanted
    )


@attrs.frozen
class _Move:
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


def _structured(value: Any, kind: Any, where: str = "") -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {_shown(value)}; allowed: an object")  # noqa: TRY004 - a file's
    import cattrs  # it takes 60 ms to import, which who only writes need not wait for

    try:
        return _converter().structure(value, kind)
    except cattrs.BaseValidationError as error:
        told = cattrs.transform_error(error, path=where or "$")
        raise ValueError("; ".join(told[:3])) from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


@functools.cache
def _converter() -> Any:
    """Takes only what JSON writes such a value as, never a look-alike: no text for a number."""
    import cattrs

    converter = cattrs.Converter()
    for kind, kinds in {str: (str,), bool: (bool,), int: (int,)}.items():
        converter.register_structure_hook(kind, _checked(*kinds))
    number = _checked(int, float)
    converter.register_structure_hook(
        float,
        lambda value, kind: float(value) if value in ("inf", "-inf") else number(value, kind),
    )
    converter.register_structure_hook(
        int | tuple[str, ...],  # how many keys a pool had, or their labels
        lambda value, _: converter.structure(
            value, tuple[str, ...] if isinstance(value, list) else int
        ),
    )
    return converter


def _checked(*kinds: type) -> Any:
    def check(value: Any, kind: Any) -> Any:
        if isinstance(value, kinds) and (kind is bool or not isinstance(value, bool)):
            return kind(value)
        raise ValueError(f"found {_shown(value)}")

    return check
