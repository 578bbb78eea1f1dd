"""The invariants of one move, each a function that says what is wrong with it, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import attrs

from orchestrator.lab.invariants import choosing, memory, sending, waits
from orchestrator.lab.invariants.known import CheckedMove, Interval, leaves
from orchestrator.lab.invariants.tries import LOOKS
from orchestrator.states.call import State
from orchestrator.states.commands import Command, Finish, Repair, Rotate, Send, Switch, Wait
from orchestrator.states.error import Error
from orchestrator.states.events import Diagnosed, Switched
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


def broken(move: CheckedMove) -> Iterator[BrokenMove]:
    """Every invariant that ``move`` breaks, the most telling first."""
    number, slept = move.number, move.waits
    for name, check in CHECKS.items():
        if what := check(move):
            yield BrokenMove(name, what, number, slept)
    yield from _bounds(move, number, slept)
    yield from _sleeps(move, number, slept)
    yield from _spared(move, number, slept)
    for name, what in memory.forgotten(move):
        yield BrokenMove(name, what, number, slept)
    if move.exact:
        for name, check in EXACT.items():
            if what := check(move):
                yield BrokenMove(name, what, number, slept)


def _spared(move: CheckedMove, number: Interval, waits: Interval) -> Iterator[BrokenMove]:
    found = choosing.attempts_left_for_others(move)
    if found is not None and number[1] >= found[1]:
        yield BrokenMove(SPARE, found[0], (max(number[0], found[1]), number[1]), waits)


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
    if move.late and not isinstance(command, Finish):
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
    stays = isinstance(command, Rotate | Repair | Wait) and not leaves(before, command)
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
    stays = isinstance(command, Wait) and not move.leaves
    unpaid = stays and isinstance(event, Diagnosed) and not event.standby.retry_affordable
    return f"waits for {move.before.target} without the budget for a retry" if unpaid else None


ATTEMPTS = "attempts are bounded"
WAITING = "waits are bounded"
SLEEP = "keys are tried before anything sleeps"
SPARE = "an attempt is kept back for who stands by"

Check = Callable[[CheckedMove], str | None]

CHECKS: Mapping[str, Check] = {
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
    "one try after a probe while a fallback stands by": waits.one_try_after_a_probe,
    "the way back is taken once": waits.back_once,
    "no target as small as one that was too small": choosing.not_as_small,
    "only what the policy lists is done": choosing.permitted,
    "only an answer is an answer": choosing.answered,
    "what a call has done is never forgotten": memory.lost,
}
"""The invariants of one move, by the name that a report gives."""

EXACT: Mapping[str, Check] = {
    "what cannot be is refused": sending.claimed,
    "an attempt lasts as long as who stands by leaves it": sending.time_shared,
    "an attempt has the limits that are set": sending.limited,
    "a retry leaves time for who stands by": waits.time_left_for_others,
    "no wait ends before what was asked for": waits.floors,
    "what clears first is waited for": waits.earliest,
    "a wait is as long as it must be": waits.as_long_as_said,
    "a fallback asks everyone who stands by": choosing.everyone_in_order,
    "nobody gives up while a move is open": choosing.never_gives_up,
    "the first move that is open is made": choosing.in_order,
}
"""Invariants of a move whose instants and marks are known: of a ledger, and of a small setting
that is searched with a running clock."""
