"""Fleets for the tests of the room."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

from orchestrator.config.config import Config
from orchestrator.config.loading import loads
from orchestrator.lab.fleet import (
    Fleet,
    FleetRecord,
    FleetScenario,
    PlannedProvider,
    ProviderPhase,
    draw_scenario,
)
from orchestrator.lab.fleet.promises import broken_promises

TEXT = """
health = "memory"
[providers.first]
base_url = "http://first.test/v1"
credentials = ["made-up-key-one"]
[providers.second]
base_url = "http://second.test/v1"
credentials = ["made-up-key-two"]
[routes]
default = ["first/one", "second/two"]
alone = ["first/one"]
"""


def config() -> Config:
    return loads(TEXT, {})


def failing(word: str, since: float = 0.0, until: float = 1e9, **more: float) -> PlannedProvider:
    return PlannedProvider(phases=(ProviderPhase(since, until, word, **more),))


def run(scenario: FleetScenario, route: str | None = None) -> FleetRecord:
    return Fleet(config(), scenario, route=route).run()


@cache
def aside() -> ProcessPoolExecutor:
    """A process of its own: in this one each call of a test is played again, thousands of them."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def judge(seed: int, route: str | None = None) -> tuple[list[str], str]:
    """What breaks in the scenario of ``seed``, and the digest of its record."""
    record = run(draw_scenario(seed), route)
    return list(map(str, broken_promises(record))), record.digest
