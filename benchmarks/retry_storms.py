"""Storms with and without the budget of retries, simulated: docs/retry-storms.md and its plot.

    python -m benchmarks.retry_storms [--check]

The machine and the board are those that ship, in virtual time, four processes over one board; the
provider is a model. With ``--check`` nothing is written, and the exit status is 1 where the page
says something else, or a figure misses its goal.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random

import attrs

from benchmarks.plots import Panel, panels
from benchmarks.tables import MET, table
from orchestrator.config.loading import loads
from orchestrator.health import HealthBoard, Pool, Store
from orchestrator.lab.fleet import (
    Fleet,
    FleetRecord,
    FleetScenario,
    PlannedProvider,
    ProviderPhase,
)

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PLOT = DOCS / "retry-storms.md", DOCS / "plots" / "retry_storms.svg"

CONFIG = """
health = "memory"
[providers.acme]
base_url = "http://acme.test/v1"
credentials = ["made-up-key-one"]
[routes]
default = ["acme/one"]
"""
"""One target, and the policy's defaults: what fails can only be tried again."""

RATE = 10.0
"""Calls a second that begin in quiet times."""

PROCESSES = 4
BEGINS, LASTS, BURST = 20.0, 60.0, 20.0
"""Seconds after which a storm begins, and for which it lasts."""

WITHOUT, WITH = "without a budget", "with it"

MOST_AMPLIFIED, LONGEST_RECOVERY = 1.1, 10.0


@attrs.frozen
class Storm:
    """A storm.

    Attributes:
        name: In words.
        provider: What the provider is like.
        until: Seconds after which no call begins any more.
        burst: By how much more begins while it lasts.
        shown: What a plot of it shows.
    """

    name: str
    provider: PlannedProvider
    until: float = 120.0
    burst: float = 1.0
    shown: str = ""

    @property
    def during(self) -> tuple[float, float]:
        """From when to when it lasts."""
        return BEGINS, BEGINS + (BURST if self.burst > 1 else LASTS)


def _failing(
    word: str, share: float, since: float = BEGINS, lasts: float = LASTS
) -> PlannedProvider:
    return PlannedProvider(phases=(ProviderPhase(since, since + lasts, word, share),))


OVERLOAD = Storm(
    "five times the calls for 20 s, at a provider that serves 17 a second",
    # It needs 1 s for an answer, 17 at a time; to refuse one costs it a fifth of that.
    PlannedProvider((0.5, 1.5), slots=17, queue=1.0, shed_cost=0.2),
    burst=5.0,
    shown="Five times the calls for 20 s: without a budget, their retries outlive the burst",
)
OUTAGE = Storm(
    "down for 60 s: each request meets a 503",
    _failing("503", 1.0),
    shown="Down for 60 s: the circuit keeps all but probes away, with a budget or without",
)
HALF = Storm(
    "half of all requests meet a 500 for 60 s",
    _failing("500", 0.5),
    shown="Half of all requests fail for 60 s: retries stop once most of them come to nothing",
)
TENTH = Storm("one request in ten meets a 500, all the time", _failing("500", 0.1, 0.0, 120.0))
STORMS = (OVERLOAD, HALF, OUTAGE, TENTH)
PLOTTED = (OVERLOAD, HALF, OUTAGE)


def arrivals(storm: Storm, seed: int) -> tuple[tuple[float, int], ...]:
    """When the calls of ``storm`` begin, and in which process."""
    return tuple(_arriving(storm, Random(seed)))


def _arriving(storm: Storm, dice: Random) -> Iterator[tuple[float, int]]:
    at = 0.0
    while True:
        more = storm.burst if BEGINS <= at < BEGINS + BURST else 1.0
        at += dice.expovariate(RATE * more)
        if at >= storm.until:
            return
        yield at, dice.randrange(PROCESSES)


def unbounded(
    pools: Iterable[Pool], store: Store, clock: Callable[[], float], random: Random
) -> HealthBoard:
    """A board whose retries cost nothing."""
    free = [attrs.evolve(pool, retry_budget=0) for pool in pools]
    return HealthBoard(free, store, clock, random)


@cache
def run(storm: Storm, how: str, seed: int = 1) -> FleetRecord:
    """What is seen of ``storm``, with a budget or without one."""
    scenario = FleetScenario(seed, PROCESSES, arrivals(storm, seed), {"acme": storm.provider})
    make_board = HealthBoard if how == WITH else unbounded
    return Fleet(loads(CONFIG, {}), scenario, make_board=make_board).run()


# What came of it.


EVERY = 5
"""Seconds of which a point of the plot is the mean: a second has too few calls to show a trend."""


def rate(instants: Iterable[float]) -> Mapping[int, float]:
    """How many there are a second, by the first second of each :data:`EVERY`."""
    counted = Counter(EVERY * int(at // EVERY) for at in instants)
    return {second: count / EVERY for second, count in counted.items()}


def requests(record: FleetRecord) -> Mapping[int, float]:
    """Requests a second."""
    return rate(each.at for each in record.requests)


def answers(record: FleetRecord) -> Mapping[int, float]:
    """Calls that were answered, a second."""
    return rate(each.ended for each in record.calls if each.error is None)


def begun(record: FleetRecord) -> Mapping[int, float]:
    """Calls that began, a second."""
    return rate(at for at, _ in record.scenario.arrivals)


def amplification(record: FleetRecord) -> float:
    """Requests for each call."""
    return len(record.requests) / len(record.scenario.arrivals)


def lost(record: FleetRecord) -> frozenset[int]:
    """The calls that failed."""
    return frozenset(each.call for each in record.calls if each.error is not None)


def recovery(record: FleetRecord, ended: float) -> float:
    """Seconds from the end of a storm until no call that begins is lost any more."""
    failed = [each.began for each in record.calls if each.error is not None and each.began > ended]
    return max(failed, default=ended) - ended


def failing_for_good(word: str, calls: int) -> float:
    """Requests for each of so many calls, all of whose requests fail."""
    storm = Storm("", _failing(word, 1.0, 0.0, 1e9), until=calls / RATE)
    return amplification(run(storm, WITH))


# The page.

_HEAD = """\
# Retry storms

<!-- Written by `python -m benchmarks.retry_storms`; do not edit. -->

When a provider sheds load, each call that it refused comes again two or three times, and those
retries keep it down after what overloaded it is over. So retries are paid for from a bucket that
answers fill: while nearly all is well each failed call is tried again as before, and when much
fails retries stop, so that the provider has only as much to do as there are calls. Fallbacks,
other keys and waits are not paid for: a call with somewhere else to go goes there.

![Requests and answers a second, with and without a budget of retries](plots/retry_storms.svg)

The figures are simulated: the machine and the board that ship, in virtual time, {processes}
processes over one board, {rate:.0f} calls a second, one target, the default policy. The provider
is a model (`benchmarks/retry_storms.py` says what it does). The same seed draws the same calls
with and without the budget. A storm lasts as long as its plot is shaded; where the lines are one,
the budget changes nothing.
"""

_TAIL = """
The last of the promises is held against the slower of two draws; the table above shows one.

What it costs: where half of all requests fail, and a call has nowhere else to go, a third try would
have saved some that are lost. That is the price of a provider that comes back.

Two of the four storms look alike with and without it, and should. In an outage the circuit keeps
all but probes away, which is also why so few requests are sent where all fail. Where one request in
ten fails the bucket stays full enough for each retry. A throttle costs 5 tokens where a failure
costs 14, so it takes 1,000 calls until its retries are a tenth.

What the budget does not do: calls that wait with nowhere else to go wait for one instant. At the
end of a cooldown each draws how much later it comes back, up to half of its wait and 15 s at the
most. At the end of a circuit one probes, and the others look again 5 to 10 s later, each when it
likes, for a probe that succeeds wakes nobody. (To spread those too was tried: it took the overload
9 to 13 s to recover, since who waits longer is in the way of who comes new.)

"Recovered" is when no call that begins is lost any more, counted from the end of the storm.
"""


def page() -> str:
    """The page."""
    lines = [_HEAD.format(processes=PROCESSES, rate=RATE)]
    lines += table(
        (
            "storm",
            "",
            "calls",
            "requests",
            "for each call",
            "lost",
            "most a second, over 5 s",
            "recovered after",
        ),
        [row for storm in STORMS for row in _rows(storm)],
    )
    lines += table(
        ("promise", "goal", "simulated", "met"),
        [(what, goal, found, MET[met]) for what, goal, found, met in goals()],
    )
    return "\n".join(lines).rstrip() + "\n" + _TAIL


def _rows(storm: Storm) -> Iterator[tuple[str, ...]]:
    for how in (WITHOUT, WITH):
        record = run(storm, how)
        ended = storm.during[1]
        took, watched = recovery(record, ended), storm.until - ended
        recovered = f"{took:.1f} s" if took < 0.99 * watched else f"not in {watched:.0f} s"
        yield (
            *(storm.name if how == WITHOUT else "", how),
            *(f"{len(record.scenario.arrivals):,}", f"{len(record.requests):,}"),
            *(f"{amplification(record):.2f}", f"{len(lost(record)):,}"),
            *(f"{max(requests(record).values()):,.0f}", "-" if storm is TENTH else recovered),
        )


def goals() -> Iterator[tuple[str, str, str, bool]]:
    """What is promised, and what came of it."""
    for word, calls, said in (("500", 500, "all fail"), ("429", 1000, "all are throttled")):
        found = failing_for_good(word, calls)
        what = f"requests for each call where {said}, from {calls:,} calls on"
        yield what, "≤ 1.1", f"{found:.2f}", found <= MOST_AMPLIFIED
    seeds = (1, 2)
    more = [lost(run(TENTH, WITH, seed)) - lost(run(TENTH, WITHOUT, seed)) for seed in seeds]
    what = "calls lost where one in ten fails that are saved without it"
    yield what, "0", str(sum(map(len, more))), not any(more)
    took = max(recovery(run(OVERLOAD, WITH, seed), BEGINS + BURST) for seed in seeds)
    what = "seconds until it has recovered from five times the calls"
    yield what, f"≤ {LONGEST_RECOVERY:g}", f"{took:.1f}", took <= LONGEST_RECOVERY


def plot() -> str:
    """The plot: a row for each storm, requests on the left and answers on the right."""
    grid = []
    for storm in PLOTTED:
        records = {how: run(storm, how) for how in (WITHOUT, WITH)}
        calls = begun(records[WITH])
        for what, measured in (
            ("requests a second", requests),
            ("answers a second", answers),
        ):
            lines = {how: measured(record) for how, record in records.items()}
            series = {"calls that begin": calls, **lines}
            grid.append(Panel(what, series, storm.during, EVERY))
    return panels("Retries with and without a budget", [one.shown for one in PLOTTED], grid)


def main() -> int:
    """Write or check the page and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    texts = {PAGE: page(), PLOT: plot()}
    missed = [what for what, _, _, met in goals() if not met]
    for what in missed:
        print(f"not met: {what}")
    if parser.parse_args().check:
        wrong = [path.name for path, text in texts.items() if path.read_text("utf-8") != text]
        print(*wrong, sep="\n")
        return int(bool(missed or wrong))
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
