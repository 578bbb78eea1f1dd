"""What a row changes in the call besides the state: leaving a target, planning a wait.

Counters belong to the states that are entered; here is only what differs from row to
row. The cause is only ever set where there is none, so a later error cannot replace it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.states.call import Call
from orchestrator.states.chain import (
    Due,
    Looked,
    is_slow,
    next_clear,
    retry_at,
    tries_allowed,
    way_back,
)
from orchestrator.states.commands import StoppedBy
from orchestrator.states.error import Error
from orchestrator.states.events import Arrival, Diagnosed, Event
from orchestrator.states.reasons import SPECS, Move, Reason

Effect = Callable[[Call, Any], None]
"""``(call, event) -> None``; changes the copy that the step works on."""


def nothing(call: Call, event: Event) -> None:
    """The state that is entered does all there is to do."""


def leave(call: Call, event: Looked) -> None:
    """Leave the target for others, with the cause if it is the first one."""
    if call.cause is None:
        call.cause = call.error
    here, error = call.target, call.error
    if here is None or error is None or here.name not in call.asked:
        return
    if error.reason in _THROTTLED or _tries_remain(call, error):
        # What a rate limit asks for binds a credential, so the board remembers it.
        not_before = 0.0 if error.reason is Reason.RATE_LIMIT else call.not_before
        call.returnable |= {(here.name, not_before)}


def plan_retry(call: Call, event: Diagnosed) -> None:
    """Wait for the call's own target."""
    call.resume_at = retry_at(call, event)


def plan_way_back(call: Call, event: Diagnosed) -> None:
    """Leave the target and wait for the way back, where tries start again."""
    due = way_back(call, event)
    assert due is not None, "only rows guarded by a way back lead here"
    call.went_back = True
    _wait_elsewhere(call, event, due)


def plan_wait(call: Call, event: Arrival) -> None:
    """Wait for what clears first: at this target, an unasked one or the way back."""
    due = next_clear(call, event)
    assert due is not None, "only the row guarded by something_clears leads here"
    if call.target is not None and due.target.name == call.target.name:
        call.resume_at = due.at
        return
    call.went_back = call.went_back or due.target.name in call.asked
    _wait_elsewhere(call, event, due)


def stop_exhausted(call: Call, event: Looked) -> None:
    """Nothing is left to try."""
    _stop(call, event, StoppedBy.EXHAUSTED)


def stop_committed(call: Call, event: Diagnosed) -> None:
    """Content was delivered; another attempt could contradict it."""
    _stop(call, event, StoppedBy.COMMITTED)


def stop_spent(call: Call, event: Looked) -> None:
    """The attempts or the time are spent."""
    spent = StoppedBy.ATTEMPTS if event.at < call.ends_at else StoppedBy.DEADLINE
    _stop(call, event, spent)


def stop_cancelled(call: Call, event: Event) -> None:
    """The caller went away."""
    call.stopped_by = StoppedBy.CANCELLED
    call.cause = (
        call.cause or call.error or call.passed_over or Error(Reason.CANCELLED, "cancelled")
    )


def stop_deadline(call: Call, event: Event) -> None:
    """The time was over in the middle of an attempt or a wait."""
    call.stopped_by = StoppedBy.DEADLINE
    call.cause = call.cause or call.error or call.passed_over or _out_of_time(call)


_THROTTLED = frozenset(reason for reason, spec in SPECS.items() if spec.throttles)


def _tries_remain(call: Call, error: Error) -> bool:
    """True where only haste made the call leave: it would have tried again, but for others."""
    hasty = is_slow(call, error) or call.probe
    return hasty and Move.RETRY in call.allowed and call.tries < tries_allowed(call)


def _wait_elsewhere(call: Call, event: Looked, due: Due) -> None:
    leave(call, event)
    call.tries = 0
    call.target, call.resume_at = due.target, due.at


def _stop(call: Call, event: Looked, stopped_by: StoppedBy) -> None:
    call.stopped_by = stopped_by
    call.cause = call.cause or call.error or call.passed_over
    if call.cause is None:
        remembered = (clear.error for clear in event.standby.clears if clear.error is not None)
        call.cause = next(remembered, None)
    if call.cause is None and stopped_by is StoppedBy.DEADLINE:
        call.cause = _out_of_time(call)


def _out_of_time(call: Call) -> Error:
    return Error(
        Reason.DEADLINE,
        "deadline",
        message=f"no answer within the deadline of {call.policy.deadline:g} s",
    )
