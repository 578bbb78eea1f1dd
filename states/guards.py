"""The conditions of the table's rows. Their names are the labels of the diagrams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.states.call import Call
from orchestrator.states.chain import (
    is_slow,
    next_clear,
    other_credential,
    retry_at,
    tries_allowed,
    unasked,
    unused_credentials,
)
from orchestrator.states.chain import way_back as find_way_back
from orchestrator.states.events import Arrival, Diagnosed
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.reserve import kept_back

Guard = Callable[[Call, Any], bool]
"""``(call, event) -> bool``, where ``event`` is of the row's own event class."""


# On an arrival.


def time_spent(call: Call, event: Arrival | Diagnosed) -> bool:
    """The deadline is over, or after the commit boundary the stream's own limit."""
    return event.at >= call.ends_at


def something_taken(call: Call, event: Arrival) -> bool:
    """The arrival got hold of a target and a credential."""
    return event.taken is not None


def unasked_stands_by(call: Call, event: Arrival) -> bool:
    """A target stands by that this call has not stayed at and may fall back to."""
    return Move.FALLBACK in call.allowed and bool(unasked(call, event))


def something_clears(call: Call, event: Arrival) -> bool:
    """Something worth waiting for clears in time, and waits remain."""
    return _waits_remain(call) and next_clear(call, event) is not None


# Out of classify.


def committed(call: Call, event: Diagnosed) -> bool:
    """Content was delivered, and the policy or a delivered tool call forbids going on."""
    goes_on = call.policy.on_interrupted is OnInterrupted.CONTINUE and not call.tool_call
    return call.committed and not goes_on


def spent(call: Call, event: Diagnosed) -> bool:
    """Attempts or time are spent."""
    return call.attempts_left <= 0 or time_spent(call, event)


def billing_and_unasked_stands_by(call: Call, event: Diagnosed) -> bool:
    """Billing, and an unasked target of another provider stands by."""
    return billing(call, event) and fallback_allowed(call, event)


def billing_and_way_back(call: Call, event: Diagnosed) -> bool:
    """Billing, and there is a way back."""
    return billing(call, event) and way_back(call, event)


def billing(call: Call, event: Diagnosed) -> bool:
    """The account has no money: another of its keys cannot help, nor can a wait."""
    return event.error.reason is Reason.BILLING


def repair_named(call: Call, event: Diagnosed) -> bool:
    """The error names a repair that was not yet used at this target."""
    if call.target is None or event.error.repair is None or slow(call, event):
        return False
    return (call.target.name, event.error.repair) not in call.repaired


def rotation_allowed(call: Call, event: Diagnosed) -> bool:
    """Rotation is allowed, an unused credential stands by, and attempts stay for the rest."""
    return (
        Move.ROTATE in call.allowed
        and not slow(call, event)
        and bool(unused_credentials(call, event))
        and call.attempts_left > len(unasked(call, event))
    )


def retry_allowed(call: Call, event: Diagnosed) -> bool:
    """A retry is allowed, may help, fits the deadline, and beats what stands by."""
    again = Move.RETRY in call.allowed or (
        Move.ROTATE in call.allowed and other_credential(call, event)
    )
    if not again or not _waits_remain(call) or call.tries >= tries_allowed(call):
        return False
    until = retry_at(call, event)
    if until is None or until >= call.ends_at - kept_back(call, event):
        return False
    return _worth_it(call, event, until)


def slow(call: Call, event: Diagnosed) -> bool:
    """The attempt kept the caller waiting too long, and an unasked target stands by."""
    return is_slow(call, event.error) and fallback_allowed(call, event)


def fallback_allowed(call: Call, event: Diagnosed) -> bool:
    """Fallback is allowed, and an unasked target stands by."""
    return Move.FALLBACK in call.allowed and bool(unasked(call, event))


def way_back(call: Call, event: Diagnosed) -> bool:
    """Fallback is allowed, and there is a way back."""
    return (
        Move.FALLBACK in call.allowed
        and _waits_remain(call)
        and find_way_back(call, event) is not None
    )


def only_empty_answers_came(call: Call, event: Diagnosed) -> bool:
    """What came is an empty answer, and nothing else came before."""
    return event.error.empty and call.only_empty


def _waits_remain(call: Call) -> bool:
    return call.waits < call.policy.max_attempts


def _worth_it(call: Call, event: Diagnosed, until: float) -> bool:
    """Whether to wait here although others may stand by."""
    if not fallback_allowed(call, event):
        return True
    patient = until - event.at <= call.policy.patience
    hopeless = call.probe or event.error.quoted or slow(call, event)
    return patient and not hopeless and call.attempts_left > len(unasked(call, event))
