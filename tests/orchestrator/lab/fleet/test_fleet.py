"""Fleets: the machine and the board that ship, over models of all else."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.fleet import FleetScenario, ProcessCrash
from tests.orchestrator.lab.fleet.fleets import aside, failing, judge, run
from tests.slow import nightly, slow


def spread(calls: int, every: float, processes: int) -> tuple[tuple[float, int], ...]:
    return tuple((every * call, call % processes) for call in range(calls))


@given(st.integers(0, 10**6), st.sampled_from((None, "alone")))
@settings(max_examples=3, deadline=None)
def test_what_ships_keeps_what_is_promised(seed: int, route: str | None) -> None:
    assert aside().submit(judge, seed, route).result()[0] == []


@pytest.mark.parametrize(
    "many",
    [
        pytest.param(10, marks=slow("a second and a half each; the test above takes three")),
        pytest.param(100, marks=nightly("a second and a half each; every change meets ten")),
    ],
)
@pytest.mark.parametrize("route", [None, "alone"])
def test_what_ships_keeps_it_through_many_scenarios(route: str | None, many: int) -> None:
    judged = aside().map(partial(judge, route=route), range(many))
    broken = dict(zip(range(many), judged, strict=True))

    assert {seed: found for seed, (found, _) in broken.items() if found} == {}


def test_calls_without_trouble_are_answered_at_once_and_mark_nothing() -> None:
    record = run(FleetScenario(1, 3, spread(9, 0.1, 3)))

    assert [each.error for each in record.calls] == [None] * 9
    assert {str(each.target) for each in record.requests} == {"first/one"}
    assert record.changes == []


def test_calls_run_beside_one_another() -> None:
    record = run(FleetScenario(1, 1, spread(10, 0.0, 1)))

    assert max(each.began for each in record.calls) == 0.0
    assert max(each.ended for each in record.calls) < 1.5


def test_an_empty_account_is_asked_once_a_due_date_by_twenty_processes() -> None:
    scenario = FleetScenario(1, 20, spread(60, 20.0, 20), {"first": failing("402", since=1.0)})

    record = aside().submit(run, scenario).result()

    asked = [each.at for each in record.requests if each.word == "402"]
    assert [int(at) // 100 for at in asked] == [0, 3, 9]
    assert [each.error for each in record.calls] == [None] * 60


def test_a_process_that_dies_takes_its_claim_along_until_that_expires() -> None:
    # The answer takes 8 s, so that the process dies while it waits for what its probe meets.
    dead = {"first": failing("402", seconds=8.0)}
    arrivals = ((0.0, 0), (309.0, 0), (310.0, 1), (430.0, 1), (440.0, 1), (450.0, 1))
    scenario = FleetScenario(1, 2, arrivals, dead, (ProcessCrash(312.0, 0),))

    record = aside().submit(run, scenario).result()

    asked = [(each.at, each.process) for each in record.requests if each.word == "402"]
    assert record.crashed == 1
    assert asked == [(0.0, 0), (309.0, 0), (440.0, 1)]


def test_a_scenario_goes_the_same_way_bit_for_bit_in_whatever_process() -> None:
    digests = [aside().submit(judge, seed).result()[1] for seed in (7, 7, 8)]

    assert digests[0] == digests[1] != digests[2]
    for hashing in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", AGAIN],
            cwd=Path(__file__).parents[4],
            env={**os.environ, "PYTHONHASHSEED": hashing},
            capture_output=True,
            check=True,
            text=True,
        )
        assert done.stdout.strip() == digests[0]


AGAIN = "from tests.orchestrator.lab.fleet.fleets import judge; print(judge(7)[1])"
