"""A pool of a thousand keys costs a call at most twice what one key does, also with marks.

Counted are Python calls, which no other process disturbs; times are in benchmarks/health_speed.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.health.availability import Caller, MarksOverlay, find_availability
from orchestrator.health.records import Marks
from orchestrator.pooling import Strategy
from orchestrator.states.facts import Taken
from orchestrator.states.reasons import Reason, Scope
from tests.orchestrator.health.world import A2, A, B, Call, World, error, pool

MANY = 1000
COOLING = error(Reason.RATE_LIMIT, retry_after=250)


def world_of(keys: int, strategy: Strategy) -> World:
    return World(
        pool("acme", *(f"k{n}" for n in range(keys)), strategy=strategy), pool("bolt", "k")
    )


def counted(work: Callable[[], object]) -> int:
    """How many Python functions ``work`` calls, counting those it calls."""
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def nothing(_: World, __: int) -> None:
    """Nothing is marked."""


def a_provider(world: World, _: int) -> None:
    world.failed_call(B, Reason.BILLING)


def one_key(world: World, keys: int) -> None:
    mark_keys(world, 1, keys)


def half(world: World, keys: int) -> None:
    mark_keys(world, max(1, keys // 2), keys)


def all_but_one(world: World, keys: int) -> None:
    mark_keys(world, max(1, keys - 1), keys)


def mark_keys(world: World, number: int, keys: int) -> None:
    """Let the first so many keys cool; of one key alone, let it cool for another model."""
    scope = Scope.MODEL if keys == 1 else None
    for index in range(number):
        others = {f"k{n}" for n in range(keys) if n != index} if keys > 1 else set()
        call = world.call(A2)
        call.take(A2, used=others)
        call.fail(error(Reason.RATE_LIMIT, retry_after=250, scope=scope))
        call.close()


SITUATIONS = [nothing, a_provider, one_key, half, all_but_one]


def a_call_that_succeeds(world: World) -> None:
    call = world.call(A, A2, B)
    call.start()
    call.succeed()
    call.close()


def a_call_that_fails(world: World) -> None:
    call = world.call(A, A2, B)
    call.start()
    call.fail(error(Reason.RATE_LIMIT, retry_after=0.0))
    call.take(A)
    call.fail(Reason.OVERLOADED)
    call.take(A2, B)
    call.close()


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("work", [a_call_that_succeeds, a_call_that_fails])
def test_a_thousand_keys_cost_at_most_twice_what_one_does(
    work: Callable[[World], None], situation: Callable[[World, int], None], strategy: Strategy
) -> None:
    costs = []
    for keys in (1, MANY):
        world = world_of(keys, strategy)
        situation(world, keys)
        work(world)
        costs.append(counted(partial(work, world)))

    assert costs[1] <= 2 * costs[0]


def test_a_key_that_fails_costs_no_more_where_many_have_failed_before() -> None:
    costs = []
    for number in (1, MANY - 10):
        world = world_of(MANY, Strategy.FILL_FIRST)
        mark_keys(world, number, MANY)

        def fail(world: World = world) -> None:
            call = world.call(A2)
            call.start()
            call.fail(COOLING)
            call.close()

        fail()
        costs.append(counted(fail))

    assert costs[1] <= 2 * costs[0]


picks = st.lists(
    st.tuples(
        st.sampled_from(["fail", "succeed", "wait", "reset"]),
        st.sampled_from([A, A2, B]),
        st.sampled_from(
            [
                Reason.RATE_LIMIT,
                Reason.AUTH,
                Reason.BILLING,
                Reason.OVERLOADED,
            ]
        ),
        st.sampled_from([None, Scope.KEY, Scope.MODEL, Scope.ACCOUNT]),
        st.sampled_from([None, 9.0, 4000.0]),
    ),
    max_size=25,
)


@given(picks)
def test_what_was_kept_of_earlier_looks_is_what_a_fresh_look_sees(
    picks: list[tuple[str, object, Reason, Scope | None, float | None]],
) -> None:
    world = World(pool("acme", "k1", "k2", "k3"), pool("bolt", "k1"))
    for what, target, reason, scope, wait in picks:
        call = world.call(target)  # type: ignore[arg-type]
        if what == "wait":
            world.later(wait or 1.0)
        elif what == "reset":
            world.board.reset("acme")
        elif call.start() is not None:
            step(call, what, reason, scope, wait)
        for place in map(world.board._state.place, (A, A2, B)):  # noqa: SLF001
            kept = find_availability(
                MarksOverlay(world.store.read(), world.now), place, world.now, Caller("x")
            )
            fresh = find_availability(
                MarksOverlay(Marks(world.store.read()), world.now), place, world.now, Caller("x")
            )
            assert kept == fresh


def step(call: Call, what: str, reason: Reason, scope: Scope | None, wait: float | None) -> None:
    if what == "succeed":
        call.succeed()
    else:
        call.fail(error(reason, scope=scope, retry_after=wait))
    call.close()


@pytest.mark.parametrize("strategy", Strategy)
def test_of_a_thousand_keys_those_that_are_ready_are_taken(strategy: Strategy) -> None:
    world = world_of(MANY, strategy)
    mark_keys(world, 3, MANY)

    call = world.call(A)
    taken = call.start()

    assert taken in [Taken(A, f"k{n}") for n in range(3, MANY)]
    assert call.standby.credentials == tuple(f"k{n}" for n in range(3, MANY))
