"""How long the search of ``verify`` takes, and how much memory, each setting in a fresh process.

    python benchmarks/verify_speed.py [--limits] [--write]

Prints processor seconds and peak memory for routes of 3 and 5 targets, with every reason, and
what the same route takes where the proof that ships covers it. With ``--limits`` the exit status
is 1 where a search takes more than it may. With ``--write`` the table is put into
``docs/verify.md``, between its marks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import attrs

from orchestrator import states
from orchestrator.lab.verify import Setting, verify
from orchestrator.lab.verify.stopping import peak_memory

PAGE = Path(__file__).parents[1] / "docs" / "verify.md"
BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"


@attrs.frozen
class Size:
    """A route, as the providers of its targets, and the keys of each provider.

    Attributes:
        providers: A letter a target.
        keys: Keys of each provider.
        seconds, memory: What a search may take at most, in processor seconds and megabytes.
    """

    providers: str
    keys: int
    seconds: float
    memory: float = 500.0

    @property
    def name(self) -> str:
        """What a person calls it."""
        owners = len(set(self.providers))
        keys = "key" if self.keys == 1 else "keys"
        return f"{len(self.providers)} targets, {owners} providers, {self.keys} {keys} each"

    def setting(self) -> Setting:
        """The setting, with every reason."""
        route = tuple(
            states.Target(provider, f"model{place + 1}")
            for place, provider in enumerate(self.providers)
        )
        return Setting(route, dict.fromkeys(self.providers, self.keys))


SIZES = (
    Size("abc", 3, 3.0),
    Size("abb", 2, 20.0),
    Size("aba", 4, 20.0),
    Size("abcde", 4, 20.0),
    Size("ababb", 4, 20.0),
)


@attrs.frozen
class Measured:
    """What a search took."""

    seconds: float
    memory: float
    nodes: int
    edges: int
    holds: bool


def measure(place: int) -> Measured:
    """One search, in this process."""
    began = time.process_time()
    found = verify(SIZES[place].setting(), search=True, memory=None)
    seconds = time.process_time() - began
    return Measured(seconds, peak_memory(), found.nodes, found.edges, found.holds)


def in_fresh_process(place: int) -> Measured:
    """One search, in a process of its own, so that its memory is its own."""
    command = [sys.executable, __file__, "--one", str(place)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measured(**json.loads(run.stdout))


def table(found: list[Measured]) -> str:
    """The table of the page."""
    lines = [
        "| route | states | edges | processor time | peak memory |",
        "|---|--:|--:|--:|--:|",
        *(
            f"| {size.name} | {one.nodes:,} | {one.edges:,} | {one.seconds:.1f} s "
            f"| {one.memory:.0f} MB |"
            for size, one in zip(SIZES, found, strict=True)
        ),
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one is not None:
        print(json.dumps(attrs.asdict(measure(asked.one))))
        return 0
    found = [in_fresh_process(place) for place in range(len(SIZES))]
    print(table(found))
    if asked.write:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}", "utf-8")
    late = [
        size.name
        for size, one in zip(SIZES, found, strict=True)
        if one.seconds > size.seconds or one.memory > size.memory
    ]
    for name in late:
        print(f"more than it may take: {name}")
    return int(asked.limits and bool(late))


if __name__ == "__main__":
    sys.exit(main())
