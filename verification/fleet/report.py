"""What the hunt found, kept beside this file, and the page that tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import attrs
import msgspec

from orchestrator.lab.fleet import FleetScenario
from orchestrator.lab.fleet.promises import PROMISES
from verification.board.planted import PLANTED as BOARD_FAULTS
from verification.board.search import SearchResult
from verification.fleet.hunting import FoundFault

FOUND = Path(__file__).with_name("found.jsonl")
SEARCHED = Path(__file__).parents[1] / "board" / "searched.jsonl"
PAGE = Path(__file__).parents[2] / "docs" / "fleet-simulation.md"

_HEAD = """\
# A fleet, in virtual time

<!-- Written by `python -m verification.fleet` from what it found; do not edit. -->

What one call does, [`verify`](verify.md) searches. What thousands of calls in many processes do to
one provider and one [health board](health.md) is simulated: the machine, the flow, the
classification and the board are those that ship, one after the other in one thread, in virtual
time.

Providers and the clocks of hosts are models, and so is the way to the shared store; each
process's copy of it, how changes are merged and whose time counts are the code of the Redis store.
An hour takes less than a second, and 100,000 calls take about half a minute of one core.

A scenario is drawn from a seed: processes and calls, a provider that loses its money, throttles,
breaks or is slow, processes that die between a take and a report, hosts whose clocks are an hour
apart or are set while they run, a store that goes away and returns. Then it is checked, by what the
providers saw and what the store held, and never by what the machine says of itself:

{promises}

Whether that would notice anything is a question of its own. So faults are planted: each is a store
or a board of another kind, handed in where the one that ships would stand, and modelled on what was
reported of others. Each must be found, and is then reduced: fewer events, fewer calls, fewer
processes, as long as the same promise breaks.

| fault | after | seed | found in | processes | calls | what breaks, in the smallest scenario |
|---|---|--:|--:|--:|--:|---|
{rows}

`verification/fleet/found.jsonl` holds the smallest scenarios; each goes the same way, bit for bit,
wherever it runs.

<!-- not run: twenty scenarios take some seconds, and tests replay each fault -->
```console
$ python -m verification.fleet --shipped 20   # twenty scenarios with what ships: nothing breaks
$ python -m verification.fleet --replay "all callers probe what is due"
```

## Every interleaving

A drawn scenario shows what is likely. `verification.board` searches what is possible: two
processes over one store with a call each, two targets with two keys each, and every order of what
may happen: a call begins, is answered, goes away, meets a 402, a 429 (20 s), a 503 or no
connection; a process dies with its call under way; a clock is set an hour forward or back; the
store goes away and returns; time passes to the next instant at which anything is due. Each move is
made by the board that ships, and after it each process's marks are held against a model: a
dictionary of facts, written from the contract. States that differ in nothing that follows are one,
and the search is breadth first, so that what it finds is shortest.

| moves deep | states | moves | CPU |
|---|--:|--:|--:|
{searched}

It begins at five boards, and counts moves from there: nothing is marked; a bench is due; two of
the three failures that open a circuit have been; a circuit is due; nothing stands by. {faults}
faults are planted in it too (`--faults`): each is named with its shortest way, as

```text
one probe a due date: acme k1 is taken while call 2 probes
  1. process 0 begins a call
  2. process 0 is told 402
  3. 300 s pass
  4. process 0 begins a call
  5. process 1 begins a call
```

Not searched: more than one call a process, other waits, revoked keys, balances, budgets of
retries, early news, a process that starts while the store is away, and news on its way (a process
hears of a mark at once). The same model stands beside three processes of three calls and two
configs in [a Hypothesis state machine](../tests/verification/board/test_world.py), over a file and
over a server that may lose everything, with retries and their budget: in any order, but not in
every.

<!-- not run: half a minute -->
```console
$ python -m verification.board --depth 6   # what holds, and how many states were seen
```

## What is left out

What the models leave out: a request takes no time to reach its provider or the store, so two
calls never race within one step of the board; that steps of real stores are atomic is a matter of
[their own tests](../tests/orchestrator/health). What a process does alone while the store is away
is judged by what it was told itself, and not by what others know. A process that starts while the
store is away goes by its host's clock until it finds the store, and dates anew then what it has
marked: where that clock is set meanwhile, its marks of that time are not judged.
"""


@attrs.frozen
class KeptFault:
    """A line of :data:`FOUND`: a fault, and the smallest scenario that shows it.

    Attributes:
        name, after: Of the fault.
        seed: Of the scenario that showed it first.
        seconds: How long the search for that took.
        promise, seen: What broke in the smallest.
        digest: Of the record of that.
        scenario: The smallest.
    """

    name: str
    after: str
    seed: int
    seconds: float
    promise: str
    seen: str
    digest: str
    scenario: FleetScenario


def kept_of(name: str, after: str, found: FoundFault) -> KeptFault:
    """The line of a fault that was found."""
    broken = found.broken
    return KeptFault(
        *(name, after, found.seed, round(found.seconds, 1), broken.promise, broken.detail),
        digest=found.digest,
        scenario=found.scenario,
    )


def read_found() -> tuple[KeptFault, ...]:
    """All that was found."""
    lines = FOUND.read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=KeptFault) for line in lines)


def write_found(found: Iterable[KeptFault]) -> None:
    """Keep it."""
    FOUND.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in found))


def page(found: Sequence[KeptFault]) -> str:
    """The page."""
    told = (f"- {name}: {_promise(check.__doc__)}" for name, check in PROMISES.items())
    return _HEAD.format(
        promises="\n".join(told),
        rows="\n".join(_rows(found)),
        searched="\n".join(_searched()),
        faults=len(BOARD_FAULTS),
    )


def _searched() -> Iterator[str]:
    """What `python -m verification.board --write` found, depth by depth."""
    for line in SEARCHED.read_bytes().splitlines():
        one = msgspec.json.decode(line, type=SearchResult)
        seconds = max(1, round(one.seconds))
        yield f"| {one.depth} | {one.states:,} | {one.steps:,} | {seconds} s |"


def _promise(text: str | None) -> str:
    said = " ".join((text or "").split())
    return said[:1].lower() + said[1:]


def _rows(found: Iterable[KeptFault]) -> Iterator[str]:
    for one in found:
        scenario = one.scenario
        cells = (
            *(one.name, one.after, str(one.seed), f"{one.seconds:.1f} s"),
            *(str(scenario.processes), str(len(scenario.arrivals)), one.promise),
        )
        yield f"| {' | '.join(cells)} |"
