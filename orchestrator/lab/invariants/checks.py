"""The invariants of one move, each a function that says what is wrong with it, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import attrs

from orchestrator.lab.invariants import choosing, memory, sending, waits
from orchestrator.lab.invariants.known import CheckedMove, Interval, leaves
from orchestrator.lab.invariants.tries import LOOKS
from orchestrator.states.call import State
from orchestrator.states.commands import (
    Command,
    Diagnose,
    Finish,
    Relay,
    Repair,
    Rotate,
    Send,
    Switch,
    Wait,
)
from orchestrator.states.error import Error
from orchestrator.states.events import Cancelled, Diagnosed, Event, Succeeded, Switched
from orchestrator.states.reasons import Move, Reason


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


@attrs.frozen
class Check:
    """An invariant, and the moves that it is asked of: of any other it says nothing.

    Attributes:
        wrong: What is wrong with a move; of a move that it is not asked of ``None``, and without
            a look at the call, which makes it right not to ask.
        commands, events: What it is asked of: a move with one of both.
        either: It is asked of a move with one of either.
    """

    wrong: Callable[[CheckedMove], str | None]
    commands: tuple[type, ...] = (object,)
    events: tuple[type, ...] = (object,)
    either: bool = False

    def is_about(self, event: type[Event], command: type[Command]) -> bool:
        """Whether it is asked of a move with such an event and such a command."""
        heard, told = issubclass(event, self.events), issubclass(command, self.commands)
        return heard or told if self.either else heard and told


@attrs.frozen
class BoundCheck:
    """An invariant of some values of the counters, and the moves that it is asked of.

    Attributes:
        wrong: What is wrong with a move, and for which values.
        commands, events: See :class:`Check`.
    """

    wrong: Callable[[CheckedMove, Interval, Interval], Iterator[BrokenMove]]
    commands: tuple[type, ...]
    events: tuple[type, ...] = (object,)

    def is_about(self, event: type[Event], command: type[Command]) -> bool:
        """See :meth:`Check.is_about`."""
        return issubclass(event, self.events) and issubclass(command, self.commands)


class _Asked(NamedTuple):
    """What is asked of moves with one event and one command, in the order of a report."""

    checks: tuple[tuple[str, Callable[[CheckedMove], str | None]], ...]
    bounds: tuple[Callable[[CheckedMove, Interval, Interval], Iterator[BrokenMove]], ...]
    exact: tuple[tuple[str, Callable[[CheckedMove], str | None]], ...]


def _select(event: type[Event], command: type[Command]) -> _Asked:
    def about(checks: Mapping[str, Check]) -> Iterator[tuple[str, Callable[..., str | None]]]:
        named = checks.items()
        return ((name, one.wrong) for name, one in named if one.is_about(event, command))

    bounds = tuple(one.wrong for one in BOUNDS if one.is_about(event, command))
    found = _ASKED[event, command] = _Asked(tuple(about(CHECKS)), bounds, tuple(about(EXACT)))
    return found


def broken(move: CheckedMove) -> Iterator[BrokenMove]:
    """Every invariant that ``move`` breaks, the most telling first."""
    number, slept = move.number, move.waits
    kinds = type(move.event), type(move.after.command)
    asked = _ASKED.get(kinds) or _select(*kinds)
    for name, wrong in asked.checks:
        if what := wrong(move):
            yield BrokenMove(name, what, number, slept)
    for bound in asked.bounds:
        yield from bound(move, number, slept)
    for name, what in memory.forgotten(move):
        yield BrokenMove(name, what, number, slept)
    if move.exact:
        for name, wrong in asked.exact:
            if what := wrong(move):
                yield BrokenMove(name, what, number, slept)


def _spared(move: CheckedMove, number: Interval, waits: Interval) -> Iterator[BrokenMove]:
    found = choosing.attempts_left_for_others(move)
    if found is not None and number[1] >= found[1]:
        yield BrokenMove(SPARE, found[0], (max(number[0], found[1]), number[1]), waits)


def _bounds(move: CheckedMove, number: Interval, waits: Interval) -> Iterator[BrokenMove]:
    command = move.after.command
    if not isinstance(command, Send | Wait):
        return
    most = move.before.policy.max_attempts
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
    if event.error.reason is Reason.BILLING or Move.ROTATE not in move.permitted:
        return
    if (move.failed_slowly and move.may_fall_back) or not move.has_unused_key:
        return
    high = min(number[1], before.policy.max_attempts - len(move.standing) - 1)
    if high >= number[0]:
        what = f"leaves or waits for {before.target} although a key not yet used there stands by"
        yield BrokenMove(SLEEP, what, (number[0], high), waits)


def _billing(move: CheckedMove) -> str | None:
    command, event = move.after.command, move.event
    if isinstance(event, LOOKS) and move.call.billed != move.billed:
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
    for name, kind in _COUNTED:
        found, moves = move.counted(name), isinstance(command, kind)
        if found is None:
            return f"{name} is set to {getattr(move.call, name)} by row {move.after.row}"
        if found != moves:
            return f"{name} moves by {found} in row {move.after.row}, not by {int(moves)}"
    return None


_COUNTED = (("number", Send), ("waits", Wait))


def _numbered(move: CheckedMove) -> str | None:
    command = move.after.command
    if not isinstance(command, Send) or move.follows(command.number):
        return None
    return f"attempt number {command.number!r} does not follow the last one"


def _tries(move: CheckedMove) -> str | None:
    if not isinstance(move.after.command, Send):
        return None
    most = move.before.policy.attempts_per_target
    if move.call.tries > most:
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
    if not leaves(before, command):
        skipped = isinstance(command, Send) and not before.asked
        fine = after.cause is None or (skipped and _same(after.cause, after.passed_over))
        return None if fine else f"{_reason(after.cause)} is the cause before the target is left"
    if before.asked and after.error is not None and not _same(after.cause, after.error):
        return f"leaves the first target with {_reason(after.cause)} as cause"
    return None


def _reason(error: Error | None) -> str:
    return "nothing" if error is None else str(error.reason)


def _time(move: CheckedMove) -> str | None:
    command = move.after.command
    if isinstance(command, Finish):
        return None
    if move.late:
        return f"{_doing(command)} after the call's time was over"
    if isinstance(command, Wait) and not command.until < move.ends_at:
        return f"waits for {command.target} past the deadline"
    return None


def _committed(move: CheckedMove) -> str | None:
    command = move.after.command
    forbidden = isinstance(command, Send | Switch | Rotate | Wait | Repair)
    if forbidden and not move.goes_on:
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
    if not isinstance(move.event, Diagnosed) or not isinstance(command, Rotate | Repair | Wait):
        return None
    if leaves(before, command) or not (move.failed_slowly and move.may_fall_back):
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
    if move.standing and Move.FALLBACK in move.permitted:
        return "an empty answer is the answer although another target stands by"
    return None


def _impatient(move: CheckedMove) -> str | None:
    event, command, before = move.event, move.after.command, move.before
    if not isinstance(event, Diagnosed) or not isinstance(command, Wait) or not move.standing:
        return None
    allowed = Move.FALLBACK in move.permitted
    if allowed and command.until - event.at > before.policy.patience:
        return f"waits for {command.target} past the patience although a fallback stands by"
    return None


def _unpaid(move: CheckedMove) -> str | None:
    event, command = move.event, move.after.command
    if not isinstance(event, Diagnosed) or not isinstance(command, Wait):
        return None
    unpaid = not move.leaves and not event.standby.retry_affordable
    return f"waits for {move.before.target} without the budget for a retry" if unpaid else None


ATTEMPTS = "attempts are bounded"
WAITING = "waits are bounded"
SLEEP = "keys are tried before anything sleeps"
SPARE = "an attempt is kept back for who stands by"

_MOVES_ON = (Send, Switch, Rotate, Wait, Repair)
_GOES_ON = (*_MOVES_ON, Relay, Diagnose)

CHECKS: Mapping[str, Check] = {
    "billing bypasses the pool": Check(_billing, (Rotate, Repair, Wait), LOOKS, either=True),
    "no send to an account without money": Check(_no_money, (Send, Switch)),
    "a target is asked once": Check(_asked_once, (Send, Switch)),
    "attempts advance": Check(_counted),
    "attempts are numbered": Check(_numbered, (Send,)),
    "tries are bounded": Check(_tries, (Send,)),
    "the cause is real": Check(_cause),
    "nothing after the deadline": Check(_time, _GOES_ON),
    "nothing after the commit": Check(_committed, _MOVES_ON),
    "only what was taken is sent to": Check(_taken, (Send,)),
    "patience while a fallback stands by": Check(_impatient, (Wait,), (Diagnosed,)),
    "a retry is paid for": Check(_unpaid, (Wait,), (Diagnosed,)),
    "who fails slowly is left while a fallback stands by": Check(
        _haste, (Rotate, Repair, Wait), (Diagnosed,)
    ),
    "time is kept back for who stands by": Check(_kept_back, (Send,)),
    "an empty answer is the answer only where nothing else came": Check(_empty),
    "one try after a probe while a fallback stands by": Check(
        waits.one_try_after_a_probe, (Wait,), (Diagnosed,)
    ),
    "the way back is taken once": Check(waits.back_once, (Wait,)),
    "no target as small as one that was too small": Check(choosing.not_as_small, (Switch, Wait)),
    "only what the policy lists is done": Check(choosing.permitted, (Switch, Rotate, Wait, Repair)),
    "only an answer is an answer": Check(
        choosing.answered, (Finish,), (Succeeded, Cancelled), either=True
    ),
    "what a call has done is never forgotten": Check(memory.lost),
}
"""The invariants of one move, by the name that a report gives."""

EXACT: Mapping[str, Check] = {
    "what cannot be is refused": Check(sending.claimed),
    "an attempt lasts as long as who stands by leaves it": Check(
        sending.time_shared, (Send,), LOOKS
    ),
    "an attempt has the limits that are set": Check(sending.limited, (Send, Relay)),
    "a retry leaves time for who stands by": Check(
        waits.time_left_for_others, (Wait,), (Diagnosed,)
    ),
    "no wait ends before what was asked for": Check(waits.floors, (Wait,), LOOKS),
    "what clears first is waited for": Check(waits.earliest, (Wait,)),
    "a wait is as long as it must be": Check(waits.as_long_as_said, (Wait,), LOOKS),
    "a fallback asks everyone who stands by": Check(choosing.everyone_in_order, (Switch,)),
    "nobody gives up while a move is open": Check(choosing.never_gives_up, (Finish,), LOOKS),
    "the first move that is open is made": Check(choosing.in_order, events=LOOKS),
}
"""Invariants of a move whose instants and marks are known: of a ledger, and of a small setting
that is searched with a running clock."""

BOUNDS = (
    BoundCheck(_bounds, (Send, Wait)),
    BoundCheck(_sleeps, (Wait, Switch), (Diagnosed,)),
    BoundCheck(_spared, (Rotate, Wait), (Diagnosed,)),
)
"""The invariants of :data:`ATTEMPTS`, :data:`WAITING`, :data:`SLEEP` and :data:`SPARE`."""

_ASKED: dict[tuple[type, type], _Asked] = {}
"""What is asked of a move by its event and its command, as far as they came up."""
