"""Search the health board, and hunt for faults that are planted in it.

    python -m verification.board [--depth N] [--processes N] [--seconds S] [--write] [--faults]

Two processes over one store, a call each, two targets with two keys each: every interleaving of
what may happen, N moves from each start. ``--faults`` searches each planted fault instead, and
tells the shortest way to it. ``--write`` keeps the figures for docs/fleet-simulation.md. Exit
status: 0 nothing breaks (with ``--faults``: each is found), 1 otherwise, 3 the time was over
first.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from verification.board.planted import PLANTED
from verification.board.search import STARTS, Search, SearchResult, told
from verification.board.world import World

FIGURES = Path(__file__).with_name("searched.jsonl")

CHECKED = (
    "at most one probe a due date, over all processes that can reach the store",
    "no mark is lost: what was reported stands until it ends or an answer denies it",
    "nothing is marked that nobody reported, and nothing for longer than it says",
    "claims expire, and are given back by nobody but their call",
    "nothing is sent past a mark but its probe, and what can be had first is taken",
    "a bench doubles when its probe fails, and not by an early one",
    "no clock of a host moves a mark",
)


def main(words: Sequence[str] | None = None) -> int:
    """Run what is asked for.

    Args:
        words: The arguments; by default those of the process.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--depth", type=int, default=6, metavar="N")
    parser.add_argument("--processes", type=int, default=2, metavar="N")
    parser.add_argument("--seconds", type=float, metavar="S")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--faults", action="store_true")
    asked = parser.parse_args(words)
    if asked.depth < 1:
        parser.error(f"--depth is {asked.depth}; allowed: 1 and more")
    if asked.processes < 1:
        parser.error(f"--processes is {asked.processes}; allowed: 1 and more")
    if asked.faults:
        return _hunt(asked.depth)
    _say("Checked after every move:")
    for line in CHECKED:
        _say(f"  - {line}")
    _say(f"{len(STARTS)} starts, {asked.processes} processes, 2 targets, 2 keys each")
    figures: list[bytes] = []

    def note(found: SearchResult) -> None:
        figures.append(msgspec.json.encode(found))
        _progress(found)

    result = Search(partial(World, asked.processes)).run(asked.depth, asked.seconds, note)
    if asked.write:
        FIGURES.write_bytes(b"".join(line + b"\n" for line in figures))
    if result.breach is not None:
        _say(f"BROKEN: {result.breach.what}")
        _show(result)
        return 1
    _say(f"holds to depth {result.depth}: {result.states:,} states, {result.seconds:.0f} s")
    return 0 if result.depth == asked.depth or not result.frontier else 3


def _hunt(depth: int) -> int:
    status = 0
    for fault in PLANTED:
        result = Search(fault.world).run(depth)
        if result.breach is None:
            _say(f"NOT FOUND: {fault.name}")
            status = 1
            continue
        _say(f"{fault.name}: {result.breach.what}")
        _show(result)
    return status


def _show(result: SearchResult) -> None:
    if result.breach is not None:
        for number, line in enumerate(told(result.breach.moves), start=1):
            _say(f"  {number}. {line}")


def _progress(result: SearchResult) -> None:
    _say(
        f"depth {result.depth}: {result.states:,} states, {result.steps:,} moves, "
        f"{result.frontier:,} to go on from, {result.seconds:.1f} s"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
