"""What must hold of every single move. The invariants of the design, one function each.

A function looks at one move and says what is wrong with it, or nothing. It reads only the
call before, the event, and what the machine answered, so that a fault in the machine's own
bookkeeping cannot hide itself. What holds of every move from every node that can be
reached holds of every call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

import attrs

from orchestrator.lab.verify.board import Seen
from orchestrator.lab.verify.choices import NUMBER, WAITS, Choices, Tally
from orchestrator.states.call import Call, State
from orchestrator.states.commands import Finish, Repair, Rotate, Send, Switch, Wait
from orchestrator.states.error import Error
from orchestrator.states.events import Diagnosed, Event, Switched
from orchestrator.states.machine import Step
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason

Interval = tuple[int, int]


@attrs.frozen
class Leap:
    """One move, with what was decided on the way.

    Attributes:
        before: The call before the event; its counters are open.
        event: What happened.
        after: What the machine made of it.
        seen: What was decided about the standby.
        choices: The counters as far as guards narrowed them.
        spent: True where the event came after the call's time.
    """

    before: Call
    event: Event
    after: Step
    seen: Seen
    choices: Choices
    spent: bool

    @property
    def call(self) -> Call:
        """The call after the move."""
        return self.after.call


@attrs.frozen
class Breach:
    """A move that breaks a property, for the given values of the counters.

    Attributes:
        name: The property.
        what: What happened.
        number, waits: The counters before the move for which it happens.
    """

    name: str
    what: str
    number: Interval
    waits: Interval


def breaches(move: Leap) -> Iterator[Breach]:
    """Every property that ``move`` breaks, the most telling first."""
    low, high = move.choices.low, move.choices.high
    number, waits = (low[NUMBER], high[NUMBER]), (low[WAITS], high[WAITS])
    for name, check in CHECKS.items():
        what = check(move)
        if what:
            yield Breach(name, what, number, waits)
    yield from _bounds(move, number, waits)
    yield from _sleeps(move, number, waits)


def _bounds(move: Leap, number: Interval, waits: Interval) -> Iterator[Breach]:
    most = move.before.policy.max_attempts
    command = move.after.command
    if isinstance(command, Send) and number[1] >= most:
        at = (max(number[0], most), number[1])
        yield Breach(ATTEMPTS, f"attempt {most + 1} of {most} is sent", at, waits)
    if isinstance(command, Wait) and waits[1] >= most:
        at = (max(waits[0], most), waits[1])
        yield Breach(WAITING, f"wait {most + 1} of {most} begins", number, at)


def _sleeps(move: Leap, number: Interval, waits: Interval) -> Iterator[Breach]:
    """Ten keys are tried before anything sleeps, as far as an attempt is left for the others."""
    event, command, before = move.event, move.after.command, move.before
    if not isinstance(event, Diagnosed) or not isinstance(command, Wait | Switch):
        return
    if event.error.reason is Reason.BILLING or Move.ROTATE not in move.call.allowed:
        return
    if _failed_slowly(move) and _may_stand_by(move):
        return
    here = before.target
    used = len(before.used_at(here)) if here is not None else 0
    if not any(key >= used for key in move.seen.credentials or ()):
        return
    others = len(move.seen.standing or ())
    high = min(number[1], before.policy.max_attempts - others - 1)
    if high >= number[0]:
        what = f"leaves or waits for {here} although a key not yet used there stands by"
        yield Breach(SLEEP, what, (number[0], high), waits)


def _billing(move: Leap) -> str | None:
    command, billed = move.after.command, move.call.billed
    match command:
        case Rotate() | Repair() | Wait() if command.target.provider in billed:
            doing = type(command).__name__.lower()
            return f"{doing} at {command.target}, whose provider has billed this call"
        case _:
            return None


def _no_money(move: Leap) -> str | None:
    command, billed = move.after.command, move.call.billed
    match command:
        case Send() if command.target.provider in billed:
            return f"attempt at {command.target}, whose provider has billed this call"
        case Switch(targets):
            poor = [str(target) for target in targets if target.provider in billed]
            return f"falls back to {', '.join(poor)}, out of money" if poor else None
        case _:
            return None


def _asked_once(move: Leap) -> str | None:
    command, before = move.after.command, move.before
    if isinstance(command, Switch):
        again = [str(target) for target in command.targets if target.name in before.asked]
        return f"falls back to {', '.join(again)}, asked before" if again else None
    if isinstance(command, Send) and isinstance(move.event, Switched):
        target = command.target
        return f"comes back to {target} by a fallback" if target.name in before.asked else None
    return None


def _counted(move: Leap) -> str | None:
    expected = {"number": 0, "waits": 0}
    if isinstance(move.after.command, Send):
        expected["number"] = 1
    if isinstance(move.after.command, Wait):
        expected["waits"] = 1
    for name, moves in expected.items():
        value = cast(object, getattr(move.call, name))
        if not isinstance(value, Tally):
            return f"{name} is set to {value} by row {move.after.row}"
        if value.delta() != moves:
            return f"{name} moves by {value.delta()} in row {move.after.row}, not by {moves}"
    return None


def _numbered(move: Leap) -> str | None:
    command = move.after.command
    if not isinstance(command, Send):
        return None
    number = cast(object, command.number)
    sound = isinstance(number, Tally) and number.delta() == 1
    return None if sound else f"attempt number {number!r} does not follow the last one"


def _tries(move: Leap) -> str | None:
    most = move.before.policy.attempts_per_target
    if isinstance(move.after.command, Send) and move.call.tries > most:
        return f"try {move.call.tries} of {most} at {move.call.target}"
    return None


def _cause(move: Leap) -> str | None:
    before, after, command = move.before, move.call, move.after.command
    if after.state is State.SUCCEED:
        return None
    if before.cause is not None:
        kept = after.cause is before.cause
        return None if kept else f"{_reason(after.cause)} replaces the cause"
    if isinstance(command, Finish) and command.cause is not after.cause:
        return f"{_reason(command.cause)} is told instead of the cause"
    return _first_cause(move)


def _first_cause(move: Leap) -> str | None:
    before, after, command = move.before, move.call, move.after.command
    left = isinstance(command, Switch | Finish) or (
        isinstance(command, Wait) and before.target is not None
        and command.target.name != before.target.name
    )  # fmt: skip
    if not left:
        skipped = isinstance(command, Send) and not before.asked
        fine = after.cause is None or (skipped and after.cause is after.passed_over)
        return None if fine else f"{_reason(after.cause)} is the cause before the target is left"
    if before.asked and after.error is not None:
        right = after.cause is after.error
        return None if right else f"leaves the first target with {_reason(after.cause)} as cause"
    return None


def _reason(error: Error | None) -> str:
    return "nothing" if error is None else str(error.reason)


def _time(move: Leap) -> str | None:
    command = move.after.command
    if move.spent and not isinstance(command, Finish):
        return f"{type(command).__name__.lower()} after the call's time was over"
    if isinstance(command, Wait) and not command.until < move.call.ends_at:
        return f"waits for {command.target} past the deadline"
    return None


def _committed(move: Leap) -> str | None:
    before, command = move.before, move.after.command
    goes_on = before.policy.on_interrupted is OnInterrupted.CONTINUE and not before.tool_call
    forbidden = isinstance(command, Send | Switch | Rotate | Wait | Repair)
    if before.committed and not goes_on and forbidden:
        return f"{type(command).__name__.lower()} after content was delivered"
    return None


def _taken(move: Leap) -> str | None:
    command = move.after.command
    if not isinstance(command, Send):
        return None
    taken = getattr(move.event, "taken", None)
    mine = taken is not None and (taken.target, taken.credential, taken.probe) == (
        command.target, command.credential, command.probe,
    )  # fmt: skip
    return None if mine else f"attempt at {command.target} with what was not taken"


def _haste(move: Leap) -> str | None:
    command, before = move.after.command, move.before
    stays = isinstance(command, Rotate | Repair) or (
        isinstance(command, Wait) and command.target is before.target
    )
    if stays and _failed_slowly(move) and _may_stand_by(move):
        doing = type(command).__name__.lower()
        return f"{doing} at {before.target}, which failed slowly, although a fallback stands by"
    return None


def _failed_slowly(move: Leap) -> bool:
    """A silence, or a failure that may have kept the caller waiting: one that nobody asked may."""
    event = move.event
    if not isinstance(event, Diagnosed):
        return False
    silent = event.error.reason is Reason.TIMEOUT
    possible = move.choices.instants.later is not None
    return silent or (possible and move.choices.kept_waiting is not False)


def _may_stand_by(move: Leap) -> bool:
    """Whether an unasked target that the policy allows may stand by; nobody asked, or one does."""
    if Move.FALLBACK not in move.call.allowed:
        return False
    if move.seen.standing is not None:
        return bool(move.seen.standing)
    before, small = move.before, move.call.too_small
    out = before.asked | before.gone
    return any(
        target.name not in out and target.provider not in move.call.billed
        and (small is None or target.context is None or target.context > small)
        for target in before.route
    )  # fmt: skip


def _kept_back(move: Leap) -> str | None:
    before, command = move.before, move.after.command
    if not isinstance(command, Send):
        return None
    if not command.until <= command.ends_at:
        return f"the attempt at {command.target} may go on after the call's time"
    silence = before.policy.moves(Reason.TIMEOUT, first_target=len(move.call.asked) <= 1)
    free = before.committed or Move.FALLBACK not in silence
    others = [place for place in move.seen.standing or () if before.route[place] != command.target]
    if others and not free and not command.until < command.ends_at:
        return f"no time is kept back at {command.target} although another target stands by"
    return None


def _empty(move: Leap) -> str | None:
    before, after, event = move.before, move.call, move.event
    if not isinstance(event, Diagnosed):
        kept = after.only_empty == before.only_empty
        return None if kept else f"{move.after.row} changes whether only empty answers came"
    if after.only_empty != (before.only_empty and event.error.empty):
        return f"whether only empty answers came is wrong after {event.error.reason}"
    if after.state is not State.SUCCEED:
        return None
    if not (event.error.empty and before.only_empty):
        return f"{event.error.reason} becomes an answer"
    if move.seen.standing and Move.FALLBACK in after.allowed:
        return "an empty answer is the answer although another target stands by"
    return None


def _impatient(move: Leap) -> str | None:
    event, command, before = move.event, move.after.command, move.before
    if not isinstance(event, Diagnosed) or not isinstance(command, Wait) or not move.seen.standing:
        return None
    allowed = Move.FALLBACK in move.call.allowed
    if allowed and command.until - event.at > before.policy.patience:
        return f"waits for {command.target} past the patience although a fallback stands by"
    return None


ATTEMPTS = "attempts are bounded"
WAITING = "waits are bounded"
SLEEP = "keys are tried before anything sleeps"
STUCK = "every state knows what to do"
ENDS = "every state leads to an end"
CIRCLES = "no call goes in circles"
SHADOWED = "every target can be reached"
SHORT = "one attempt fits the deadline"

CHECKS: dict[str, Callable[[Leap], str | None]] = {
    "billing bypasses the pool": _billing,
    "no send to an account without money": _no_money,
    "a target is asked once": _asked_once,
    "attempts advance": _counted,
    "attempts are numbered": _numbered,
    "tries are bounded": _tries,
    "the cause is real": _cause,
    "nothing after the deadline": _time,
    "nothing after the commit": _committed,
    "only what was taken is sent to": _taken,
    "patience while a fallback stands by": _impatient,
    "who fails slowly is left while a fallback stands by": _haste,
    "time is kept back for who stands by": _kept_back,
    "an empty answer is the answer only where nothing else came": _empty,
}
"""The properties of one move, by the name that a report gives."""

NAMES = (*CHECKS, ATTEMPTS, WAITING, SLEEP, STUCK, ENDS, CIRCLES, SHADOWED, SHORT)
"""Every property that is checked."""
