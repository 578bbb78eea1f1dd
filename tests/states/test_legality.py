"""What an event may not claim, whatever board or driver says so."""

from __future__ import annotations

import pytest

from orchestrator.states import (
    Cancelled,
    Diagnosed,
    Error,
    Event,
    Failed,
    IllegalEvent,
    Reason,
    Repaired,
    Rotated,
    Standby,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Taken,
    Target,
    Waited,
    step,
)
from orchestrator.states.call import Call
from orchestrator.states.legality import objection
from orchestrator.states.limits import CLOCK_GRAIN

HERE, OTHER, THIRD = Target("acme", "one"), Target("bolt", "one"), Target("corp", "one")
BOTH = Standby(("key#2",), (HERE, OTHER))
STARTED = Started(0.0, Taken(HERE, "key#1"), BOTH)
FAILED = (STARTED, Failed(0.1))


def said(reason: Reason, repair: str | None = None) -> tuple[Event, ...]:
    return *FAILED, Diagnosed(0.1, Error(reason, "claim", repair=repair), BOTH)


ROTATING = said(Reason.AUTH)
SWITCHING = said(Reason.BILLING)
WAITING = said(Reason.OVERLOADED)
REPAIRING = said(Reason.BAD_REQUEST, "drop-a")


def call_after(events: tuple[Event, ...]) -> Call:
    call = Call((HERE, OTHER, THIRD))
    for event in events:
        call = step(call, event).call
    return call


CLAIMS: dict[str, tuple[tuple[Event, ...], Event, str]] = {
    "a wait before the call": (
        FAILED[:1],
        Failed(2.0, waited=2.1),
        "nobody has waited for 2.1 s",
    ),
    "a wait of no time": (FAILED[:1], Failed(2.0, waited=-1.0), "nobody has waited for -1.0 s"),
    "an instant before the call": (FAILED[:1], Failed(-1.0), "-1.0 is no instant of this call"),
    "an end before the call": (FAILED[:1], Succeeded(-0.1), "-0.1 is no instant of this call"),
    "an instant that is none": (FAILED[:1], Failed(float("nan")), "nan is no instant of this call"),
    "a whole answer of which nothing was delivered": (
        FAILED[:1],
        Cancelled(1.0, complete=True),
        "no content has reached the caller that could be the whole answer",
    ),
    "a target that is not on the route": (
        (),
        Started(0.0, Taken(Target("dune", "one"), "key#1"), BOTH),
        "dune/one is not on the route",
    ),
    "a provider that has billed this call": (
        SWITCHING,
        Switched(0.2, Taken(HERE, "key#2"), BOTH),
        "acme has billed this call",
    ),
    "a target that the switch did not ask for": (
        SWITCHING,
        Switched(0.2, Taken(THIRD, "key#1"), BOTH),
        "corp/one was not asked for",
    ),
    "a credential that this call used there": (
        ROTATING,
        Rotated(0.2, Taken(HERE, "key#1"), BOTH),
        "key#1 of acme/one was already used",
    ),
    "another target than the one rotated at": (
        ROTATING,
        Rotated(0.2, Taken(OTHER, "key#1"), BOTH),
        "acme/one was asked for, not bolt/one",
    ),
    "another target than the one waited for": (
        WAITING,
        Waited(0.9, Taken(OTHER, "key#1"), BOTH),
        "acme/one was asked for, not bolt/one",
    ),
    "a rotation where the call is nowhere": (
        (),
        Rotated(0.0, Taken(HERE, "key#1"), BOTH),
        "no row leads on",
    ),
    "another target than the one repaired for": (
        REPAIRING,
        Repaired(0.2, Taken(OTHER, "key#1"), BOTH),
        "acme/one was asked for, not bolt/one",
    ),
}

TRUE: dict[str, tuple[tuple[Event, ...], Event]] = {
    "the first instant": ((), Started(0.0, None, BOTH)),
    "what the switch asked for": (SWITCHING, Switched(0.1, Taken(OTHER, "key#1"), BOTH)),
    "a credential that was not used there": (ROTATING, Rotated(0.1, Taken(HERE, "key#2"), BOTH)),
    "the credential that was used, after a wait": (
        WAITING,
        Waited(0.9, Taken(HERE, "key#1"), BOTH),
    ),
    "the credential that was used, repaired": (
        REPAIRING,
        Repaired(0.1, Taken(HERE, "key#1"), BOTH),
    ),
    "a wait of the whole call, as two clocks tell it": (
        FAILED[:1],
        Failed(2.0, waited=2.0 + CLOCK_GRAIN),
    ),
    "nothing taken": (WAITING, Waited(0.9, None, BOTH)),
    "an end": (WAITING, Cancelled(0.9)),
    "an end after a whole answer": ((STARTED, Streaming(0.1)), Cancelled(0.9, complete=True)),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_that_breaks_an_invariant_is_refused(claim: str) -> None:
    events, event, why = CLAIMS[claim]
    call = call_after(events)

    with pytest.raises(IllegalEvent) as refused:
        step(call, event)
    error = refused.value
    assert (error.call, error.state, error.event, error.why) == (call, call.state, event, why)


@pytest.mark.parametrize("claim", TRUE)
def test_what_can_be_true_is_not_refused(claim: str) -> None:
    events, event = TRUE[claim]

    assert objection(call_after(events), event) is None
