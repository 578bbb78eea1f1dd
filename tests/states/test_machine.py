"""Every state meets every event: a row is taken, or one error refuses and nothing changes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.states import (
    TABLE,
    Call,
    Cancelled,
    Diagnosed,
    Error,
    Event,
    Failed,
    IllegalEvent,
    Policy,
    Reason,
    Repaired,
    Rotated,
    Standby,
    Started,
    State,
    Step,
    Streaming,
    Succeeded,
    Switched,
    Taken,
    Target,
    Waited,
    step,
)
from orchestrator.states.machine import build
from tests.states_strategies import EVENTS, calls, events, events_of

PRIMARY, FALLBACK = Target("acme", "one"), Target("bolt", "one")
ROUTE = (PRIMARY, FALLBACK)
BOTH = Standby(("key#2",), ROUTE)
STARTED = Started(0.0, Taken(PRIMARY, "key#1"), BOTH)
FAILED = (STARTED, Failed(0.1))


def diagnosed(reason: Reason, *, repair: str | None = None) -> Diagnosed:
    return Diagnosed(0.1, Error(reason, "drawn", repair=repair), BOTH)


WAYS: dict[State, tuple[Event, ...]] = {
    State.READY: (),
    State.ATTEMPT: (STARTED,),
    State.STREAM: (STARTED, Streaming(0.1)),
    State.CLASSIFY: FAILED,
    State.ROTATE_CREDENTIAL: (*FAILED, diagnosed(Reason.AUTH)),
    State.EAGER_FALLBACK: (*FAILED, diagnosed(Reason.BILLING)),
    State.RETRY: (*FAILED, diagnosed(Reason.OVERLOADED)),
    State.REPAIR: (*FAILED, diagnosed(Reason.BAD_REQUEST, repair="drop-a")),
    State.SUCCEED: (STARTED, Succeeded(0.1)),
    State.FAIL_TERMINAL: (Cancelled(0.0),),
}


def call_in(state: State) -> Call:
    call = Call(ROUTE, Policy(on=dict(Policy().on)))
    for event in WAYS[state]:
        call = step(call, event).call
    return call


def meet(call: Call, event: Event) -> Step | None:
    """Step, and assert that the call given is untouched whatever comes of it."""
    before = copy.deepcopy(call)
    refusal = None
    brought = None
    try:
        brought = step(call, event)
    except IllegalEvent as refused:
        refusal = refused
    assert call == before
    if refusal is not None:
        assert (refusal.state, refusal.event, refusal.call) == (before.state, event, before)
        said = f"{type(event).__name__} is not possible in {before.state.value}: "
        assert str(refusal).startswith(said)
        assert repr(before) in str(refusal)
    return brought


@pytest.mark.parametrize("state", State)
def test_the_way_into_each_state_leads_there(state: State) -> None:
    assert call_in(state).state is state


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
@settings(max_examples=settings().max_examples // 8, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_each_event_in_each_state_is_a_row_or_a_refusal(
    data: st.DataObject, state: State, kind: type[Event]
) -> None:
    group = {row.name: row for row in TABLE if row.state is state and row.event is kind}
    brought = meet(call_in(state), data.draw(events_of(kind, ROUTE)))
    if brought is None:
        claims = kind in (Started, Rotated, Switched, Waited, Repaired, Cancelled)
        assert not group or claims, "only a claim about what was taken or complete may be refused"
    else:
        assert brought.row in group
        assert brought.call.state is group[brought.row].to
        assert brought.call.state is not State.READY


@settings(
    max_examples=settings().max_examples * 3 // 5, suppress_health_check=[HealthCheck.too_slow]
)
@given(data=st.data(), call=calls())
def test_any_list_of_events_is_taken_or_refused_and_replays_bit_for_bit(
    data: st.DataObject, call: Call
) -> None:
    first, legal, brought = call, [], []
    for event in data.draw(st.lists(events(call.route), max_size=12)):
        met = meet(call, event)
        if met is not None:
            legal.append(event)
            brought.append(met)
            call = met.call
    replayed, again = [], first
    for event in legal:
        replayed.append(step(again, event))
        again = replayed[-1].call

    assert brought == replayed
    assert repr(brought) == repr(replayed)


@pytest.mark.parametrize("final", [State.SUCCEED, State.FAIL_TERMINAL])
@given(data=st.data())
def test_nothing_follows_a_final_state(data: st.DataObject, final: State) -> None:
    with pytest.raises(IllegalEvent):
        step(call_in(final), data.draw(events(ROUTE)))


class Stranger:
    """Not an event."""

    at = 0.0


@pytest.mark.parametrize("stranger", [Stranger(), "Started", None, 3])
def test_what_is_no_event_is_refused_and_named(stranger: Any) -> None:
    with pytest.raises(IllegalEvent, match=type(stranger).__name__) as refused:
        step(call_in(State.READY), stranger)
    assert refused.value.why == "it is no event"


def test_a_refusal_can_cross_processes() -> None:
    with pytest.raises(IllegalEvent) as refused:
        step(call_in(State.READY), Failed(0.0))

    twin = pickle.loads(pickle.dumps(refused.value))
    assert (str(twin), twin.call, twin.event) == (
        str(refused.value),
        refused.value.call,
        refused.value.event,
    )


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_a_refusal_says_which_row_is_missing(kind: type[Event]) -> None:
    call = call_in(State.SUCCEED)
    make: Callable[..., Event] = kind
    arrives = (None, BOTH) if kind in EVENTS[:5] else ()
    event = diagnosed(Reason.AUTH) if kind is Diagnosed else make(0.0, *arrives)

    with pytest.raises(IllegalEvent, match=f"{kind.__name__} is not possible in succeed"):
        step(call, event)


def test_a_table_whose_last_row_does_not_hold_refuses_the_event_and_does_not_stand_still() -> None:
    lame = build([row for row in TABLE if row.name != "terminal"])
    call, event = call_in(State.CLASSIFY), diagnosed(Reason.CONTENT_POLICY)

    assert step(call, event).row == "terminal"
    with pytest.raises(IllegalEvent, match="Diagnosed is not possible in classify: no row leads"):
        lame(call, event)
    assert call.state is State.CLASSIFY
