"""The certificate of the budget: what retries cost in storms, and that they cost no call else."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.health.retry_budget import COST, THROTTLED_COST
from orchestrator.states import Error, Reason
from tests.orchestrator.health.storm import Provider, StormCall, storm

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


class Capacity:
    """A provider that answers so many requests a second, and whom refusing costs as well."""

    def __init__(self, capacity: float, refusal: float) -> None:
        self.capacity, self.refusal = capacity, refusal
        self.load, self.at = 0.0, 0.0

    def __call__(self, _: StormCall, now: float) -> Error | None:
        self.load = max(0.0, self.load - (now - self.at) * self.capacity)
        self.at = now
        is_over = self.load > self.capacity
        self.load += self.refusal if is_over else 1.0
        return Error(Reason.OVERLOADED, "storm", 503) if is_over else None


@settings(max_examples=4, deadline=None)
@given(st.integers(5, 40), st.floats(0.3, 0.9), st.integers(1, 20), st.integers())
def test_ten_seconds_after_a_burst_of_five_times_the_load_all_is_as_before(
    rate: int, refusal: float, seconds: int, seed: int
) -> None:
    dice = Random(seed)
    before, after = 5, 30
    arrivals = [dice.random() * before for _ in range(rate * before)]
    arrivals += [before + dice.random() * seconds for _ in range(5 * rate * seconds)]
    over = before + seconds
    arrivals += [over + number / rate for number in range(rate * after)]

    calls = storm(arrivals, Capacity(1.25 * rate, refusal), seed=seed)

    began = calls[0].began - min(arrivals)
    late = [call for call in calls if call.began - began >= over + 10]
    assert late
    assert all(call.is_answered for call in late)
