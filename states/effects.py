"""What a row changes in the call besides the state: leaving a target, planning a wait.

Counters belong to the states that are entered; here is only what differs from row to
row. The cause is only ever set where there is none, so a later error cannot replace it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.states.call import Call
from orchestrator.states.commands import StoppedBy
from orchestrator.states.error import Error
from orchestrator.states.events import Event
from orchestrator.states.guards import Plan
from orchestrator.states.reasons import SPECS, Move, Reason
from orchestrator.states.routing import Due, Looked, is_slow, tries_allowed

Effect = Callable[[Call, Any, Any], None]
"""``(call, event, plan) -> None``; changes the copy that the step works on. The plan is what
the row's guard found."""


def nothing(call: Call, event: Event, plan: Plan) -> None:
    """The state that is entered does all there is to do."""


def leave(call: Call, event: Looked, plan: Plan) -> None:
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


def go_back(call: Call, event: Looked, plan: Due) -> None:
    """Leave the target and wait for the way back, where tries start again."""
    call.went_back = True
    _move(call, event, plan)


def wait_for_it(call: Call, event: Looked, plan: Due) -> None:
    """Wait for what clears first: at this target, an unasked one or the way back."""
    if call.target is not None and plan.target.name == call.target.name:
        return
    call.went_back = call.went_back or plan.target.name in call.asked
    _move(call, event, plan)


def stop_exhausted(call: Call, event: Looked, plan: Plan) -> None:
    """Nothing is left to try."""
    _stop(call, event, StoppedBy.EXHAUSTED)


def stop_committed(call: Call, event: Looked, plan: Plan) -> None:
    """Content was delivered; another attempt could contradict it."""
    _stop(call, event, StoppedBy.COMMITTED)


def stop_spent(call: Call, event: Looked, plan: Plan) -> None:
    """The attempts or the time are spent."""
    spent = StoppedBy.ATTEMPTS if event.at < call.ends_at else StoppedBy.DEADLINE
    _stop(call, event, spent)


def stop_cancelled(call: Call, event: Event, plan: Plan) -> None:
    """The caller went away."""
    call.stopped_by = StoppedBy.CANCELLED
    call.cause = (
        call.cause or call.error or call.passed_over or Error(Reason.CANCELLED, "cancelled")
    )


def stop_deadline(call: Call, event: Event, plan: Plan) -> None:
    """The time was over in the middle of an attempt or a wait."""
    call.stopped_by = StoppedBy.DEADLINE
    call.cause = call.cause or call.error or call.passed_over or _out_of_time(call)


_THROTTLED = frozenset(reason for reason, spec in SPECS.items() if spec.throttles)


def _tries_remain(call: Call, error: Error) -> bool:
    """True where only haste made the call leave: it would have tried again, but for others."""
    hasty = is_slow(call, error) or call.probe
    return hasty and Move.RETRY in call.allowed and call.tries < tries_allowed(call)


def _move(call: Call, event: Looked, plan: Due) -> None:
    leave(call, event, plan)
    call.tries = 0
    call.target = plan.target


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
