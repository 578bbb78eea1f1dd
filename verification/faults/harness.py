"""Plant each fault in a folder and a process of its own, and hear who names it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs

from verification.faults.fault import VERIFY, PlantedCallFault, plant

ROOT = Path(__file__).parents[2]
LONGEST = 300.0
"""Seconds for one fault; most take two."""


@attrs.frozen
class Named:
    """What became of a fault.

    Attributes:
        fault: The fault.
        broken: The property that ``verify`` names it by; empty where it does not.
        what: What happens.
        sequence: The shortest sequence to it.
        seconds: CPU that it took.
        crash: The last line of what went wrong, where the search itself did not end.
    """

    fault: PlantedCallFault
    broken: str = ""
    what: str = ""
    sequence: tuple[str, ...] = ()
    seconds: float = 0.0
    crash: str = ""

    @property
    def fine(self) -> bool:
        """Whether whoever is to name the fault does, as far as this run can tell."""
        if self.crash:
            return False
        return bool(self.broken) == (self.fault.by == VERIFY)


def lay_out(place: Path) -> None:
    """A checkout in ``place`` whose ``states`` are a copy, and all else links to the real one."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "states", place / "states", ignore=ignored)
    (place / "orchestrator").mkdir()
    for one in sorted((ROOT / "orchestrator").iterdir()):
        if one.name not in ("states", "__pycache__"):
            (place / "orchestrator" / one.name).symlink_to(one)
    (place / "orchestrator" / "states").symlink_to("../states")
    (place / "verification").symlink_to(ROOT / "verification")


def ask(fault: PlantedCallFault) -> Named:
    """What ``verify`` says of a fault; of one that is planted elsewhere, nothing.

    Raises:
        ValueError: The fault is no longer to be planted.
    """
    if not fault.edits:
        return Named(fault)
    with TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        lay_out(place)
        plant(fault, place / "states")
        environment = {**os.environ, "PYTHONPATH": str(place)}
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "verification.faults.examining"],
                cwd=place, env=environment, capture_output=True, text=True, timeout=LONGEST,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Named(fault, crash=f"no end within {LONGEST:g} s")
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return Named(fault, crash=last)
    found = json.loads(ran.stdout)
    return Named(
        fault, found.get("property", ""), found.get("what", ""),
        tuple(found.get("sequence", ())), found["seconds"],
    )  # fmt: skip


def ask_all(faults: Sequence[PlantedCallFault], jobs: int) -> Iterator[Named]:
    """What ``verify`` says of each fault, in order; so many processes at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(ask, faults)
