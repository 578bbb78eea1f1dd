"""Scenarios: drawn from a seed, written and read again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.fleet import FleetScenario, draw_scenario

SEEDS = st.integers(0, 10**6)


@given(SEEDS)
@settings(max_examples=20)
def test_a_scenario_is_read_as_it_was_written(seed: int) -> None:
    scenario = draw_scenario(seed)

    assert FleetScenario.from_json(scenario.to_json()) == scenario


@given(SEEDS)
@settings(max_examples=20)
def test_a_seed_draws_the_same_and_in_order(seed: int) -> None:
    scenario = draw_scenario(seed)

    assert scenario == draw_scenario(seed)
    assert list(scenario.arrivals) == sorted(scenario.arrivals)
    assert {process for _, process in scenario.arrivals} <= set(range(scenario.processes))
