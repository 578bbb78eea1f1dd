"""What an attempt may send, with what, and for how long; and what no event may claim."""

from __future__ import annotations

from orchestrator.lab.invariants.known import CheckedMove
from orchestrator.lab.invariants.tries import ARRIVALS
from orchestrator.lab.invariants.waits import GRAIN, kept_back
from orchestrator.states.call import State
from orchestrator.states.commands import Relay, Send
from orchestrator.states.events import (
    Cancelled,
    Failed,
    Repaired,
    Rotated,
    Streaming,
    Switched,
    Waited,
)
from orchestrator.states.facts import Taken, Target
from orchestrator.states.policy import Timeouts

HASTY, PATIENT, ALIVE, PROBED = 12.0, 120.0, 30.0, 60.0
"""Seconds of silence that are borne: while another target stands by, otherwise, where the
stream says that it is at work, and by a probe after a silence that was cut."""

CLOCK = 0.001
"""Seconds by which two readings of a clock may disagree."""


def claimed(move: CheckedMove) -> str | None:
    """Nothing is believed that cannot be."""
    event, before = move.event, move.before
    if not event.at >= 0:
        return f"{event.at!r} is taken for an instant"
    if isinstance(event, Failed) and not 0 <= event.waited <= event.at + CLOCK:
        return f"{event.waited!r} s are taken for a wait"
    if isinstance(event, Cancelled) and event.complete and before.state is not State.STREAM:
        return "an answer is taken for complete of which nothing had come"
    taken = event.taken if isinstance(event, ARRIVALS) else None
    return None if taken is None else _asked_for(move, taken)


def _asked_for(move: CheckedMove, taken: Taken) -> str | None:
    event, before, target = move.event, move.before, taken.target
    if all(target.name != one.name for one in before.route):
        return f"{target} is taken, which is not on the route"
    if target.provider in before.billed:
        return f"{target} is taken, whose provider has billed this call"
    if isinstance(event, Switched) and target.name not in before.gone:
        return f"{target} is taken, which was not asked for"
    if isinstance(event, Rotated) and (target.name, taken.credential) in before.used:
        return f"{taken.credential} of {target} is taken once more by a rotation"
    stays = isinstance(event, Rotated | Waited | Repaired) and before.target is not None
    if stays and before.target is not None and target.name != before.target.name:
        return f"{target} is taken, where {before.target} was asked for"
    return None


def time_shared(move: CheckedMove) -> str | None:
    """An attempt ends so early that who stands by has what an attempt there needs."""
    command = move.after.command
    if not isinstance(command, Send) or move.standby is None:
        return None
    kept = kept_back(move, _others(move, command.target))
    until = move.ends_at - kept
    if abs(command.ends_at - move.ends_at) > GRAIN:
        return f"the attempt at {command.target} is told of {command.ends_at:g} s as the end"
    if abs(command.until - until) > GRAIN:
        return (
            f"the attempt at {command.target} may last until {command.until:g} s, not {until:g} s"
        )
    return None


def _others(move: CheckedMove, target: Target) -> list[Target]:
    # By a send who was gone is worth another look.
    return list(move.standing_but(move.before.asked | {target.name}))


def limited(move: CheckedMove) -> str | None:
    """An attempt has the limits that its target and what was seen of it give it."""
    event, command = move.event, move.after.command
    if isinstance(event, Streaming) and isinstance(command, Relay):
        before, here = move.before, move.before.target
        ends = before.stream_ends_at
        if ends is None and here is not None:
            ends = event.at + here.timeouts.stream_total
        return (
            None if command.ends_at == ends else f"the stream may last until {command.ends_at:g} s"
        )
    taken = event.taken if isinstance(event, ARRIVALS) else None
    if not isinstance(command, Send) or taken is None or move.standby is None:
        return None
    limits, alive = _limits(move, taken, until=command.until)
    streamed = move.before.streamed if taken.target.stream is None else taken.target.stream
    streamed = streamed if taken.stream is None else taken.stream
    if command.streamed != streamed:
        return f"{command.target} is asked with stream = {command.streamed}"
    if command.timeouts != limits:
        return f"the attempt at {command.target} has the limits {command.timeouts}, not {limits}"
    wrong = abs(command.kept_alive - alive) > GRAIN
    return f"a stream at work is given {command.kept_alive:g} s, not {alive:g} s" if wrong else None


def _limits(move: CheckedMove, taken: Taken, *, until: float) -> tuple[Timeouts, float]:
    limits, longest = taken.target.timeouts, until - move.event.at
    first, alive = limits.first_token, limits.first_token or 0.0
    if first is None:
        alone = not _others(move, taken.target)
        patient = alone or move.before.reasoning or taken.target.reasoning
        doubled = min(PROBED, 2 * (taken.cut_first_token or 0.0))
        first = max(PATIENT if patient else HASTY, doubled, taken.seen_first_token or 0.0)
        alive = max(first, ALIVE)
    connect, total = limits.connect, limits.total
    if move.before.stream_ends_at is None:
        first, connect, total = (min(longest, each) for each in (first, connect, total))
    return Timeouts(connect, first, limits.idle, total, limits.stream_total), min(longest, alive)
