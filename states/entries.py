"""What a call asks its driver for when it enters a state: one command each.

Counters move here, and what differs from row to row in :mod:`orchestrator.states.effects`.
``plan`` is what the guard of the row that led here found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.states.call import Call
from orchestrator.states.commands import (
    Command,
    Diagnose,
    Finish,
    Relay,
    Repair,
    Rotate,
    Send,
    Switch,
    Wait,
)
from orchestrator.states.events import (
    Arrival,
    Diagnosed,
    Event,
    Failed,
    Repaired,
    Rotated,
    Streaming,
)
from orchestrator.states.facts import Taken, Target
from orchestrator.states.guards import Plan
from orchestrator.states.limits import attempt_timeouts, kept_alive
from orchestrator.states.routing import Due, Looked, kept_back, unasked

Enter = Callable[[Call, Any, Any], Command]
"""``(call, event, plan) -> command``; changes the copy that the step works on."""


def attempt(call: Call, event: Arrival, plan: Taken) -> Send:
    """Count the attempt and ask for it to be sent with what was taken."""
    _arrive(call, event, plan)
    # The target is asked by now, so it is not among them.
    others = unasked(call, event)
    timeouts = attempt_timeouts(call, plan, alone=not others)
    ends_at = call.ends_at
    until = ends_at - kept_back(call, event, others)
    longest = until - event.at
    return Send(
        plan.target,
        plan.credential,
        call.number,
        timeouts if call.committed else timeouts.within(longest),
        ends_at,
        until,
        probe=plan.probe,
        kept_alive=min(longest, kept_alive(plan, timeouts)),
        streamed=call.streams_at(plan.target) if plan.stream is None else plan.stream,
    )


def _arrive(call: Call, event: Arrival, taken: Taken) -> None:
    target = taken.target
    name = target.name
    if call.cause is None and not call.asked and name != call.route[0].name:
        # A first target that was skipped for a mark is the cause, in its remembered words.
        call.cause = call.passed_over
    if call.target is None or call.target.name != name:
        call.tries = 0
    if type(event) not in _SAME_TRY:
        call.tries += 1
    call.number += 1
    call.target, call.credential, call.probe = target, taken.credential, taken.probe
    call.asked |= {name}
    call.used |= {(name, taken.credential)}
    call.gone = frozenset()
    call.resume_at = None


_SAME_TRY = (Rotated, Repaired)
"""Arrivals after which a send is no try of its own."""


def stream(call: Call, event: Streaming, plan: Plan) -> Relay:
    """Ask for the stream to be passed on: the commit boundary is crossed."""
    return Relay(call.ends_at)


def classify(call: Call, event: Failed, plan: Plan) -> Diagnose:
    """Ask for the diagnosis of the failure that the driver holds, and what stands by."""
    return Diagnose()


def rotate_credential(call: Call, event: Diagnosed, plan: Rotate) -> Rotate:
    """Ask for a credential that this call has not sent with at its target, without a wait."""
    call.rotations += 1
    return plan


def eager_fallback(call: Call, event: Looked, plan: tuple[Target, ...]) -> Switch:
    """Ask for the first unasked target that can be had; the call has left its own."""
    # Whoever is not taken now was gone; the next send makes them worth another look.
    call.gone |= {target.name for target in plan}
    call.target = None
    return Switch(plan)


def retry(call: Call, event: Looked, plan: Due) -> Wait:
    """Ask for the sleep until a target may be sent to."""
    call.waits += 1
    call.resume_at = plan.at
    return Wait(plan.at, plan.target)


def repair(call: Call, event: Diagnosed, plan: Repair) -> Repair:
    """Ask for the change that the error names, on a copy of the request."""
    call.repairs += 1
    call.repaired |= {(plan.target.name, plan.name)}
    return plan


def succeed(call: Call, event: Event, plan: Plan) -> Finish:
    """Hand over the response that the driver holds."""
    return _DONE


_DONE = Finish()


def fail_terminal(call: Call, event: Event, plan: Plan) -> Finish:
    """Hand over the real cause."""
    return Finish(call.cause, call.stopped_by)
