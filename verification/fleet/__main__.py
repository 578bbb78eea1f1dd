"""Hunt for planted faults, or look for broken promises in what ships.

    python -m verification.fleet [--check] [--shipped COUNT [--seed FIRST]] [--replay FAULT]

Without arguments each planted fault is hunted, and the page and ``found.jsonl`` are written: some
minutes. ``--shipped`` takes so many scenarios, with what ships. ``--replay`` runs the smallest
scenario of a fault again. ``--check`` says whether the page is what was found. Exit status: 0 all
is well, 1 a fault is not found, a promise is broken, or the page is another.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterator

from orchestrator.lab.fleet import draw_scenario
from verification.fleet.hunting import breaches, find
from verification.fleet.planted import PLANTED
from verification.fleet.report import PAGE, kept_of, page, read_found, write_found

SEEDS = range(400)


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--shipped", type=int, metavar="COUNT")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", choices=[one.name for one in PLANTED], metavar="FAULT")
    asked = parser.parse_args()
    # All that a fleet has seen is kept to its end: to look through it for garbage is a third of
    # the time, and there is next to none.
    gc.set_threshold(100_000, 50, 100)
    if asked.check:
        return int(PAGE.read_text("utf-8") != page(read_found()))
    if asked.replay is not None:
        return _say(_replay(asked.replay))
    if asked.shipped is not None:
        return _say(_shipped(range(asked.seed, asked.seed + asked.shipped)))
    return _say(_hunt())


def _say(lines: Iterator[str | int]) -> int:
    status = 0
    for line in lines:
        if isinstance(line, int):
            status = line
        else:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return status


def _replay(name: str) -> Iterator[str | int]:
    kept = next(one for one in read_found() if one.name == name)
    fault = next(one for one in PLANTED if one.name == name)
    yield kept.scenario.to_json()
    for handed, said in ((fault, name), (None, "what ships")):
        broken, digest = breaches(kept.scenario, handed, fault.route)
        yield f"{said}: record {digest}"
        yield from (f"  {one}" for one in broken or ("nothing breaks",))


def _shipped(seeds: range) -> Iterator[str | int]:
    for seed in seeds:
        for route in (None, "alone"):
            broken, digest = breaches(draw_scenario(seed), route=route)
            yield from (f"seed {seed}, record {digest}: {one}" for one in broken)
            if broken:
                yield 1
    yield f"{len(seeds)} scenarios, each with a fallback and without"


def _hunt() -> Iterator[str | int]:
    kept = []
    for fault in PLANTED:
        found = find(fault, SEEDS)
        if found is None:
            yield f"NOT FOUND: {fault.name}"
            yield 1
            continue
        kept.append(kept_of(fault.name, fault.after, found))
        yield f"{fault.name}: seed {found.seed}, {found.seconds:.1f} s: {found.broken}"
    write_found(kept)
    PAGE.write_text(page(kept), "utf-8")


sys.exit(main())
