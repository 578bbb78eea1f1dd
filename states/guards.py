"""The conditions of the table's rows. Their names are the labels of diagrams and ledgers.

A guard gives what it found: the targets to fall back to, what was taken, the wait. Its row
holds where that is something, and its effect and the state that is entered get it, so that
nothing is looked for twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.states.call import Call
from orchestrator.states.commands import Repair, Rotate
from orchestrator.states.events import Arrival, Cancelled, Diagnosed
from orchestrator.states.facts import Taken, Target
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.routing import (
    Due,
    Looked,
    is_slow,
    kept_back,
    next_clear,
    other_credential,
    retry,
    tries_remain,
    unasked,
    waits_remain,
    way_back,
)

Plan = Taken | Due | tuple[Target, ...] | Repair | Rotate | bool | None
"""What a guard found; nothing, where its row does not hold."""

Guard = Callable[[Call, Any], Plan]
"""``(call, event) -> plan``, where ``event`` is of the row's own event class."""


# On an arrival.


def time_is_over(call: Call, event: Looked) -> bool:
    """The deadline is over, or after the commit boundary the stream's own limit."""
    return event.at >= call.ends_at


def a_target_is_free(call: Call, event: Arrival) -> Taken | None:
    """The arrival got hold of a target and a credential."""
    return event.taken


def another_target_is_free(call: Call, event: Looked) -> tuple[Target, ...]:
    """Fallback is allowed, and a target stands by that this call has not stayed at."""
    return unasked(call, event) if Move.FALLBACK in call.allowed else ()


def a_target_clears(call: Call, event: Arrival) -> Due | None:
    """Something worth waiting for clears within the deadline, and waits remain."""
    return next_clear(call, event) if waits_remain(call) else None


# When the caller goes away.


def all_was_delivered(call: Call, event: Cancelled) -> bool:
    """The whole answer had reached the caller before it went away."""
    return event.complete


# Out of classify.


def content_is_final(call: Call, event: Diagnosed) -> bool:
    """Content was delivered, and the policy or a delivered tool call forbids going on."""
    goes_on = call.policy.on_interrupted is OnInterrupted.CONTINUE and not call.tool_call
    return call.committed and not goes_on


def budget_is_spent(call: Call, event: Diagnosed) -> bool:
    """No attempt is left, or no time."""
    return call.attempts_left <= 0 or time_is_over(call, event)


def billing_and_another_is_free(call: Call, event: Diagnosed) -> tuple[Target, ...]:
    """Billing, and an unasked target of another provider stands by."""
    return another_target_is_free(call, event) if billing(call, event) else ()


def billing_and_earlier_clears(call: Call, event: Diagnosed) -> Due | None:
    """Billing, and there is a way back."""
    return an_earlier_target_clears(call, event) if billing(call, event) else None


def billing(call: Call, event: Diagnosed) -> bool:
    """The account has no money: another of its keys cannot help, nor can a wait."""
    return event.error.reason is Reason.BILLING


def a_repair_is_known(call: Call, event: Diagnosed) -> Repair | None:
    """The error names a repair that was not yet used at this target, which is not slow."""
    here, name = call.target, event.error.repair
    if here is None or name is None or _slow(call, event):
        return None
    return Repair(name, here) if (here.name, name) not in call.repaired else None


def another_key_is_free(call: Call, event: Diagnosed) -> Rotate | None:
    """Rotation is allowed, an unused credential is ready, attempts stay for others; not slow."""
    here = call.target
    if here is None or Move.ROTATE not in call.allowed or _slow(call, event):
        return None
    used = call.used_at(here)
    if all(label in used for label in event.standby.credentials):
        return None
    return Rotate(here, used) if call.attempts_left > len(unasked(call, event)) else None


def a_retry_is_worth_it(call: Call, event: Diagnosed) -> Due | None:
    """A retry is allowed and paid for, may help, is in time, beats what stands by; not slow."""
    again = Move.RETRY in call.allowed or (
        Move.ROTATE in call.allowed and other_credential(call, event)
    )
    if not again or not tries_remain(call):
        return None
    due = retry(call, event)
    if due is None:
        return None
    others = unasked(call, event)
    fits = due.at < call.ends_at - kept_back(call, event, others)
    wins = fits and _beats(call, event, due, others)
    return due if wins and waits_remain(call) and event.standby.retry_affordable else None


def an_earlier_target_clears(call: Call, event: Diagnosed) -> Due | None:
    """Fallback is allowed, and there is a way back."""
    allowed = Move.FALLBACK in call.allowed and waits_remain(call)
    return way_back(call, event) if allowed else None


def only_empty_answers_came(call: Call, event: Diagnosed) -> bool:
    """What came is an empty answer, and nothing else came before."""
    return event.error.empty and call.only_empty


def _slow(call: Call, event: Diagnosed) -> bool:
    """The attempt kept the caller waiting too long, and an unasked target stands by."""
    return is_slow(call, event.error) and bool(another_target_is_free(call, event))


def _beats(call: Call, event: Diagnosed, due: Due, others: tuple[Target, ...]) -> bool:
    """Whether to wait here although ``others`` may stand by."""
    if not others or Move.FALLBACK not in call.allowed:
        return True
    patient = due.at - event.at <= call.policy.patience
    hopeless = call.probe or event.error.quoted or is_slow(call, event.error)
    return patient and not hopeless and call.attempts_left > len(others)
