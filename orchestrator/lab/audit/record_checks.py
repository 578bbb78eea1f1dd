"""Whether a record is of one piece: its moves, its attempts and its end say the same.

The table and the invariants look at events and commands. What stands beside them in a ledger, and
is what ``stats``, ``status`` and people read, is derived from them here and compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import attrs

from orchestrator.lab.audit.record_faults import RecordFault
from orchestrator.ledger import Attempt, Closed, Recording, Transition
from orchestrator.states import (
    TABLE,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Error,
    Finish,
    Reason,
    Send,
    State,
    Succeeded,
)

_ROWS = {row.name: row for row in TABLE}

_FINALS = (State.SUCCEED.value, State.FAIL_TERMINAL.value)

GRAIN = 1e-6
"""Seconds by which sums of recorded times may differ from each other."""


@attrs.frozen
class _EndedAttempt:
    """An attempt as the moves tell of it."""

    move: int
    send: Send
    began: float
    ended: float
    error: Error | None
    cut: Reason | None
    state: str


def known_rows(recording: Recording) -> str:
    """The first row that this version's table does not have; empty where it has all."""
    return next((one.row for one in recording.transitions if one.row not in _ROWS), "")


def record_faults(recording: Recording) -> Iterator[RecordFault]:
    """Each contradiction of a record within itself, in the order of its moves."""
    yield from _rows(recording.transitions)
    yield from _clock(recording.transitions)
    yield from _attempts(recording)
    yield from _end(recording)


def _rows(moves: tuple[Transition, ...]) -> Iterator[RecordFault]:
    state = State.READY.value
    for number, move in enumerate(moves, 1):
        row = _ROWS.get(move.row)
        if row is not None:
            guard = row.guard.__name__ if row.guard else None
            expected = (row.state.value, row.event.__name__, guard, row.to.value)
            found = (move.state, move.event, move.guard, move.to)
            names = ("state", "event", "guard", "to")
            for name, one, other in zip(names, found, expected, strict=True):
                if one != other:
                    yield RecordFault(number, f"{name} is {one!r}; row {move.row} has {other!r}")
        if type(move.facts).__name__ != move.event:
            what = f"the facts are of {type(move.facts).__name__}, the event is {move.event}"
            yield RecordFault(number, what)
        if move.state != state:
            what = f"begins in {move.state}, and the move before ended in {state}"
            yield RecordFault(number, f"{what}: a line is missing, or was changed")
        state = move.to


def _clock(moves: tuple[Transition, ...]) -> Iterator[RecordFault]:
    at = 0.0
    for number, move in enumerate(moves, 1):
        # As written: time is the driver's, and it only ever grows.
        if not move.facts.at >= at:
            what = f"happens at {move.facts.at:g} s, before the move before it at {at:g} s"
            yield RecordFault(number, what)
        at = move.facts.at


def _attempts(recording: Recording) -> Iterator[RecordFault]:
    expected, found = list(_ended(recording.transitions)), recording.attempts
    for one, attempt in zip(expected, found, strict=False):
        for what in _differs(one, attempt):
            yield RecordFault(one.move, f"the record of attempt {one.send.number}: {what}")
    missing = len(expected) - len(found)
    # Of a record that breaks off, the line of the last attempt may be what is missing.
    if missing < 0 or missing > (recording.closed is None):
        what = f"{len(found)} attempts are recorded, and its moves made {len(expected)}"
        yield RecordFault(None, what)


def _ended(moves: tuple[Transition, ...]) -> Iterator[_EndedAttempt]:
    sent: tuple[Send, float] | None = None
    for number, move in enumerate(moves, 1):
        event = move.facts
        if sent is not None and isinstance(
            event, Succeeded | Diagnosed | Cancelled | DeadlineReached
        ):
            error = event.error if isinstance(event, Diagnosed) else None
            yield _EndedAttempt(number, *sent, event.at, error, _cut(event), move.to)
            sent = None
        if isinstance(move.command, Send):
            sent = move.command, event.at


def _cut(event: object) -> Reason | None:
    """Why an attempt ended that nothing was diagnosed of; ``None`` where it is an answer."""
    if isinstance(event, Cancelled) and not event.complete:
        return Reason.CANCELLED
    return Reason.DEADLINE if isinstance(event, DeadlineReached) else None


def _differs(one: _EndedAttempt, attempt: Attempt) -> Iterator[str]:
    send, error = one.send, one.error
    expected: dict[str, object] = {
        "number": send.number,
        "target": send.target.name,
        "provider": send.target.provider,
        "model": send.target.model,
        "credential": send.credential,
        "probe": send.probe,
        "next": one.state,
    }
    if error is not None:
        expected |= {"reason": error.reason, "rule": error.rule, "message": error.message}
        expected |= {"retry_after": error.retry_after, "hint": error.hint}
        expected |= {} if error.status is None else {"status": error.status}
    elif one.cut is None:
        expected |= {"reason": None, "rule": None, "message": None, "retry_after": None}
    for name, value in expected.items():
        found = getattr(attempt, name)
        if found != value:
            # A provider's words are long, and whoever reads this can look them up.
            words = "is another than the event's" if name in ("message", "hint") else ""
            yield f"{name} {words or f'is {found!r}; its moves say {value!r}'}"
    # An attempt that was cut has the failure that had come by then, or the cut itself.
    if error is None and one.cut is not None and attempt.reason is None:
        yield f"it has no reason, and was ended by {one.cut}"
    # The move comes first, then the request: to find the provider's address may take a while.
    if not one.began - GRAIN <= attempt.started <= one.ended + GRAIN:
        within = f"its moves say {one.began:g} to {one.ended:g} s"
        yield f"started at {attempt.started:g} s; {within}"
    if not -GRAIN <= attempt.seconds <= one.ended - attempt.started + GRAIN:
        yield f"took {attempt.seconds:g} s of {one.ended - attempt.started:g} s"


def _end(recording: Recording) -> Iterator[RecordFault]:
    moves, closed = recording.transitions, recording.closed
    if closed is None:
        return
    last = moves[-1] if moves else None
    if last is None or not isinstance(last.command, Finish):
        yield RecordFault(len(moves) or None, "the call is closed, and no move ends it")
        return
    for what in _closing(closed, last, last.command, moves):
        yield RecordFault(len(moves), f"the end: {what}")


def _closing(
    closed: Closed, last: Transition, finish: Finish, moves: tuple[Transition, ...]
) -> Iterator[str]:
    reason = finish.cause.reason if finish.stopped_by is not None and finish.cause else None
    sends = sum(isinstance(move.command, Send) for move in moves)
    expected = {
        "outcome": last.to,
        "reason": reason,
        "stopped_by": finish.stopped_by,
        "attempts": sends,
    }
    for name, value in expected.items():
        found = getattr(closed, name)
        if found != value:
            yield f"{name} is {_said(found)}; its moves say {_said(value)}"
    if closed.outcome not in _FINALS:
        yield f"outcome is {closed.outcome!r}; allowed: {', '.join(_FINALS)}"
    if not (closed.at >= last.facts.at - GRAIN and math.isfinite(closed.at)):
        yield f"at {closed.at:g} s, before the last move at {last.facts.at:g} s"


def _said(value: object) -> str:
    return "none" if value is None else str(value)
