"""Which move comes first: the order of the design's rows, held against what the machine chose."""

from __future__ import annotations

import enum

from orchestrator.lab.invariants.known import CheckedMove
from orchestrator.lab.invariants.tries import ARRIVALS, most_tries
from orchestrator.lab.invariants.waits import clearing, kept_back, retry_ends, way_back
from orchestrator.states.commands import (
    Command,
    Finish,
    Repair,
    Rotate,
    Send,
    StoppedBy,
    Switch,
    Wait,
)
from orchestrator.states.events import Cancelled, Diagnosed, Succeeded
from orchestrator.states.facts import Mark
from orchestrator.states.reasons import Move, Reason


class NextMove(enum.Enum):
    """What a call can do next, in the words of a report."""

    SEND = "an attempt with what was taken"
    REPAIR = "a repair"
    ROTATE = "another key"
    RETRY = "a retry"
    FALLBACK = "a fallback"
    WAY_BACK = "the way back"
    WAIT = "a wait for what clears"
    ANSWER = "the empty answer"
    END = "the end"


def first_open(move: CheckedMove) -> NextMove:
    """What the design has a call do at a look: the first of its rows that holds."""
    if isinstance(move.event, ARRIVALS):
        return _on_arrival(move)
    before, spent = move.before, move.before.policy.max_attempts - move.before.number <= 0
    if not isinstance(move.event, Diagnosed) or not move.goes_on or spent or move.late:
        return NextMove.END
    if move.event.error.reason is not Reason.BILLING:
        here = None if move.failed_slowly and move.may_fall_back else _here(move, move.event)
        if here is not None:
            return here
    if Move.FALLBACK in move.permitted:
        if move.standing:
            return NextMove.FALLBACK
        if before.waits < before.policy.max_attempts and way_back(move) is not None:
            return NextMove.WAY_BACK
    answers = move.event.error.empty and before.only_empty
    return NextMove.ANSWER if answers else NextMove.END


def _on_arrival(move: CheckedMove) -> NextMove:
    before = move.before
    if move.late:
        return NextMove.END
    if getattr(move.event, "taken", None) is not None:
        return NextMove.SEND
    if move.may_fall_back:
        return NextMove.FALLBACK
    waits = before.waits < before.policy.max_attempts
    return NextMove.WAIT if waits and clearing(move) else NextMove.END


def _here(move: CheckedMove, event: Diagnosed) -> NextMove | None:
    """What is open at the target that has just failed, and not too slowly."""
    before, error, here = move.before, event.error, move.before.target
    if here is None:
        return None
    if error.repair is not None and (here.name, error.repair) not in before.repaired:
        return NextMove.REPAIR
    spare = before.policy.max_attempts - before.number > len(move.standing)
    if Move.ROTATE in move.permitted and move.has_unused_key and spare:
        return NextMove.ROTATE
    return NextMove.RETRY if _retries(move, event, spare=spare) else None


def _retries(move: CheckedMove, event: Diagnosed, *, spare: bool) -> bool:
    before = move.before
    if not may_stay(move) or before.waits >= before.policy.max_attempts:
        return False
    if before.tries >= most_tries(before, event.error):
        return False
    wait = retry_ends(move)
    if wait is None or not event.standby.retry_affordable:
        return False
    if not wait.clears < move.ends_at - kept_back(move, list(move.standing)):
        return False
    if not move.may_fall_back:
        return True
    patient = wait.clears - event.at <= before.policy.patience
    return patient and spare and not (before.probe or event.error.quoted)


def may_stay(move: CheckedMove) -> bool:
    """Whether the policy lets a call wait where it has failed: to retry, or for another key."""
    if Move.RETRY in move.permitted:
        return True
    if Move.ROTATE not in move.permitted:
        return False
    if move.has_other_key:
        return True
    # After a rate limit the cooling key may be the one that was sent.
    if move.error is None or move.error.reason is Reason.RATE_LIMIT:
        return False
    here, standby = move.before.target, move.standby
    clear = standby.clear(here) if here is not None and standby is not None else None
    return clear is not None and clear.mark is Mark.COOLDOWN


def chosen(move: CheckedMove) -> NextMove | None:
    """What the machine has the call do."""
    command: Command = move.after.command
    match command:
        case Finish():
            return NextMove.ANSWER if command.stopped_by is None else NextMove.END
        case Wait() if isinstance(move.event, ARRIVALS):
            return NextMove.WAIT
        case Wait():
            return NextMove.RETRY if move.stays else NextMove.WAY_BACK
        case Send() | Switch() | Rotate() | Repair():
            return _CHOSEN[type(command)]
        case _:
            return None


_CHOSEN: dict[type[Command], NextMove] = {
    Send: NextMove.SEND,
    Switch: NextMove.FALLBACK,
    Rotate: NextMove.ROTATE,
    Repair: NextMove.REPAIR,
}


# Properties.


def permitted(move: CheckedMove) -> str | None:
    """Nothing is done that the policy does not list for the error."""
    command = move.after.command
    if not isinstance(command, Switch | Rotate | Wait | Repair):
        return None
    moves = move.permitted
    match command:
        case Switch() if Move.FALLBACK not in moves:
            return f"falls back after {_error(move)}, for which the policy lists no fallback"
        case Rotate() if Move.ROTATE not in moves:
            return f"rotates after {_error(move)}, for which the policy lists no rotation"
        case Wait(_, target) if isinstance(move.event, Diagnosed):
            fine = may_stay(move) if move.stays else Move.FALLBACK in moves
            return None if fine else f"waits for {target} after {_error(move)}, against the policy"
        case Wait(_, target) if not move.stays and Move.FALLBACK not in moves:
            return f"waits for {target}, though the policy lists no fallback"
        case Repair(name, target):
            return _repairs(move, name, target.name)
        case _:
            return None


def _repairs(move: CheckedMove, name: str, target: str) -> str | None:
    error = move.error
    if error is None or error.repair != name:
        return f"repair {name}, which the error does not name"
    again = (target, name) in move.before.repaired
    return f"repair {name} at {target} a second time" if again else None


def _error(move: CheckedMove) -> str:
    return str(move.error.reason) if move.error is not None else "nothing"


def attempts_left_for_others(move: CheckedMove) -> tuple[str, int] | None:
    """A rotation or retry leaves an attempt to each target that stands by.

    Returns:
        What happens, and the number of the last attempt from which on it is wrong.
    """
    event, command, before = move.event, move.after.command, move.before
    if not isinstance(event, Diagnosed):
        return None
    retries = isinstance(command, Wait) and move.stays and Move.FALLBACK in move.permitted
    if not (isinstance(command, Rotate) or retries):
        return None
    others = len(move.standing)
    what = f"stays at {before.target} with no attempt to spare for who stands by"
    return (what, before.policy.max_attempts - others) if others else None


def never_gives_up(move: CheckedMove) -> str | None:
    """A call that nothing ended goes on as long as a move is open."""
    command = move.after.command
    ends = isinstance(command, Finish) and command.stopped_by is StoppedBy.EXHAUSTED
    if not ends or move.standby is None:
        return None
    left = first_open(move)
    if left in (NextMove.END, NextMove.ANSWER):
        return None
    return f"gives up at {move.before.target or 'no target'} although {left.value} is open"


def in_order(move: CheckedMove) -> str | None:
    """Of all moves that are open the first is made."""
    if move.standby is None:
        return None
    left, done = first_open(move), chosen(move)
    return None if left is done else f"{_words(done)} comes before {left.value}"


def _words(done: NextMove | None) -> str:
    return "nothing" if done is None else done.value


def everyone_in_order(move: CheckedMove) -> str | None:
    """A fallback asks for all who stand by and were not asked, in the route's order."""
    command = move.after.command
    if not isinstance(command, Switch):
        return None
    wanted = [target.name for target in move.standing]
    named = [target.name for target in command.targets]
    again = [name for name in named if name in move.before.gone]
    if again:
        return f"falls back to {', '.join(again)} again, gone a moment ago"
    if named == wanted:
        return None
    return f"falls back to {', '.join(named) or 'nobody'}, not to {', '.join(wanted) or 'nobody'}"


def not_as_small(move: CheckedMove) -> str | None:
    """No target as small as one that the request was too large for is turned to."""
    command = move.after.command
    match command:
        case Switch(targets):
            found = [str(target) for target in targets if not move.fits(target)]
        case Wait(_, target) if not move.stays:
            found = [] if move.fits(target) else [str(target)]
        case _:
            return None
    return f"turns to {', '.join(found)}, no larger than what was too small" if found else None


def answered(move: CheckedMove) -> str | None:
    """Only an answer is an answer: a whole one, one left when complete, or an empty one."""
    event, command = move.event, move.after.command
    whole = isinstance(event, Succeeded) or (isinstance(event, Cancelled) and event.complete)
    ends = isinstance(command, Finish)
    succeeds = isinstance(command, Finish) and command.stopped_by is None
    if whole and not succeeds:
        return f"{move.after.row} loses an answer"
    if isinstance(event, Cancelled) and not ends:
        return f"{move.after.row} goes on although the caller went away"
    if succeeds and not whole and not isinstance(event, Diagnosed):
        return f"{move.after.row} answers with nothing"
    return None
