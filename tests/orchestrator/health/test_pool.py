"""Strategies: which ready credential a take prefers."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from orchestrator.health import Pool, PoolCredential
from orchestrator.pooling import Strategy
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import A, World, error, pool


def labels(world: World, count: int) -> list[str]:
    """The credentials that ``count`` calls take."""
    found = []
    for _ in range(count):
        call = world.call(A)
        taken = call.start()
        assert taken is not None
        found.append(taken.credential)
        call.close()
    return found


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (Strategy.FILL_FIRST, ["k1", "k1", "k1", "k1", "k1"]),
        (Strategy.ROUND_ROBIN, ["k1", "k2", "k3", "k1", "k2"]),
        (Strategy.LEAST_USED, ["k1", "k2", "k3", "k1", "k2"]),
    ],
)
def test_the_order_of_a_strategy(strategy: Strategy, expected: list[str]) -> None:
    world = World(pool("acme", "k1", "k2", "k3", strategy=strategy))

    assert labels(world, 5) == expected


@pytest.mark.parametrize("strategy", Strategy)
def test_no_strategy_prefers_what_is_cooling(strategy: Strategy) -> None:
    world = World(pool("acme", "k1", "k2", "k3", strategy=strategy), random=Random(1))
    call = world.call(A)
    first = call.start()
    assert first is not None
    call.fail(error(Reason.RATE_LIMIT, retry_after=60))

    assert first.credential not in labels(world, 12)


def test_least_used_evens_out_what_rotation_made_uneven() -> None:
    world = World(pool("acme", "k1", "k2", "k3", strategy=Strategy.LEAST_USED))
    call = world.call(A)
    for _ in range(3):
        call.take(A, used={"k1", "k2"})

    assert Counter(labels(world, 6)) == {"k1": 3, "k2": 3}


def test_random_is_repeatable_and_uses_every_credential() -> None:
    pools = pool("acme", "k1", "k2", "k3", strategy=Strategy.RANDOM)

    drawn = labels(World(pools, random=Random(7)), 40)

    assert drawn == labels(World(pools, random=Random(7)), 40)
    assert set(drawn) == {"k1", "k2", "k3"}


def test_a_strategy_may_come_as_its_name() -> None:
    made = Pool("acme", "http://acme.test", (), "least_used")

    assert made.strategy is Strategy.LEAST_USED


def test_a_label_names_one_credential() -> None:
    twice = (PoolCredential("k1", "a"), PoolCredential("k1", "b"))

    with pytest.raises(ValueError, match="'acme' has more than one credential labelled 'k1'"):
        Pool("acme", "http://acme.test", twice)
