"""The certificate of the budget: what retries cost in storms, and that they cost no call else."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.health.retry_budget import COST, THROTTLED_COST
from orchestrator.states import Error, Reason
from tests.orchestrator.health.storm import Provider, StormCall, storm
from tests.orchestrator.health.world import NOON

SIZE = 500
TRANSIENT = st.sampled_from(
    [Reason.SERVER_ERROR, Reason.OVERLOADED, Reason.CONNECTION, Reason.INVALID_RESPONSE]
)


def failing(reason: Reason) -> Provider:
    error = Error(reason, "storm", 503)
    return lambda *_: error


def amplification(calls: list[StormCall]) -> float:
    return sum(call.requests for call in calls) / len(calls)


@settings(max_examples=8, deadline=None)
@given(TRANSIENT, st.integers(500, 700), st.sampled_from([0.0, 1.0, 60.0, 1200.0]), st.integers())
def test_of_500_calls_that_all_fail_at_most_one_request_in_eleven_is_a_retry(
    reason: Reason, number: int, seconds: float, seed: int
) -> None:
    dice = Random(seed)
    arrivals = [dice.random() * seconds for _ in range(number)]

    calls = storm(arrivals, failing(reason), seed=seed)

    assert amplification(calls) <= 1.1


@pytest.mark.parametrize(
    ("reason", "cost"), [(Reason.SERVER_ERROR, COST), (Reason.RATE_LIMIT, THROTTLED_COST)]
)
def test_a_bucket_pays_for_so_many_retries_of_a_herd(reason: Reason, cost: int) -> None:
    calls = storm([0.0] * 1000, failing(reason))

    assert amplification(calls) <= 1 + SIZE // cost / 1000 <= 1.1


def test_without_a_budget_a_herd_sends_twice_as_much() -> None:
    calls = storm([0.0] * 500, failing(Reason.SERVER_ERROR), budget=0)

    assert amplification(calls) > 2


@settings(max_examples=4, deadline=None)
@given(TRANSIENT, st.integers())
def test_at_ten_failures_in_a_hundred_no_call_is_lost_that_is_saved_without_a_budget(
    reason: Reason, seed: int
) -> None:
    arrivals = [number / 20 for number in range(400)]
    error = Error(reason, "storm", 503)

    def provider(call: StormCall, _: float) -> Error | None:
        return error if Random(f"{seed} {call.number} {call.requests}").random() < 0.1 else None

    with_budget = storm(arrivals, provider, seed=seed)
    without = storm(arrivals, provider, seed=seed, budget=0)

    assert [call.is_answered for call in with_budget] == [call.is_answered for call in without]
    assert not any(call.refused for call in with_budget)


@settings(max_examples=4, deadline=None)
@given(st.integers(5, 20), st.integers(1, 15), st.integers())
def test_ten_seconds_after_a_burst_retries_are_there_again(
    rate: int, seconds: int, seed: int
) -> None:
    dice, over = Random(seed), 5 + seconds
    arrivals = [dice.random() * 5 for _ in range(rate * 5)]
    arrivals += [5 + dice.random() * seconds for _ in range(5 * rate * seconds)]
    arrivals += [over + number / rate for number in range(rate * 25)]
    error, began = Error(Reason.OVERLOADED, "storm", 503), NOON

    def provider(call: StormCall, now: float) -> Error | None:
        """It answers none of five times as many, and before and after them nine in ten."""
        fails = Random(f"{seed} {call.number} {call.requests}").random() < 0.1
        return error if fails or 5 <= now - began < over else None

    calls = storm(arrivals, provider, seed=seed)

    late = [call for call in calls if call.began - began >= over + 10]
    assert late
    assert not any(call.refused for call in late)
    assert all(call.is_answered or call.requests == 3 for call in late)
