"""What may be waited for, and until when.

Instants are intervals: who waits for what others wait for too may come back a little later than
it clears, each at an instant of its own, so that they do not come back together.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestrator.lab.invariants.known import CheckedMove
from orchestrator.lab.invariants.tries import most_tries
from orchestrator.states.commands import Wait
from orchestrator.states.events import Diagnosed
from orchestrator.states.facts import Clear, Mark, Target
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason

GRAIN = 1e-6
"""Seconds by which sums of the same numbers may differ."""

LOOK_AGAIN = 10.0
"""Seconds after which another call's probe is looked at again, at the latest."""

SPREAD = 15.0
"""Seconds by which calls that wait for the same mark are spread at most."""

STREAMED, WHOLE, SHARE = 15.0, 60.0, 0.5
"""Seconds that are kept back for each target that stands by, and the most of what is left."""


@attrs.frozen
class Clearing:
    """When a target may be sent to, seconds since ``Started``.

    Attributes:
        target: The target.
        clears: When it clears for all: whether a wait fits is no matter of what was drawn.
        earliest, latest: Between which a call comes back to it.
    """

    target: Target
    clears: float
    earliest: float
    latest: float

    def after(self, floor: float) -> Clearing:
        """The same, but not before an instant."""
        at = (self.clears, self.earliest, self.latest)
        return Clearing(self.target, *[max(floor, each) for each in at])


def kept_back(move: CheckedMove, others: list[Target]) -> float:
    """Seconds that a send or a wait must leave to ``others``: invariant 8."""
    before, standby = move.before, move.standby
    if not others or before.stream_ends_at is not None or standby is None:
        return 0.0
    # What the limit cuts is a silence: where the policy has no fallback from that, nothing is won.
    if Move.FALLBACK not in before.policy.on.get(Reason.TIMEOUT, frozenset()):
        return 0.0
    seen, needed = dict(standby.seen), 0.0
    for target in others:
        streamed = before.streamed if target.stream is None else target.stream
        whole = not streamed or before.policy.on_interrupted is OnInterrupted.HOLD
        needed += max(WHOLE if whole else STREAMED, seen.get(target.name, 0.0))
    return min(needed, SHARE * max(0.0, move.ends_at - move.event.at))


def backoff(tries: int, jitter: float) -> float:
    """Seconds before another try: half a second, doubled with each, 30 s at most, half drawn."""
    return min(30.0, 0.5 * 2.0 ** max(0, min(tries, 99) - 1)) * (1 - jitter / 2)


def ending(move: CheckedMove, target: Target) -> Clearing | None:
    """When ``target`` may be sent to; ``None`` where waiting does not help."""
    standby, now = move.standby, move.event.at
    if standby is None:
        return None
    clear = standby.clear(target)
    if clear is None:
        stands = any(one.name == target.name for one in standby.targets)
        return Clearing(target, now, now, now) if stands else None
    event = move.event
    drawn = event.spread if isinstance(event, Diagnosed) else getattr(event, "jitter", 0.0)
    return _cleared(clear, now, drawn)


def _cleared(clear: Clear, now: float, drawn: float) -> Clearing | None:
    if clear.probed:
        # Another call's probe ends long before its claim expires.
        due, sooner = min(clear.at, now + LOOK_AGAIN), now + LOOK_AGAIN * (1 - drawn / 2)
        return Clearing(clear.target, due, min(clear.at, sooner), due + drawn * SPREAD).after(now)
    at: float | None = clear.at
    if clear.mark is Mark.BENCH:
        # Never waited for, but a rate limit's, which ends at the instant that it named.
        limited = clear.error is not None and clear.error.reason is Reason.RATE_LIMIT
        at = clear.expected if limited else None
    if at is None or clear.mark is Mark.DEAD:
        return None
    at = max(now, at)
    return Clearing(clear.target, at, at, at + drawn * min(SPREAD, at - now))


def retry_ends(move: CheckedMove) -> Clearing | None:
    """When the target at which the call has just failed may be tried again."""
    event, here = move.event, move.before.target
    if not isinstance(event, Diagnosed) or here is None:
        return None
    found = ending(move, here)
    if found is None:
        return None
    floor = max(event.at + backoff(move.before.tries, event.jitter), _named(move, event, here))
    return found.after(floor)


def _named(move: CheckedMove, event: Diagnosed, here: Target) -> float:
    """The instant before which the answer asked not to come back."""
    limited = event.error.reason is Reason.RATE_LIMIT
    if limited and (move.has_other_key or event.standby.clear(here) is not None):
        # It binds the credential: the pool says when another one clears, if there is one.
        return event.at
    return event.at + (event.error.retry_after or 0.0)


def way_back(move: CheckedMove) -> Clearing | None:
    """The first target of the route that the call may go back to, and when."""
    before, event = move.before, move.event
    if before.went_back or move.standby is None:
        return None
    pause = backoff(1, event.jitter) if isinstance(event, Diagnosed) else 0.0
    named = dict(before.returnable)
    for target in before.route:
        here = before.target is not None and before.target.name == target.name
        passed = target.name not in before.asked and move.blocked(target) is not None
        if here or not (passed or target.name in named) or not move.is_open(target):
            continue
        found = ending(move, target)
        if found is None:
            continue
        floor = max(event.at + pause, named.get(target.name, 0.0))
        if max(floor, found.clears) < move.ends_at:
            return found.after(floor)
    return None


def clearing(move: CheckedMove) -> list[Clearing]:
    """All that an arrival with nothing taken may wait for within its time."""
    return [one for one in _clearing(move) if one.clears < move.ends_at]


def _clearing(move: CheckedMove) -> Iterator[Clearing]:
    before, onward = move.before, Move.FALLBACK in move.permitted
    for target in before.route:
        here = before.target is not None and before.target.name == target.name
        asked = target.name in before.asked
        if here and before.tries >= most_tries(before, move.error):
            continue
        if not here and (asked or not onward or move.blocked(target) is None):
            continue
        found = ending(move, target) if move.is_open(target) else None
        if found is not None:
            yield found
    back = way_back(move) if onward else None
    if back is not None:
        yield back


# Properties.


def back_once(move: CheckedMove) -> str | None:
    """A call goes back once, and only to where hope remains."""
    before, command = move.before, move.after.command
    if not isinstance(command, Wait) or move.stays:
        return None
    asked = command.target.name in before.asked
    if before.went_back and (asked or isinstance(move.event, Diagnosed)):
        return f"goes back to {command.target} although it went back before"
    if asked and all(name != command.target.name for name, _ in before.returnable):
        return f"goes back to {command.target}, which it had left for good"
    return None


def floors(move: CheckedMove) -> str | None:
    """No wait ends before its target clears, nor before the instant that an answer named."""
    command = move.after.command
    if not isinstance(command, Wait) or move.standby is None:
        return None
    found = ending(move, command.target)
    if found is None:
        return f"waits for {command.target}, where waiting does not help"
    least = found.earliest
    if isinstance(move.event, Diagnosed) and move.stays:
        least = max(least, _named(move, move.event, command.target))
    elif command.target.name in move.before.asked:
        least = max(least, dict(move.before.returnable).get(command.target.name, 0.0))
    if command.until < least - GRAIN:
        return (
            f"waits for {command.target} until {command.until:g} s, which asked not to be sent to "
            f"before {least:g} s"
        )
    return None


def earliest(move: CheckedMove) -> str | None:
    """What clears first is waited for."""
    command, event = move.after.command, move.event
    if not isinstance(command, Wait) or isinstance(event, Diagnosed):
        return None
    found = ending(move, command.target)
    sooner = [one for one in clearing(move) if one.target.name != command.target.name]
    for one in sooner:
        if found is not None and one.latest < found.earliest - GRAIN:
            return f"waits for {command.target} although {one.target} clears first"
    return None


def as_long_as_said(move: CheckedMove) -> str | None:
    """A wait takes what the backoff, the answer and the marks ask for, and no longer."""
    command, event = move.after.command, move.event
    if not isinstance(command, Wait) or move.standby is None:
        return None
    if isinstance(event, Diagnosed):
        wanted = retry_ends(move) if move.stays else way_back(move)
    else:
        named = [one for one in clearing(move) if one.target.name == command.target.name]
        wanted = min(named, key=lambda one: one.earliest, default=None)
    if wanted is None:
        return None
    if wanted.earliest - GRAIN <= command.until <= wanted.latest + GRAIN:
        return None
    return (
        f"waits for {command.target} until {command.until:g} s, not {wanted.earliest:g} s, "
        f"from {event.at:g} s on"
    )


def time_left_for_others(move: CheckedMove) -> str | None:
    """A retry leaves to each target that stands by what an attempt there needs."""
    command = move.after.command
    if not isinstance(command, Wait) or not isinstance(move.event, Diagnosed) or not move.stays:
        return None
    kept = kept_back(move, list(move.standing))
    if kept and not command.until < move.ends_at - kept:
        return (
            f"waits for {command.target} until {command.until:g} s of {move.ends_at:g} s although "
            f"{kept:g} s are kept back for who stands by"
        )
    return None


def one_try_after_a_probe(move: CheckedMove) -> str | None:
    """A probe has a single try while another target stands by."""
    stays = isinstance(move.event, Diagnosed) and move.stays
    if stays and move.before.probe and move.may_fall_back:
        return f"tries {move.before.target} again after a probe although a fallback stands by"
    return None
