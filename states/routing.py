"""Where a call may still go, and when: the questions that several rows and states share.

Nothing here chooses; :mod:`orchestrator.states.table` does, in the order of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import attrs

from orchestrator.states.call import Call
from orchestrator.states.error import Error
from orchestrator.states.events import Arrival, Diagnosed
from orchestrator.states.facts import Mark, Target
from orchestrator.states.limits import (
    LARGEST_SHARE,
    LOOK_AGAIN,
    STREAMED_NEEDS,
    WHOLE_NEEDS,
    backoff,
    look_again,
    spread,
)
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason

Looked = Arrival | Diagnosed
"""The events that carry a look at the health board."""


@attrs.frozen
class Due:
    """A target that is worth waiting for, and the instant when it may be sent to."""

    target: Target
    at: float


class Block(Protocol):
    """What stands in the way of a target or a credential; see :class:`.Clear`."""

    @property
    def mark(self) -> Mark:
        """See :attr:`.Clear.mark`."""

    @property
    def at(self) -> float:
        """See :attr:`.Clear.at`."""

    @property
    def error(self) -> Error | None:
        """See :attr:`.Clear.error`."""

    @property
    def probed(self) -> bool:
        """See :attr:`.Clear.probed`."""

    @property
    def expected(self) -> float | None:
        """See :attr:`.Clear.expected`."""


def fits(call: Call, target: Target) -> bool:
    """False where the request is known to be too large for ``target``."""
    return call.too_small is None or target.context is None or target.context > call.too_small


def open_to(call: Call, target: Target) -> bool:
    """False where this call may not send to ``target`` again, whatever clears."""
    return target.provider not in call.billed and fits(call, target)


def unasked(call: Call, event: Looked) -> tuple[Target, ...]:
    """The targets that stand by and that this call has not stayed at, in route order."""
    out = call.asked | call.gone
    return tuple(
        [  # a list is built faster than a generator runs, and every send asks this
            target
            for target in event.standby.targets
            if target.name not in out and target.provider not in call.billed and fits(call, target)
        ]
    )


def is_slow(call: Call, error: Error) -> bool:
    """True where the attempt that brought ``error`` kept the caller waiting for too long."""
    return error.reason is Reason.TIMEOUT or call.kept_waiting


def clears_at(block: Block, now: float) -> float | None:
    """When to come back to what is blocked; ``None`` where waiting does not help.

    A bench is never waited for, only probed when due; except a rate limit's, which ends
    like a cooldown at the instant that the provider named. Another call's probe usually
    ends long before its claim expires, so that is looked at again and again.
    """
    if block.probed:
        return min(block.at, now + LOOK_AGAIN)
    if block.mark in (Mark.COOLDOWN, Mark.CIRCUIT):
        return block.at
    limited = block.error is not None and block.error.reason is Reason.RATE_LIMIT
    return block.expected if block.mark is Mark.BENCH and limited else None


def sendable_at(event: Looked, target: Target) -> float | None:
    """When ``target`` clears; ``None`` where waiting does not help."""
    clear = event.standby.clear(target)
    if clear is None:
        standing = any(other.name == target.name for other in event.standby.targets)
        return event.at if standing else None
    ends = clears_at(clear, event.at)
    return None if ends is None else max(event.at, ends)


def spread_out(call: Call, event: Looked, target: Target, clears: float, until: float) -> float:
    """When this call comes back to ``target``, which clears at ``clears`` for all that wait.

    Each call comes at an instant of its own. After a cooldown never before its end, and whether
    the wait fits is no matter of the draw: to what clears before ``until`` a call comes back
    before it. At another call's probe it looks when it likes, within :data:`.LOOK_AGAIN`.
    """
    clear, now = event.standby.clear(target), event.at
    jitter = event.spread if isinstance(event, Diagnosed) else event.jitter
    if clear is None or clears <= now or not jitter:
        return clears
    if clear.probed:
        wait, waits_left = clear.at - now, call.policy.max_attempts - call.waits
        return min(now + look_again(wait, waits_left, jitter), clear.at)
    # A circuit ends with one probe, which the others look again at: each when it likes.
    if clear.mark is Mark.CIRCUIT:
        return clears
    return clears + spread(clears - now, until - now, jitter)


def kept_back(call: Call, event: Looked, others: Sequence[Target]) -> float:
    """Seconds that a send or a wait at ``event`` leaves to ``others``, the unasked that stand by.

    Attempts are kept back for them by counting; so is time, or one target that fails
    slowly would use up the deadline while a healthy one stands by (invariant 8).
    """
    if not others or call.committed:
        return 0.0
    # What a limit cuts is a timeout: where that allows no fallback, nothing is gained.
    moves = call.policy.moves(Reason.TIMEOUT, first_target=len(call.asked) <= 1)
    if Move.FALLBACK not in moves:
        return 0.0
    held, needed = call.policy.on_interrupted is OnInterrupted.HOLD, 0.0
    seen = dict(event.standby.seen) if event.standby.seen else {}
    for target in others:
        least = WHOLE_NEEDS if held or not call.streams_at(target) else STREAMED_NEEDS
        needed += max(least, seen[target.name]) if target.name in seen else least
    return min(needed, max(0.0, call.ends_at - event.at) * LARGEST_SHARE)


def other_credential(call: Call, event: Diagnosed) -> bool:
    """True where another credential of this target is ready or only cooling."""
    if any(label != call.credential for label in event.standby.credentials):
        return True
    if call.target is None or event.error.reason is Reason.RATE_LIMIT:
        # After a rate limit the cooling one may be the very credential that was sent.
        return False
    clear = event.standby.clear(call.target)
    return clear is not None and clear.mark is Mark.COOLDOWN


def tries_allowed(call: Call) -> int:
    """Sends at a stay that no rotation or repair precedes."""
    # What nobody recognises, and what is empty, is retried once: more would be hope, not policy.
    limit, error = call.policy.attempts_per_target, call.error
    once = error is not None and (error.reason is Reason.UNKNOWN or error.empty)
    return min(2, limit) if once else limit


def waits_remain(call: Call) -> bool:
    """True where the policy allows another wait."""
    return call.waits < call.policy.max_attempts


def tries_remain(call: Call) -> bool:
    """True where the policy allows another try at this stay."""
    return call.tries < tries_allowed(call)


def may_retry(call: Call, error: Error) -> bool:
    """False where the call does not try its target again after ``error``, whatever stands by.

    For the health board, which sets aside what a retry costs before the machine is told what
    stands by.
    """
    failed = call.copy()
    failed.error = error
    again = failed.allowed & {Move.RETRY, Move.ROTATE} and error.reason is not Reason.BILLING
    left = failed.attempts_left > 0 and waits_remain(failed) and tries_remain(failed)
    return left and bool(again)


def retry(call: Call, event: Diagnosed) -> Due | None:
    """When the call's own target may be tried again; ``None`` where waiting does not help."""
    here = call.target
    clears = sendable_at(event, here) if here is not None else None
    if here is None or clears is None:
        return None
    sendable = clears
    if clears > event.at:
        sendable = spread_out(call, event, here, clears, _back_by(call, event, clears))
    pause = event.at + backoff(call.tries, event.jitter)
    return Due(here, max(pause, _retry_after(call, event, here), sendable))


def _back_by(call: Call, event: Diagnosed, clears: float) -> float:
    """The instant before which a retry at what clears at ``clears`` must come to be made at all."""
    others = unasked(call, event)
    until, patient = call.ends_at - kept_back(call, event, others), event.at + call.policy.patience
    # Where the mark itself takes longer than the patience, that decides alone.
    return min(until, patient) if others and clears <= patient else until


def _retry_after(call: Call, event: Diagnosed, here: Target) -> float:
    """The instant that the answer named, as far as it binds the target and not the credential."""
    another = any(label != call.credential for label in event.standby.credentials)
    cooled = another or event.standby.clear(here) is not None
    # A rate limit's binds the credential, which the pool's clear allows for.
    return event.at if event.error.reason is Reason.RATE_LIMIT and cooled else call.not_before


def way_back(call: Call, event: Looked) -> Due | None:
    """The first target, in route order, to go back to once the chain has failed.

    A target counts that the call left while only throttled or overloaded, or with tries
    remaining, or that it passed over because it was cooling or its circuit was open.
    Taken once a call.
    """
    if call.went_back:
        return None
    returnable = dict(call.returnable)
    for target in call.route:
        # Where the call is there is nothing to go back to, and it may hide one that clears sooner.
        here = call.target is not None and call.target.name == target.name
        if here or not open_to(call, target):
            continue
        passed_over = target.name not in call.asked and event.standby.clear(target) is not None
        if target.name not in returnable and not passed_over:
            continue
        clears = sendable_at(event, target)
        if clears is None:
            continue
        sendable = spread_out(call, event, target, clears, call.ends_at)
        due = max(sendable, returnable.get(target.name, 0.0), event.at + _pause(event))
        if due < call.ends_at:
            return Due(target, due)
    return None


def _pause(event: Looked) -> float:
    """Tries start again at 1 on the way back, and so does the backoff."""
    return backoff(1, event.jitter) if isinstance(event, Diagnosed) else 0.0


def next_clear(call: Call, event: Arrival) -> Due | None:
    """The target that an arrival with nothing taken waits for: the first to clear."""
    dues = [due for target in call.route if (due := _clears(call, event, target)) is not None]
    if Move.FALLBACK in call.allowed and (back := way_back(call, event)) is not None:
        dues.append(back)
    in_time = [due for due in dues if due.at < call.ends_at]
    return min(in_time, key=lambda due: due.at, default=None)


def _clears(call: Call, event: Arrival, target: Target) -> Due | None:
    here = call.target is not None and target.name == call.target.name
    if here and call.tries >= tries_allowed(call):
        return None
    if not here and (target.name in call.asked or Move.FALLBACK not in call.allowed):
        return None
    if not here and event.standby.clear(target) is None:
        return None
    clears = sendable_at(event, target) if open_to(call, target) else None
    if clears is None:
        return None
    return Due(target, spread_out(call, event, target, clears, call.ends_at))
