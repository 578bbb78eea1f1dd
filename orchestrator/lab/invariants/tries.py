"""How often and how long a call may try, and where hope remains, in numbers of its own."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.error import Error
from orchestrator.states.events import (
    Diagnosed,
    Event,
    Repaired,
    Rotated,
    Started,
    Switched,
    Waited,
)
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason

ARRIVALS = (Started, Rotated, Switched, Waited, Repaired)
LOOKS = (*ARRIVALS, Diagnosed)
TOO_LARGE = (Reason.CONTEXT_OVERFLOW, Reason.PAYLOAD_TOO_LARGE)

_THROTTLED = (Reason.RATE_LIMIT, Reason.OVERLOADED)


def ends_at(call: Call) -> float:
    """When the call's time is over: by the deadline, after content by the stream's limit."""
    return call.policy.deadline if call.stream_ends_at is None else call.stream_ends_at


def time_is_over(call: Call, event: Event) -> bool:
    """Whether the call's time was over at a look."""
    return isinstance(event, LOOKS) and event.at >= ends_at(call)


def goes_on(call: Call) -> bool:
    """Whether content that was delivered, if any was, does not end the call."""
    if call.stream_ends_at is None:
        return True
    return call.policy.on_interrupted is OnInterrupted.CONTINUE and not call.tool_call


def most_tries(call: Call, error: Error | None) -> int:
    """Sends at a stay; what nobody recognises, and what is empty, is tried once more at most."""
    most = call.policy.attempts_per_target
    once = error is not None and (error.reason is Reason.UNKNOWN or error.empty)
    return min(2, most) if once else most


def returns(call: Call, error: Error) -> bool:
    """Whether a call that leaves with ``error`` may come back on the way back.

    It left while only throttled or overloaded, or in haste (slow, or after a probe) with tries
    remaining.
    """
    if error.reason in _THROTTLED:
        return True
    hasty = error.reason is Reason.TIMEOUT or call.kept_waiting or call.probe
    retries = Move.RETRY in call.policy.moves(error.reason, first_target=len(call.asked) <= 1)
    return bool(hasty) and retries and call.tries < most_tries(call, error)
