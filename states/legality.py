"""What an event may not claim: facts that would break an invariant are refused.

A driver or a health board with a bug must not be able to send to an account without
money, or with a key that failed a moment ago. So what was taken is held against what
the machine asked for before the table is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.states.call import Call, State
from orchestrator.states.events import (
    Arrival,
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
    claim = CLAIMS.get(type(event))
    return claim(call, event) if claim is not None else None


def _waited(call: Call, event: Failed) -> str | None:
    if 0 <= event.waited <= event.at + CLOCK_GRAIN:
        return None
    return f"nobody has waited for {event.waited!r} s"


def _complete(call: Call, event: Cancelled) -> str | None:
    if not event.complete or call.state is State.STREAM:
        return None
    return "no content has reached the caller that could be the whole answer"


def _taken(call: Call, event: Arrival) -> str | None:
    taken = event.taken
    if taken is None:
        return None
    target = taken.target
    for other in call.route:
        if other.name == target.name:
            break
    else:
        return f"{target} is not on the route"
    if target.provider in call.billed:
        return f"{target.provider} has billed this call"
    asked = _ASKED.get(type(event))
    return asked(call, taken) if asked is not None else None


def _switched(call: Call, taken: Taken) -> str | None:
    return None if taken.target.name in call.gone else f"{taken.target} was not asked for"


def _rotated(call: Call, taken: Taken) -> str | None:
    if taken.credential in call.used_at(taken.target):
        return f"{taken.credential} of {taken.target} was already used"
    return _stayed(call, taken)


def _stayed(call: Call, taken: Taken) -> str | None:
    here = call.target
    if here is None or taken.target.name == here.name:
        return None
    return f"{here} was asked for, not {taken.target}"


Claim = Callable[[Call, Any], str | None]
"""``(call, event) -> why``; what stands against what the event claims, if anything does."""

CLAIMS: Mapping[type[Event], Claim] = {
    Failed: _waited,
    Cancelled: _complete,
    **dict.fromkeys((Started, Rotated, Switched, Waited, Repaired), _taken),
}
"""The events that claim more than that it is later."""

_ASKED: Mapping[type[Event], Callable[[Call, Taken], str | None]] = {
    Switched: _switched,
    Rotated: _rotated,
    Waited: _stayed,
    Repaired: _stayed,
}
"""What stands against what was taken, where the call asked for something."""
