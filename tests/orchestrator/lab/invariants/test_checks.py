"""What is not asked of a move would have said nothing."""

from __future__ import annotations

import itertools
from typing import Any, NoReturn, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.invariants import BrokenMove, CheckedMove, broken
from orchestrator.lab.invariants.checks import BOUNDS, CHECKS, EXACT
from orchestrator.lab.invariants.memory import forgotten
from orchestrator.states import (
    Call,
    Command,
    Diagnose,
    Error,
    Event,
    Finish,
    Policy,
    Reason,
    Relay,
    Repair,
    Rotate,
    Send,
    Standby,
    State,
    StoppedBy,
    Switch,
    Taken,
    Target,
    Timeouts,
    Wait,
)
from orchestrator.states.events import (
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Failed,
    Repaired,
    Rotated,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from orchestrator.states.machine import Step

A, B, C = Target("acme", "one", context=10), Target("acme", "two"), Target("beta", "one")
ROUTE = (A, B, C)
EMPTY, BILL = Error(Reason.INVALID_RESPONSE, "t", empty=True), Error(Reason.BILLING, "t")
ERRORS = (EMPTY, BILL, Error(Reason.TIMEOUT, "t"), Error(Reason.CONTEXT_OVERFLOW, "t", repair="r"))

instants = st.sampled_from((0.0, 1.0, 500.0))
numbers = st.integers(0, 3)
targets, errors = st.sampled_from(ROUTE), st.sampled_from(ERRORS)
keys = st.sampled_from(("key#1", "key#2"))
flags = st.booleans()


def some(values: tuple[Any, ...]) -> st.SearchStrategy[frozenset[Any]]:
    return st.frozensets(st.sampled_from(values))


names = some(tuple(target.name for target in ROUTE))
standbys = st.builds(
    Standby,
    credentials=st.sampled_from(((), ("key#1",), ("key#1", "key#2"))),
    targets=st.sampled_from(((), (B,), (A, C), ROUTE)),
    retry_affordable=flags,
)
takes = st.none() | st.builds(Taken, targets, keys, flags)

EVENTS: dict[type[Event], st.SearchStrategy[Any]] = {
    **{
        kind: st.builds(kind, at=instants, taken=takes, standby=standbys)
        for kind in (Started, Rotated, Switched, Waited, Repaired)
    },
    Streaming: st.builds(Streaming, instants),
    Succeeded: st.builds(Succeeded, instants),
    Failed: st.builds(Failed, instants, flags, instants),
    Diagnosed: st.builds(Diagnosed, instants, errors, standbys, st.just(0.0)),
    Cancelled: st.builds(Cancelled, instants, flags),
    DeadlineReached: st.builds(DeadlineReached, instants),
}
COMMANDS: dict[type[Command], st.SearchStrategy[Any]] = {
    Send: st.builds(
        Send, target=targets, credential=keys, probe=flags, number=numbers, until=instants,
        ends_at=instants, timeouts=st.just(Timeouts()), streamed=flags, kept_alive=instants,
    ),
    Relay: st.builds(Relay, instants),
    Diagnose: st.builds(Diagnose),
    Rotate: st.builds(Rotate, targets, some(("key#1", "key#2"))),
    Switch: st.builds(Switch, st.sampled_from(((), (B,), (A, C)))),
    Wait: st.builds(Wait, until=instants, target=targets),
    Repair: st.builds(Repair, st.just("r"), targets),
    Finish: st.builds(
        Finish, cause=st.none() | errors, stopped_by=st.none() | st.sampled_from(StoppedBy)
    ),
}  # fmt: skip
calls = st.builds(
    Call, route=st.just(ROUTE), policy=st.just(Policy(max_attempts=3)),
    state=st.sampled_from(State), number=numbers, tries=numbers, waits=numbers,
    target=st.none() | targets, credential=st.none() | keys, probe=flags, asked=names, gone=names,
    used=some((("acme/one", "key#1"), ("beta/one", "key#2"))), billed=some(("acme", "beta")),
    repaired=some((("acme/one", "r"),)), kept_waiting=flags, went_back=flags,
    returnable=some((("acme/one", 0.0),)), too_small=st.sampled_from((None, 10)),
    stream_ends_at=st.sampled_from((None, 400.0)), tool_call=flags, error=st.none() | errors,
    only_empty=flags, cause=st.none() | errors, passed_over=st.none() | errors,
)  # fmt: skip
heard = st.sampled_from(list(EVENTS)).flatmap(EVENTS.__getitem__)
told = st.sampled_from(list(COMMANDS)).flatmap(COMMANDS.__getitem__)
steps = st.builds(Step, calls, told, st.just("a row"))


def everything(move: CheckedMove) -> list[BrokenMove]:
    """What every check says of a move, whatever it is about."""
    number, waits = move.number, move.waits

    def asked(checks: Any) -> list[BrokenMove]:
        said = ((name, check.wrong(move)) for name, check in checks.items())
        return [BrokenMove(name, what, number, waits) for name, what in said if what]

    return [
        *asked(CHECKS),
        *(one for bound in BOUNDS for one in bound.wrong(move, number, waits)),
        *(BrokenMove(name, what, number, waits) for name, what in forgotten(move)),
        *asked(EXACT),
    ]


@given(before=calls, event=heard, after=steps)
def test_whoever_asks_every_check_of_a_move_hears_no_more(
    before: Call, event: Event, after: Step
) -> None:
    move = CheckedMove(before, event, after)

    assert list(broken(move)) == everything(move)


class Unseen:
    """In the place of a call at which nobody may look."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"{name} is looked at")


def _words(kinds: tuple[type, type]) -> str:
    return f"{kinds[0].__name__} {kinds[1].__name__}"


@pytest.mark.parametrize("kinds", list(itertools.product(EVENTS, COMMANDS)), ids=_words)
@settings(max_examples=5)
@given(data=st.data())
def test_a_check_that_is_not_asked_says_nothing_whatever_the_call_is(
    kinds: tuple[type[Event], type[Command]], data: st.DataObject
) -> None:
    unseen, event = cast(Any, Unseen()), data.draw(EVENTS[kinds[0]])
    move = CheckedMove(unseen, event, Step(unseen, data.draw(COMMANDS[kinds[1]]), "a row"))

    said = {
        name: check.wrong(move)
        for name, check in {**CHECKS, **EXACT}.items()
        if not check.is_about(*kinds)
    }
    bounds = [one for one in BOUNDS if not one.is_about(*kinds)]

    assert not any(said.values())
    assert not any(list(one.wrong(move, (0, 3), (0, 3))) for one in bounds)
