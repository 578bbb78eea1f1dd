"""The hunt for planted faults: scenario by scenario, until a promise breaks; then the smallest."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import attrs

from orchestrator.config.config import Config
from orchestrator.config.loading import loads
from orchestrator.lab.fleet import Fleet, FleetScenario, draw_scenario
from orchestrator.lab.fleet.promises import BrokenPromise, broken_promises
from orchestrator.lab.fleet.reduction import reduced
from verification.fleet.planted import PlantedFleetFault

CONFIG = """
health = "memory"
[providers.first]
base_url = "http://first.test/v1"
credentials = ["made-up-key-one", "made-up-key-two"]
[providers.second]
base_url = "http://second.test/v1"
credentials = ["made-up-key-three"]
[routes]
default = ["first/one", "second/two"]
alone = ["first/one"]
"""
"""Two keys and a fallback: the least that has something to share; and a route of who must wait."""


def config() -> Config:
    """The config of every hunt."""
    return loads(CONFIG, {})


@attrs.frozen
class FoundFault:
    """A fault that was found.

    Attributes:
        seed: Of the scenario that showed it first.
        scenario: The smallest one that still does.
        broken: What broke in that.
        digest: Of the record of that.
        seconds: How long the search took, without the reduction.
    """

    seed: int
    scenario: FleetScenario
    broken: BrokenPromise
    digest: str
    seconds: float


def breaches(
    scenario: FleetScenario, fault: PlantedFleetFault | None = None, route: str | None = None
) -> tuple[list[BrokenPromise], str]:
    """What breaks in ``scenario``, with ``fault`` or with what ships, and the record's digest."""
    handed: dict[str, Any] = {"route": route}
    if fault is not None:
        handed = attrs.asdict(fault, filter=_is_handed_in, recurse=False)
    record = Fleet(config(), scenario, **handed).run()
    return list(broken_promises(record)), record.digest


def _is_handed_in(attribute: attrs.Attribute[object], _value: object) -> bool:
    return attribute.name.startswith("make_") or attribute.name == "route"


def find(fault: PlantedFleetFault, seeds: Iterable[int]) -> FoundFault | None:
    """Search ``seeds`` for a scenario that shows ``fault``, and reduce it."""
    began = time.process_time()
    for seed in seeds:
        scenario = draw_scenario(seed)
        broken, _ = breaches(scenario, fault)
        broken = [one for one in broken if fault.promise in (None, one.promise)]
        if not broken:
            continue
        seconds = time.process_time() - began
        promise = broken[0].promise

        def breaks(tried: FleetScenario, promise: str = promise) -> bool:
            found, _ = breaches(tried, fault)
            return any(one.promise == promise for one in found)

        smallest = reduced(scenario, breaks)
        found, digest = breaches(smallest, fault)
        kept = next(one for one in found if one.promise == promise)
        return FoundFault(seed, smallest, kept, digest, seconds)
    return None
