"""What a call must remember after a move, from what happened and what was asked for alone.

The proof is inductive: a call begins with nothing to remember, and every move leaves behind what
is derived here from the call before it. So no other invariant has to believe what the machine
noted, and a fault in its notes shows in the move that made it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from orchestrator.lab.invariants.known import CheckedMove, leaves
from orchestrator.lab.invariants.tries import (
    ARRIVALS,
    TOO_LARGE,
    goes_on,
    returns,
    time_is_over,
)
from orchestrator.states.call import Call, State
from orchestrator.states.commands import (
    Command,
    Diagnose,
    Finish,
    Relay,
    Repair,
    Rotate,
    Send,
    StoppedBy,
    Switch,
    Wait,
)
from orchestrator.states.error import Error
from orchestrator.states.events import (
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
    Repaired,
    Rotated,
    Started,
    Streaming,
    Switched,
    Waited,
)
from orchestrator.states.facts import Target
from orchestrator.states.reasons import Reason

FIELDS = tuple(
    field.name
    for field in attrs.fields(Call)
    if field.name not in ("route", "policy", "reasoning", "streamed")
)
"""What a call remembers; the rest is what it began with."""

_ENTERED: dict[type[Command], State] = {
    Send: State.ATTEMPT,
    Relay: State.STREAM,
    Diagnose: State.CLASSIFY,
    Rotate: State.ROTATE_CREDENTIAL,
    Switch: State.EAGER_FALLBACK,
    Wait: State.RETRY,
    Repair: State.REPAIR,
}


def remembered(before: Call, event: Event, command: Command) -> Call:
    """What a call must remember after a move, from the event and the command alone."""
    after = before.copy()
    _hear(after, event)
    _obey(after, before, event, command)
    return after


def _hear(call: Call, event: Event) -> None:
    match event:
        case Streaming() if call.stream_ends_at is None and call.target is not None:
            call.stream_ends_at = event.at + call.target.timeouts.stream_total
        case Failed():
            call.tool_call = call.tool_call or event.tool_call
            call.kept_waiting = event.waited > call.policy.patience
        case Diagnosed():
            _diagnose(call, event)
        case Started() | Switched() | Waited() if call.number == 0 and call.route:
            clear = event.standby.clear(call.route[0])
            call.passed_over = (clear.error if clear is not None else None) or call.passed_over
        case _:
            pass


def _diagnose(call: Call, event: Diagnosed) -> None:
    call.error, here = event.error, call.target
    call.only_empty = call.only_empty and event.error.empty
    call.not_before = event.at + (event.error.retry_after or 0.0)
    if here is not None and event.error.reason is Reason.BILLING:
        call.billed |= {here.provider}
    if here is not None and event.error.reason in TOO_LARGE and here.context is not None:
        call.too_small = here.context


def _obey(after: Call, before: Call, event: Event, command: Command) -> None:
    after.state = _ENTERED.get(type(command), after.state)
    if leaves(before, command):
        _leave(after, before, command)
    match command:
        case Send():
            _send(after, before, event, command)
        case Switch(targets):
            after.gone |= {target.name for target in targets}
            after.target = None
        case Wait():
            _wait(after, before, event, command)
        case Rotate():
            after.rotations += 1
        case Repair(name, target):
            after.repairs += 1
            after.repaired |= {(target.name, name)}
        case Finish():
            _finish(after, event, command)
        case _:
            pass


def _leave(after: Call, before: Call, command: Command) -> None:
    """The cause is what the first target was left with; hope remains where it was left in haste."""
    if after.cause is None:
        after.cause = after.error
    here, error = before.target, after.error
    if isinstance(command, Finish) or here is None or error is None:
        return
    if here.name in before.asked and returns(after, error):
        # What a rate limit asks for binds a credential, and the board remembers that.
        named = 0.0 if error.reason is Reason.RATE_LIMIT else after.not_before
        after.returnable |= {(here.name, named)}


def _send(after: Call, before: Call, event: Event, command: Send) -> None:
    target = command.target
    if after.cause is None and not before.asked and target.name != before.route[0].name:
        after.cause = after.passed_over
    same = before.target is not None and target.name == before.target.name
    again = int(not isinstance(event, Rotated | Repaired))
    after.tries = (before.tries if same else 0) + again
    after.number += 1
    after.target, after.credential, after.probe = target, command.credential, command.probe
    after.asked |= {target.name}
    after.used |= {(target.name, command.credential)}
    after.gone = frozenset()
    after.resume_at = None


def _wait(after: Call, before: Call, event: Event, command: Wait) -> None:
    target = command.target
    after.waits += 1
    after.resume_at = command.until
    if before.target is not None and target.name == before.target.name:
        return
    # After a failure the only wait elsewhere is the way back; on an arrival it may also be a
    # wait for a target that was never asked.
    if isinstance(event, Diagnosed) or target.name in before.asked:
        after.went_back = True
    after.tries, after.target = 0, target


def _finish(after: Call, event: Event, command: Finish) -> None:
    answered = command.stopped_by is None
    after.state = State.SUCCEED if answered else State.FAIL_TERMINAL
    after.cause = None if answered else after.cause or _last_cause(after, event, command)
    after.stopped_by = None if answered else _why(after, event)


def _why(call: Call, event: Event) -> StoppedBy:
    """Why a call that was not answered is over."""
    if isinstance(event, Cancelled):
        return StoppedBy.CANCELLED
    if isinstance(event, DeadlineReached):
        return StoppedBy.DEADLINE
    if isinstance(event, Diagnosed) and not goes_on(call):
        return StoppedBy.COMMITTED
    if time_is_over(call, event):
        return StoppedBy.DEADLINE
    spent = isinstance(event, Diagnosed) and call.policy.max_attempts - call.number <= 0
    return StoppedBy.ATTEMPTS if spent else StoppedBy.EXHAUSTED


def _last_cause(call: Call, event: Event, command: Finish) -> Error | None:
    """The cause of a call that left no target: what is remembered, or that it was cut short."""
    told = command.cause
    marks: list[Error | None] = []
    if isinstance(event, ARRIVALS) and call.passed_over is None:
        marks = [clear.error for clear in event.standby.clears]
    cut = told is not None and told.reason in (Reason.CANCELLED, Reason.DEADLINE)
    return call.passed_over or next(filter(None, marks), None) or (told if cut else None)


MEMORY: Mapping[str, tuple[str, ...]] = {
    "why a call ended is told as it was": ("stopped_by",),
    "tries, rotations and repairs are counted": ("tries", "rotations", "repairs"),
    "what was asked, used and repaired is remembered": ("asked", "used", "repaired", "gone"),
    "where a call may go back to is remembered": ("returnable", "went_back", "not_before"),
    "what a call remembers is what happened": (),
}
"""The fields that a property is about; the last one is about all others."""

_PROPERTY = {field: name for name, fields in MEMORY.items() for field in fields}
_OTHERS = tuple(MEMORY)[-1]


def forgotten(move: CheckedMove) -> Iterator[tuple[str, str]]:
    """What the machine remembers in another way than it happened: the property, and how."""
    for field, found, expected in differences(move):
        what = f"after {move.after.row} {field} is {_shown(found)}, not {_shown(expected)}"
        yield _PROPERTY.get(field, _OTHERS), what


def differences(move: CheckedMove) -> Iterator[tuple[str, Any, Any]]:
    """Every field that is not what happened: its name, what was found, what it must be."""
    found, expected = move.call, remembered(move.before, move.event, move.after.command)
    for field in _unlike(found, expected):
        if field == "cause" and expected.state is State.SUCCEED:
            continue
        one, other = getattr(found, field), getattr(expected, field)
        if one is not other and not move.same(field, one, other):
            yield field, one, other


def _unlike(one: Call, other: Call) -> list[str]:
    """The fields of which two calls do not hold the same object, in order.

    Of a call that is watched only what either side touched can differ.
    """
    mine, theirs = one.__dict__, other.__dict__
    found = [name for name, value in mine.items() if theirs.get(name, _NOTHING) is not value]
    if not theirs.keys() <= mine.keys():
        found += theirs.keys() - mine.keys()
    return sorted([name for name in found if name in _PLACES], key=_PLACES.__getitem__)


_NOTHING = object()
_PLACES = {field: place for place, field in enumerate(FIELDS)}


def lost(move: CheckedMove) -> str | None:
    """What a call has done and what was found of it only grows."""
    before, after = move.before, move.call
    touched = after.__dict__
    for field in ("asked", "used", "billed", "repaired"):
        if field in touched and not getattr(before, field) <= getattr(after, field):
            return f"{move.after.row} forgets of {field} {_shown(getattr(before, field))}"
    if "went_back" in touched and before.went_back and not after.went_back:
        return f"{move.after.row} forgets that the call went back"
    return None


def _shown(value: Any) -> str:
    if isinstance(value, frozenset):
        return "{" + ", ".join(sorted(map(_shown, value))) + "}"
    if isinstance(value, tuple):
        return " ".join(map(_shown, value))
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, str | int | None | Error | Target) else "some instant"
