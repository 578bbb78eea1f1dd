"""The shares of a deadline are those that calls get, where nobody answers."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.time_budget import enough, shares, shortages
from orchestrator.states import (
    Call,
    Policy,
    Send,
    Standby,
    Started,
    Switched,
    Taken,
    Target,
    Timeouts,
    step,
)
from orchestrator.states.error import Error
from orchestrator.states.events import Diagnosed, Event, Failed
from orchestrator.states.reasons import Reason

limits = st.builds(
    Timeouts,
    first_token=st.none() | st.floats(1, 60),
    total=st.floats(1, 200),
)
routes = st.lists(
    st.builds(
        Target,
        st.sampled_from("abcdefgh"),
        st.just("m"),
        reasoning=st.booleans(),
        stream=st.sampled_from((None, True, False)),
        timeouts=limits,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda target: target.name,
)
policies = st.builds(Policy, deadline=st.floats(5, 900))
SILENCE = Error(Reason.TIMEOUT, "timeout.total")


def sent(route: tuple[Target, ...], policy: Policy) -> Iterator[tuple[Send, float]]:
    """Every send of a call in which nobody answers, and how long it is waited for."""
    call, at = Call(route, policy), 0.0
    event: Event = Started(at, Taken(route[0], "key#1"), Standby((), route))
    for target in route:
        moved = step(call, event)
        assert isinstance(moved.command, Send)
        seconds = limit(moved.command, target)
        yield moved.command, seconds
        at += seconds
        rest = tuple(one for one in route if one.name not in moved.call.asked)
        call = step(moved.call, Failed(at, waited=seconds)).call
        call = step(call, Diagnosed(at, SILENCE, Standby((), rest))).call
        if not rest:
            return
        event = Switched(at, Taken(rest[0], "key#1"), Standby((), rest))


def limit(send: Send, target: Target) -> float:
    whole = not target.stream
    return send.timeouts.total if whole else send.timeouts.first_token or 0.0


@given(routes, policies)
def test_a_share_is_the_limit_that_the_machine_gives(route: list[Target], policy: Policy) -> None:
    told, given = tuple(shares(route, policy)), tuple(sent(tuple(route), policy))

    assert [share.target for share in told] == [send.target for send, _ in given]
    assert [share.seconds for share in told] == pytest.approx([seconds for _, seconds in given])


@given(routes, policies)
def test_what_is_enough_is_enough_and_ten_seconds_less_are_not(
    route: list[Target], policy: Policy
) -> None:
    deadline = enough(route, policy)

    assert shortages(route, attrs.evolve(policy, deadline=float(deadline))) == ()
    if deadline > 10:
        assert shortages(route, attrs.evolve(policy, deadline=deadline - 10.0))
