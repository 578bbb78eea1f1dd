"""The backoff: grows, is bounded, and never vanishes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.states.backoff import backoff
from tests.states_strategies import jitters

CASES = [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (6, 16.0), (7, 30.0), (8, 30.0), (100_000, 30.0)]


@pytest.mark.parametrize(("tries", "seconds"), CASES)
def test_doubles_from_half_a_second_to_thirty(tries: int, seconds: float) -> None:
    assert backoff(tries, 0.0) == seconds
    assert backoff(tries, 0.5) == seconds * 0.75


@given(tries=st.integers(1, 2_000), jitter=jitters)
def test_jitter_takes_away_less_than_half(tries: int, jitter: float) -> None:
    full = backoff(tries, 0.0)

    assert full / 2 < backoff(tries, jitter) <= full <= 30.0 or jitter > 1 - 1e-15


@given(tries=st.integers(1, 2_000), jitter=jitters)
def test_grows_with_the_tries(tries: int, jitter: float) -> None:
    assert backoff(tries, jitter) <= backoff(tries + 1, jitter)
