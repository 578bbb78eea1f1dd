"""``attempt``: one HTTP request is sent."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.chain import unasked
from orchestrator.states.commands import Send
from orchestrator.states.events import Arrival, Repaired, Rotated
from orchestrator.states.policy import Timeouts
from orchestrator.states.reserve import kept_back
from orchestrator.states.standby import Taken

FIRST_TOKEN_WITH_OTHERS = 12.0
"""Seconds of silence worth bearing while another target stands by."""

FIRST_TOKEN_ALONE = 120.0
"""Seconds of silence worth bearing otherwise, or where the model thinks first."""

FIRST_TOKEN_KEPT_ALIVE = 30.0
"""Seconds worth bearing at least, where comments of the stream say that it is at work."""

FIRST_TOKEN_PROBED = 60.0
"""Seconds that a probe bears at most because the wait before it was cut."""


def enter(call: Call, event: Arrival) -> Send:
    """Count the attempt and ask for it to be sent with what was taken."""
    taken = event.taken
    assert taken is not None, "only the row guarded by something_taken leads here"
    _remember_first_passed_over(call, event, taken)
    if call.target is None or call.target.name != taken.target.name:
        call.tries = 0
    if not isinstance(event, Rotated | Repaired):
        call.tries += 1
    call.number += 1
    call.target, call.credential, call.probe = taken.target, taken.credential, taken.probe
    call.asked |= {taken.target.name}
    call.used |= {(taken.target.name, taken.credential)}
    call.gone = frozenset()
    call.resume_at = None
    timeouts = _timeouts(call, event, taken)
    until = call.ends_at - kept_back(call, event)
    longest = until - event.at
    return Send(
        taken.target,
        taken.credential,
        call.number,
        timeouts if call.committed else timeouts.within(longest),
        call.ends_at,
        until,
        probe=taken.probe,
        kept_alive=min(longest, _kept_alive(taken, timeouts)),
    )


def _remember_first_passed_over(call: Call, event: Arrival, taken: Taken) -> None:
    """A first target that was skipped for a mark is the cause, in its remembered words."""
    first = call.route[0]
    if call.cause is None and not call.asked and taken.target.name != first.name:
        call.cause = call.passed_over


def _timeouts(call: Call, event: Arrival, taken: Taken) -> Timeouts:
    timeouts = taken.target.timeouts
    if timeouts.first_token is not None:
        return timeouts
    patient = FIRST_TOKEN_ALONE if _thinks_or_alone(call, event, taken) else FIRST_TOKEN_WITH_OTHERS
    # The wait that was cut may have been about to end: its probe tells, with twice the time.
    doubled = min(FIRST_TOKEN_PROBED, 2 * (taken.cut_first_token or 0.0))
    return timeouts.with_first_token(max(patient, taken.seen_first_token or 0.0, doubled))


def _kept_alive(taken: Taken, timeouts: Timeouts) -> float:
    """The limit of the first content at a provider that says that it is at work."""
    resolved = timeouts.first_token or 0.0
    configured = taken.target.timeouts.first_token is not None
    return resolved if configured else max(resolved, FIRST_TOKEN_KEPT_ALIVE)


def _thinks_or_alone(call: Call, event: Arrival, taken: Taken) -> bool:
    if call.reasoning or taken.target.reasoning:
        return True
    # The target is asked by now, so it is not among the unasked.
    return not unasked(call, event)
