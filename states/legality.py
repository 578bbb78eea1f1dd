"""What an event may not claim: facts that would break an invariant are refused.

A driver or a health board with a bug must not be able to send to an account without
money, or with a key that failed a moment ago. So what was taken is held against what
the machine asked for before the table is looked at.
"""

from __future__ import annotations

from orchestrator.states.call import Call, State
from orchestrator.states.events import (
    Cancelled,
    Event,
    Failed,
    Repaired,
    Rotated,
    Started,
    Switched,
    Waited,
)
from orchestrator.states.facts import Taken
from orchestrator.states.limits import CLOCK_GRAIN


def objection(call: Call, event: Event) -> str | None:
    """Why ``event`` cannot be true of ``call``; ``None`` where it can."""
    if not event.at >= 0:  # also refuses NaN, which no comparison with a limit would notice
        return f"{event.at!r} is no instant of this call"
    match event:
        case Failed() if not 0 <= event.waited <= event.at + CLOCK_GRAIN:
            return f"nobody has waited for {event.waited!r} s"
        case Cancelled(complete=True) if call.state is not State.STREAM:
            return "no content has reached the caller that could be the whole answer"
        case Started() | Rotated() | Switched() | Waited() | Repaired():
            return _objection_to(call, event, event.taken) if event.taken is not None else None
        case _:
            return None


def _objection_to(call: Call, event: Event, taken: Taken) -> str | None:
    target = taken.target
    if target.name not in [other.name for other in call.route]:
        return f"{target} is not on the route"
    if target.provider in call.billed:
        return f"{target.provider} has billed this call"
    match event:
        case Switched() if target.name not in call.gone:
            return f"{target} was not asked for"
        case Rotated() if taken.credential in call.used_at(target):
            return f"{taken.credential} of {target} was already used"
        case Rotated() | Waited() | Repaired() if call.target and target.name != call.target.name:
            return f"{call.target} was asked for, not {target}"
        case _:
            return None
