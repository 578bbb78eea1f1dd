"""Planted faults: each is found in its smallest scenario, in which nothing breaks that ships."""

from __future__ import annotations

import pytest

from orchestrator.lab.fleet.promises import BrokenPromise
from tests.orchestrator.lab.fleet.fleets import aside
from verification.fleet.hunting import breaches
from verification.fleet.planted import PLANTED
from verification.fleet.report import PAGE, page, read_found

FOUND = {one.name: one for one in read_found()}
NAMES = [one.name for one in PLANTED]


def replay(name: str) -> tuple[list[BrokenPromise], list[BrokenPromise], bool]:
    """What the fault breaks, what breaks without it, and whether it goes the same way again."""
    fault = next(one for one in PLANTED if one.name == name)
    scenario = FOUND[name].scenario
    first, again = breaches(scenario, fault), breaches(scenario, fault)
    return first[0], breaches(scenario, route=fault.route)[0], first == again


def test_each_fault_is_kept() -> None:
    assert list(FOUND) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_fault_is_found_where_it_was(name: str) -> None:
    broken, shipped, same = aside().submit(replay, name).result()

    assert FOUND[name].promise in {one.promise for one in broken}
    assert shipped == []
    assert same


def test_the_smallest_scenarios_are_small() -> None:
    # To empty a bucket takes as many retries as it pays for, and the calls that make them.
    assert max(len(one.scenario.arrivals) for one in FOUND.values()) <= 120


def test_the_page_says_what_was_found() -> None:
    assert PAGE.read_text("utf-8") == page(read_found())
