"""Reduction of a scenario in which a promise broke to the smallest in which it still does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import attrs

from orchestrator.lab.fleet.scenario import ClockStep, FleetScenario, ProcessCrash

T = TypeVar("T")
Befalling = TypeVar("Befalling", ProcessCrash, ClockStep)

Breaks = Callable[[FleetScenario], bool]
"""Whether what is looked for is still seen in a scenario."""

_PARTS = ("outages", "steps", "crashes", "arrivals")


def reduced(scenario: FleetScenario, breaks: Breaks) -> FleetScenario:
    """The smallest scenario that is found in which ``breaks`` still holds.

    Fewer events, then fewer calls, then fewer processes, until none can be left out. It is
    deterministic: the same scenario is reduced in the same way.
    """
    while True:
        smaller = scenario
        for part in _PARTS:
            smaller = _without(smaller, part, breaks)
        smaller = _on_fewer(smaller, breaks)
        smaller = _with_even_clocks(smaller, breaks)
        if smaller == scenario:
            return scenario
        scenario = smaller


def _without(scenario: FleetScenario, part: str, breaks: Breaks) -> FleetScenario:
    """The scenario with as little of ``part`` as does."""
    left: Sequence[object] = getattr(scenario, part)
    size = len(left)
    while size:
        start = 0
        while start < len(left):
            smaller = (*left[:start], *left[start + size :])
            changed: dict[str, Any] = {part: smaller}
            tried = attrs.evolve(scenario, **changed)
            if breaks(tried):
                scenario, left = tried, smaller
            else:
                start += size
        size //= 2
    return scenario


def _on_fewer(scenario: FleetScenario, breaks: Breaks) -> FleetScenario:
    """The scenario without processes in which nothing begins."""
    used = sorted({process for _, process in scenario.arrivals} or {0})
    new = {old: number for number, old in enumerate(used)}
    tried = attrs.evolve(
        scenario,
        processes=len(used),
        arrivals=tuple((at, new[process]) for at, process in scenario.arrivals),
        crashes=_moved(scenario.crashes, new),
        steps=_moved(scenario.steps, new),
        ahead=tuple(each for old, each in enumerate(scenario.ahead) if old in new),
    )
    return tried if tried != scenario and breaks(tried) else scenario


def _moved(events: Sequence[Befalling], new: dict[int, int]) -> tuple[Befalling, ...]:
    return tuple(
        attrs.evolve(one, process=new[one.process]) for one in events if one.process in new
    )


def _with_even_clocks(scenario: FleetScenario, breaks: Breaks) -> FleetScenario:
    """The scenario with as many hosts' clocks right as does."""
    for number, ahead in enumerate(scenario.ahead):
        if ahead:
            even = (*scenario.ahead[:number], 0.0, *scenario.ahead[number + 1 :])
            tried = attrs.evolve(scenario, ahead=even)
            scenario = tried if breaks(tried) else scenario
    return scenario
