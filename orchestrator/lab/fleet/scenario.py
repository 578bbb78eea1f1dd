"""What a fleet goes through: calls, trouble of providers, crashes, clocks, outages of the store."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import attrs
import msgspec

from orchestrator.lab.fleet.providers import PlannedProvider, ProviderPhase


@attrs.frozen
class ProcessCrash:
    """A process dies between two moves of its calls, and gives nothing back.

    Attributes:
        at: When, seconds since the fleet began.
        process: Its number.
        away: Seconds until it is started again.
    """

    at: float
    process: int
    away: float = 1.0


@attrs.frozen
class ClockStep:
    """The wall clock of a host is set.

    Attributes:
        at: When, seconds since the fleet began.
        process: Whose host.
        seconds: By how much; below zero where it is set back.
    """

    at: float
    process: int
    seconds: float


@attrs.frozen
class StoreOutage:
    """Nobody can reach the shared store, ``since`` and ``until`` seconds since the fleet began."""

    since: float
    until: float


@attrs.frozen
class FleetScenario:
    """All that a fleet goes through. The same value goes the same way, whatever the machine.

    Attributes:
        seed: Draws jitter, the choice of keys, and what providers answer.
        processes: How many.
        arrivals: Of each call: when it begins, and in which process; in order.
        providers: What each is like, by its name; others answer.
        crashes, steps, outages: What befalls processes, their hosts, the store.
        ahead: Seconds by which the wall clock of each process's host is ahead of the store's.
        lag: Seconds until a process learns what another one marked.
    """

    seed: int
    processes: int
    arrivals: tuple[tuple[float, int], ...]
    providers: Mapping[str, PlannedProvider] = attrs.field(factory=dict, hash=False)
    crashes: tuple[ProcessCrash, ...] = ()
    steps: tuple[ClockStep, ...] = ()
    outages: tuple[StoreOutage, ...] = ()
    ahead: tuple[float, ...] = ()
    lag: float = 0.02

    def to_json(self) -> str:
        """The scenario as a line that :meth:`from_json` reads."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> FleetScenario:
        """The scenario that :meth:`to_json` wrote.

        Raises:
            ValueError: It is none.
        """
        return msgspec.json.decode(text, type=cls)


WORDS = ("402", "402", "402", "429", "503", "connect", "auth", "500")
"""What befalls the first provider; that its account is empty is what matters most."""

_FIRST_BENCH = 300.0
"""Seconds until an account without money is asked again; calls come in crowds around then."""


def draw_scenario(
    seed: int, first: str = "first", *, lag: float = 0.02, calm: bool = False
) -> FleetScenario:
    """Draw twenty minutes to two hours in which the provider ``first`` fails.

    Args:
        seed: Draws it.
        first: The provider.
        lag: Seconds until a process learns what another one marked.
        calm: Leave out outages of the store and steps of clocks.
    """
    dice = Random(seed)
    processes = dice.choice((1, 2, 3, 4, 8))
    began = 5 + 20 * dice.random()
    lasts = dice.choice((700.0, 1400.0, 4000.0))
    phase = _draw_phase(dice, began, began + lasts * (0.4 + 0.5 * dice.random()))
    arrivals = _draw_arrivals(dice, processes, began, lasts)
    whom = range(processes)
    crashes = [
        ProcessCrash(dice.choice(arrivals)[0] + dice.random(), dice.choice(whom), 5 * dice.random())
        for _ in range(dice.choice((0, 0, 1, 4)))
    ]
    crashes += [
        ProcessCrash(lasts * dice.random(), dice.choice(whom), 5 * dice.random())
        for _ in range(dice.choice((0, 0, 2)))
    ]
    rough = 0 if calm else 1
    steps = [
        ClockStep(lasts * dice.random(), dice.choice(whom), dice.choice((-3600.0, -5.0, 5.0, 3600)))
        for _ in range(rough * dice.choice((0, 0, 1, 2)))
    ]
    outages = _draw_outages(dice, lasts) if rough and dice.random() < 0.3 else ()
    return FleetScenario(
        seed,
        processes,
        arrivals,
        {first: PlannedProvider((0.3, 1.3), (phase,))},
        tuple(sorted(crashes, key=lambda each: each.at)),
        tuple(sorted(steps, key=lambda each: each.at)),
        outages,
        tuple(dice.choice((0.0, 0.0, -3600.0, 1800.0, 0.4)) for _ in whom),
        lag,
    )


def _draw_phase(dice: Random, since: float, until: float) -> ProviderPhase:
    word = dice.choice(WORDS)
    after = dice.choice((None, 2.0, 30.0, 290.0, 900.0)) if word == "429" else None
    seconds = dice.choice((0.05, 0.3, 2.0, 8.0))
    return ProviderPhase(since, until, word, dice.choice((1.0, 1.0, 0.7)), seconds, after)


def _draw_arrivals(
    dice: Random, processes: int, began: float, lasts: float
) -> tuple[tuple[float, int], ...]:
    """Calls all the time, and crowds of them when the trouble begins and when a bench may end."""
    found = [lasts * dice.random() for _ in range(dice.choice((60, 150, 300)))]
    for bench in (0.0, _FIRST_BENCH, 3 * _FIRST_BENCH):
        found += [began + bench + 12 * dice.random() for _ in range(dice.choice((20, 60)))]
    return tuple((at, dice.randrange(processes)) for at in sorted(found) if at < lasts)


def _draw_outages(dice: Random, lasts: float) -> tuple[StoreOutage, ...]:
    since = lasts * dice.random()
    return (StoreOutage(since, since + dice.choice((2.0, 30.0, 400.0))),)
