"""The invariants of a call, one function each, written once over (before, event, step).

Who uses them: the model checker, of every move that is possible; the toolkit for tests, of
every move in a ledger. A function says what is wrong with one move, or nothing. What holds of
every move holds of every call, as long as the call before is known to be right: so what a move
must leave behind is derived from the event and the command, and a fault in the machine's own
bookkeeping cannot hide itself (:func:`remembered` for a ledger; what was billed for our calls).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from orchestrator.states.call import Call, State
from orchestrator.states.commands import Command, Finish, Repair, Rotate, Send, Switch, Wait
from orchestrator.states.error import Error
from orchestrator.states.events import (
    Cancelled,
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
from orchestrator.states.machine import Step
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason

Interval = tuple[int, int]

_ARRIVALS = (Started, Rotated, Switched, Waited, Repaired)
_LOOKS = (*_ARRIVALS, Diagnosed)
_TOO_LARGE = (Reason.CONTEXT_OVERFLOW, Reason.PAYLOAD_TOO_LARGE)


@attrs.frozen
class CheckedMove:
    """One move, with what stood by as the event says it.

    Attributes:
        before: The call before the event.
        event: What happened.
        after: What the machine made of it, or what a ledger says that it made.
    """

    before: Call
    event: Event
    after: Step

    @property
    def call(self) -> Call:
        """The call after the move."""
        return self.after.call

    @property
    def number(self) -> Interval:
        """What the number of the last attempt may be, before the move."""
        return self.before.number, self.before.number

    @property
    def waits(self) -> Interval:
        """How many waits there may have been before it."""
        return self.before.waits, self.before.waits

    def counted(self, counter: str) -> int | None:
        """How far the move moves ``number`` or ``waits``; ``None`` where it sets it anew."""
        after: int = getattr(self.call, counter)
        before: int = getattr(self.before, counter)
        return after - before

    def follows(self, number: int) -> bool:
        """Whether an attempt of this number comes after the last one."""
        return number == self.before.number + 1

    @property
    def late(self) -> bool:
        """Whether the call's time was over, where the machine had a choice."""
        looks = isinstance(self.event, _LOOKS)
        return looks and self.event.at >= self.before.ends_at

    @property
    def standing(self) -> Sequence[Target]:
        """The unasked targets that stand by, whatever the policy allows."""
        standby = self.event.standby if isinstance(self.event, _LOOKS) else None
        out, billed = self.before.asked | self.before.gone, self.billed
        return [
            target for target in (standby.targets if standby is not None else ())
            if target.name not in out and target.provider not in billed and self._fits(target)
        ]  # fmt: skip

    @property
    def may_fall_back(self) -> bool:
        """Whether an unasked target that the policy allows may stand by."""
        return Move.FALLBACK in self.call.allowed and bool(self.standing)

    @property
    def failed_slowly(self) -> bool:
        """A silence, or a failure that may have kept the caller waiting."""
        silent = isinstance(self.event, Diagnosed) and self.event.error.reason is Reason.TIMEOUT
        return silent or (isinstance(self.event, Diagnosed) and self.before.kept_waiting)

    @property
    def has_unused_key(self) -> bool:
        """Whether a ready key of the call's own target was not sent with there."""
        here, event = self.before.target, self.event
        used = self.before.used_at(here) if here is not None else frozenset()
        return isinstance(event, Diagnosed) and any(
            key not in used for key in event.standby.credentials
        )

    def blocked(self, target: Target) -> str | None:
        """What stands in the way of ``target``, as far as the event tells."""
        event = self.event
        clear = event.standby.clear(target) if isinstance(event, _LOOKS) else None
        return None if clear is None else str(clear.mark)

    @property
    def billed(self) -> frozenset[str]:
        """The providers that have billed the call by now, from the event and not from its note."""
        here, event = self.before.target, self.event
        bills = isinstance(event, Diagnosed) and event.error.reason is Reason.BILLING
        return self.before.billed | ({here.provider} if bills and here is not None else set())

    def _fits(self, target: Target) -> bool:
        small = self.call.too_small
        return small is None or target.context is None or target.context > small


@attrs.frozen
class BrokenMove:
    """A move that breaks an invariant, for the given values of the counters.

    Attributes:
        name: The invariant.
        what: What happened.
        number, waits: The counters before the move for which it happens.
    """

    name: str
    what: str
    number: Interval
    waits: Interval


def broken(move: CheckedMove) -> Iterator[BrokenMove]:
    """Every invariant that ``move`` breaks, the most telling first."""
    number, waits = move.number, move.waits
    for name, check in CHECKS.items():
        if what := check(move):
            yield BrokenMove(name, what, number, waits)
    yield from _bounds(move, number, waits)
    yield from _sleeps(move, number, waits)


def _bounds(move: CheckedMove, number: Interval, waits: Interval) -> Iterator[BrokenMove]:
    most = move.before.policy.max_attempts
    command = move.after.command
    if isinstance(command, Send) and number[1] >= most:
        at = (max(number[0], most), number[1])
        yield BrokenMove(ATTEMPTS, f"attempt {most + 1} of {most} is sent", at, waits)
    if isinstance(command, Wait) and waits[1] >= most:
        at = (max(waits[0], most), waits[1])
        yield BrokenMove(WAITING, f"wait {most + 1} of {most} begins", number, at)


def _sleeps(move: CheckedMove, number: Interval, waits: Interval) -> Iterator[BrokenMove]:
    """Ten keys are tried before anything sleeps, as far as an attempt is left for the others."""
    event, command, before = move.event, move.after.command, move.before
    if not isinstance(event, Diagnosed) or not isinstance(command, Wait | Switch):
        return
    if event.error.reason is Reason.BILLING or Move.ROTATE not in move.call.allowed:
        return
    if (move.failed_slowly and move.may_fall_back) or not move.has_unused_key:
        return
    high = min(number[1], before.policy.max_attempts - len(move.standing) - 1)
    if high >= number[0]:
        what = f"leaves or waits for {before.target} although a key not yet used there stands by"
        yield BrokenMove(SLEEP, what, (number[0], high), waits)


def _billing(move: CheckedMove) -> str | None:
    command, event = move.after.command, move.event
    if isinstance(event, _LOOKS) and move.call.billed != move.billed:
        return f"who has billed the call is {sorted(move.call.billed)}, not {sorted(move.billed)}"
    match command:
        case Rotate() | Repair() | Wait() if command.target.provider in move.billed:
            return f"{_doing(command)} at {command.target}, whose provider has billed this call"
        case _:
            return None


def _doing(command: Command) -> str:
    return type(command).__name__.lower()


def _no_money(move: CheckedMove) -> str | None:
    command = move.after.command
    match command:
        case Send() if command.target.provider in move.billed:
            return f"attempt at {command.target}, whose provider has billed this call"
        case Switch(targets):
            billed = move.billed
            poor = [str(target) for target in targets if target.provider in billed]
            return f"falls back to {', '.join(poor)}, out of money" if poor else None
        case _:
            return None


def _asked_once(move: CheckedMove) -> str | None:
    command, before = move.after.command, move.before
    if isinstance(command, Switch):
        again = [str(target) for target in command.targets if target.name in before.asked]
        return f"falls back to {', '.join(again)}, asked before" if again else None
    if isinstance(command, Send) and isinstance(move.event, Switched):
        target = command.target
        return f"comes back to {target} by a fallback" if target.name in before.asked else None
    return None


def _counted(move: CheckedMove) -> str | None:
    command = move.after.command
    expected = {"number": isinstance(command, Send), "waits": isinstance(command, Wait)}
    for name, moves in expected.items():
        found = move.counted(name)
        if found is None:
            return f"{name} is set to {getattr(move.call, name)} by row {move.after.row}"
        if found != moves:
            return f"{name} moves by {found} in row {move.after.row}, not by {int(moves)}"
    return None


def _numbered(move: CheckedMove) -> str | None:
    command = move.after.command
    if not isinstance(command, Send) or move.follows(command.number):
        return None
    return f"attempt number {command.number!r} does not follow the last one"


def _tries(move: CheckedMove) -> str | None:
    most = move.before.policy.attempts_per_target
    if isinstance(move.after.command, Send) and move.call.tries > most:
        return f"try {move.call.tries} of {most} at {move.call.target}"
    return None


def _cause(move: CheckedMove) -> str | None:
    before, after, command = move.before, move.call, move.after.command
    if after.state is State.SUCCEED:
        return None
    if before.cause is not None and not _same(after.cause, before.cause):
        return f"{_reason(after.cause)} replaces the cause"
    if isinstance(command, Finish) and not _same(command.cause, after.cause):
        return f"{_reason(command.cause)} is told instead of the cause"
    return _first_cause(move) if before.cause is None else None


def _same(one: Error | None, other: Error | None) -> bool:
    return one is other or one == other


def _first_cause(move: CheckedMove) -> str | None:
    before, after, command = move.before, move.call, move.after.command
    if not _leaves(before, command):
        skipped = isinstance(command, Send) and not before.asked
        fine = after.cause is None or (skipped and _same(after.cause, after.passed_over))
        return None if fine else f"{_reason(after.cause)} is the cause before the target is left"
    if before.asked and after.error is not None and not _same(after.cause, after.error):
        return f"leaves the first target with {_reason(after.cause)} as cause"
    return None


def _leaves(before: Call, command: Command) -> bool:
    here = before.target
    elsewhere = isinstance(command, Wait) and here is not None and command.target.name != here.name
    return isinstance(command, Switch | Finish) or elsewhere


def _reason(error: Error | None) -> str:
    return "nothing" if error is None else str(error.reason)


def _time(move: CheckedMove) -> str | None:
    command = move.after.command
    if move.late and not isinstance(command, Finish):
        return f"{_doing(command)} after the call's time was over"
    if isinstance(command, Wait) and not command.until < move.call.ends_at:
        return f"waits for {command.target} past the deadline"
    return None


def _committed(move: CheckedMove) -> str | None:
    before, command = move.before, move.after.command
    goes_on = before.policy.on_interrupted is OnInterrupted.CONTINUE and not before.tool_call
    forbidden = isinstance(command, Send | Switch | Rotate | Wait | Repair)
    if before.committed and not goes_on and forbidden:
        return f"{_doing(command)} after content was delivered"
    return None


def _taken(move: CheckedMove) -> str | None:
    command = move.after.command
    if not isinstance(command, Send):
        return None
    taken = getattr(move.event, "taken", None)
    sent = (command.target, command.credential, command.probe)
    if taken is None or (taken.target, taken.credential, taken.probe) != sent:
        return f"attempt at {command.target} with what was not taken"
    mark = None if command.probe else move.blocked(command.target)
    return f"attempt at {command.target} past its {mark}" if mark is not None else None


def _haste(move: CheckedMove) -> str | None:
    command, before = move.after.command, move.before
    stays = isinstance(command, Rotate | Repair | Wait) and not _leaves(before, command)
    if not (stays and move.failed_slowly and move.may_fall_back):
        return None
    return f"{_doing(command)} at {before.target}, which failed slowly, while a fallback stands by"


def _kept_back(move: CheckedMove) -> str | None:
    before, command = move.before, move.after.command
    if not isinstance(command, Send):
        return None
    if not command.until <= command.ends_at:
        return f"the attempt at {command.target} may go on after the call's time"
    silence = before.policy.moves(Reason.TIMEOUT, first_target=len(move.call.asked) <= 1)
    free = before.committed or Move.FALLBACK not in silence
    others = [target for target in move.standing if target != command.target]
    if others and not free and not command.until < command.ends_at:
        return f"no time is kept back at {command.target} although another target stands by"
    return None


def _empty(move: CheckedMove) -> str | None:
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
    if move.standing and Move.FALLBACK in after.allowed:
        return "an empty answer is the answer although another target stands by"
    return None


def _impatient(move: CheckedMove) -> str | None:
    event, command, before = move.event, move.after.command, move.before
    if not isinstance(event, Diagnosed) or not isinstance(command, Wait) or not move.standing:
        return None
    allowed = Move.FALLBACK in move.call.allowed
    if allowed and command.until - event.at > before.policy.patience:
        return f"waits for {command.target} past the patience although a fallback stands by"
    return None


def _unpaid(move: CheckedMove) -> str | None:
    event, command = move.event, move.after.command
    stays = isinstance(command, Wait) and not _leaves(move.before, command)
    unpaid = stays and isinstance(event, Diagnosed) and not event.standby.retry_affordable
    return f"waits for {move.before.target} without the budget for a retry" if unpaid else None


ATTEMPTS = "attempts are bounded"
WAITING = "waits are bounded"
SLEEP = "keys are tried before anything sleeps"

CHECKS: dict[str, Callable[[CheckedMove], str | None]] = {
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
    "a retry is paid for": _unpaid,
    "who fails slowly is left while a fallback stands by": _haste,
    "time is kept back for who stands by": _kept_back,
    "an empty answer is the answer only where nothing else came": _empty,
}
"""The invariants of one move, by the name that a report gives."""


# A call as its events and commands tell it.


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
            _diagnose(call, event.error)
        case Started() | Switched() | Waited() if call.number == 0 and call.route:
            clear = event.standby.clear(call.route[0])
            call.passed_over = (clear.error if clear is not None else None) or call.passed_over
        case _:
            pass


def _diagnose(call: Call, error: Error) -> None:
    call.error, here = error, call.target
    call.only_empty = call.only_empty and error.empty
    if here is not None and error.reason is Reason.BILLING:
        call.billed |= {here.provider}
    if here is not None and error.reason in _TOO_LARGE and here.context is not None:
        call.too_small = here.context


def _obey(after: Call, before: Call, event: Event, command: Command) -> None:
    if _leaves(before, command):
        after.cause = after.cause or after.error
    match command:
        case Send(target, credential):
            _send(after, before, event, command)
            after.asked, after.used = (
                after.asked | {target.name},
                after.used | {(target.name, credential)},
            )
            after.gone = frozenset()
        case Switch(targets):
            after.gone |= {target.name for target in targets}
            after.target = None
        case Wait(_, target):
            after.waits += 1
            same = before.target is not None and target.name == before.target.name
            after.tries = before.tries if same else 0
            after.target = target
        case Finish():
            answered = command.stopped_by is None
            after.state = State.SUCCEED if answered else State.FAIL_TERMINAL
            after.cause = None if answered else after.cause or _last_cause(after, event, command)
        case _:
            pass


def _send(after: Call, before: Call, event: Event, command: Send) -> None:
    target = command.target
    if after.cause is None and not before.asked and target.name != before.route[0].name:
        after.cause = after.passed_over
    same = before.target is not None and target.name == before.target.name
    again = int(not isinstance(event, Rotated | Repaired))
    after.tries = (before.tries if same else 0) + again
    after.number += 1
    after.target, after.credential, after.probe = target, command.credential, command.probe


def _last_cause(call: Call, event: Event, command: Finish) -> Error | None:
    """The cause of a call that left no target: what is remembered, or that it was cut short."""
    told = command.cause
    marks = [clear.error for clear in event.standby.clears] if isinstance(event, _ARRIVALS) else []
    cut = told is not None and told.reason in (Reason.CANCELLED, Reason.DEADLINE)
    return call.passed_over or next(filter(None, marks), None) or (told if cut else None)


def broken_in(call: Call, moves: Iterable[tuple[Event, Command, str]]) -> Iterator[BrokenMove]:
    """What the moves of one call break, each the event, the command and the row that a ledger has.

    Args:
        call: The call as it began.
        moves: Every move, in order.
    """
    for event, command, row in moves:
        if call.state.final:
            yield BrokenMove(OVER, f"{row} follows the end", (call.number,) * 2, (call.waits,) * 2)
            return
        after = remembered(call, event, command)
        move = CheckedMove(call, event, Step(after, command, row))
        yield from broken(move)
        if isinstance(event, Cancelled) and (after.state is State.SUCCEED) != event.complete:
            yield BrokenMove(OVER, f"{row} ends a call that was left", move.number, move.waits)
        call = after


OVER = "nothing follows the end"
