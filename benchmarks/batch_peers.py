"""`orchestrator batch` beside async-batch-llm: the same lines, the same misbehaving providers.

    python -m benchmarks.batch_peers [--lines N] [--kills N] [--write]

Each contender runs twice: once undisturbed, for its speed from the first request to the last, and
once killed (SIGKILL) so often and begun again. Both providers misbehave; the peer, which asks one
provider, asks the first. With ``--write`` the table goes into docs/batch.md.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import attrs

from benchmarks.batches.kills import ROOT, begin, prepare, read, stored
from benchmarks.batches.peer import CHECKPOINT, RESULTS
from benchmarks.batches.providers import Misbehaviour, Providers

BY_HAND = 24
"""Lines at once, chosen by who knows that a provider takes 24."""

PAGE = ROOT / "docs" / "batch.md"
BEGIN, END = "<!-- batch_peers: begin -->", "<!-- batch_peers: end -->"
KIND = Misbehaviour()


@attrs.frozen
class Contender:
    """Who runs the batch.

    Attributes:
        name: For the table.
        start: Begins it in a folder, or goes on.
        over: Lines that are over, by what it has stored so far.
        ended: ``custom_id`` of lines that were answered, and what the others failed for.
        listed: Lines that it says may have been asked twice.
    """

    name: str
    start: Callable[[Path, Providers], subprocess.Popen[bytes]]
    over: Callable[[Path], int]
    ended: Callable[[Path], tuple[set[str], dict[str, str]]]
    listed: Callable[[Path], set[str]]


def ours(concurrency: str) -> Contender:
    """`orchestrator batch` with so many lines at once."""
    return Contender(
        f"`orchestrator batch --concurrency {concurrency}`",
        lambda folder, _: begin(folder, "--concurrency", concurrency),
        lambda folder: len(stored(folder)),
        _our_end,
        lambda folder: {one["custom_id"] for one in read(folder / "out.jsonl.interrupted.jsonl")},
    )


def _our_end(folder: Path) -> tuple[set[str], dict[str, str]]:
    failures = read(folder / "out.jsonl.failures.jsonl")
    answered = {str(one["custom_id"]) for one in read(folder / "out.jsonl")}
    return answered, {str(one["custom_id"]): json.dumps(one["error"]) for one in failures}


def peer() -> Contender:
    """async-batch-llm with as many as a person would choose."""
    return Contender(
        f"async-batch-llm, concurrency={BY_HAND}",
        _start_peer,
        lambda folder: len(read(folder / CHECKPOINT)) if (folder / CHECKPOINT).exists() else 0,
        _peer_end,
        lambda _: set(),
    )


def _start_peer(folder: Path, providers: Providers) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.batches.peer", providers.url("alpha")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (folder / "peer.log").open("ab") as log:
        return subprocess.Popen(
            [*command, str(BY_HAND)], cwd=folder, env=environ, stdout=log, stderr=log
        )


def _peer_end(folder: Path) -> tuple[set[str], dict[str, str]]:
    path = folder / RESULTS
    found = json.loads(path.read_text()) if path.exists() else []
    answered = {str(one["id"]) for one in found if one["ok"]}
    return answered, {str(one["id"]): str(one["error"]) for one in found if not one["ok"]}


@attrs.frozen
class Row:
    """What was found of one contender; counts are of lines, of the run that was killed."""

    name: str
    rate: float
    answered: int
    failed: int
    lost: int
    again: int
    twice: int
    untold: int
    real_cause: int
    hopeless: int


def measure(one: Contender, lines: int, kills: int) -> Row:
    """Run it undisturbed, and killed."""
    with tempfile.TemporaryDirectory() as name, Providers(KIND) as providers:
        folder = Path(name)
        prepare(folder, providers, lines)
        rate = _undisturbed(one, folder, providers, lines)
    with tempfile.TemporaryDirectory() as name, Providers(KIND) as providers:
        folder = Path(name)
        prepare(folder, providers, lines)
        again = _killed(one, folder, providers, lines, kills)
        answered, failed = one.ended(folder)
        listed = one.listed(folder)
        twice = {f"id-{line}" for line, count in providers.answered.items() if count > 1}
    hopeless = {f"id-{line}" for line in range(1, lines + 1) if KIND.is_hopeless(line)}
    real = [one for one in hopeless & failed.keys() if "makes no sense" in failed[one]]
    return Row(
        one.name,
        rate,
        len(answered),
        len(failed),
        lines - len(answered | failed.keys()),
        again,
        len(twice),
        len(twice - listed),
        len(real),
        len(hopeless),
    )


def _undisturbed(one: Contender, folder: Path, providers: Providers, lines: int) -> float:
    process = one.start(folder, providers)
    while process.poll() is None and not providers.asked:
        time.sleep(0.01)
    began, over = time.monotonic(), time.monotonic()
    while process.poll() is None:
        before = sum(providers.asked.values())
        time.sleep(0.05)
        if sum(providers.asked.values()) > before:
            over = time.monotonic()
    return round(lines / max(0.1, over - began), 1)


def _killed(one: Contender, folder: Path, providers: Providers, lines: int, kills: int) -> int:
    """Run it, killed so often; how many requests were for lines that were over before a kill."""
    over_at: dict[str, int] = {}
    for number in range(1, kills + 1):
        process = one.start(folder, providers)
        goal = lines * number / (kills + 1)
        while process.poll() is None and one.over(folder) < goal:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.5)
        for line in _over_lines(folder):
            over_at.setdefault(line, providers.asked[int(line.removeprefix("id-"))])
    one.start(folder, providers).wait(1_800)
    return sum(
        providers.asked[int(line.removeprefix("id-"))] - count for line, count in over_at.items()
    )


def _over_lines(folder: Path) -> set[str]:
    """The lines whose outcome is stored; of the peer's those that were answered.

    The others it asks again by its own rule.
    """
    found = {f"id-{line}" for line in stored(folder)}
    path = folder / CHECKPOINT
    if path.exists():
        for raw in path.read_text().splitlines():
            try:
                record = json.loads(raw)
            except json.JSONDecodeError:
                continue
            if record.get("success"):
                found.add(str(record.get("item_id")))
    return {one for one in found if one.startswith("id-")}


def table(rows: list[Row], lines: int, kills: int) -> str:
    """The page's table."""
    head = (
        f"{lines:,} lines; killed {kills} times; a provider takes {KIND.capacity} requests at "
        f"once, {KIND.faults:.0%} of the others fail, {rows[0].hopeless} lines are refused by "
        "everybody.\n\n"
        "| | lines/s | answered | failed | of these by their real cause | in no file "
        "| asked again though stored | answered twice | of these not told |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
    )
    body = "".join(
        f"| {row.name} | {row.rate:g} | {row.answered} | {row.failed} | {row.real_cause} "
        f"| {row.lost} | {row.again} | {row.twice} | {row.untold} |\n"
        for row in rows
    )
    return head + body


def main() -> None:
    """Run all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=600)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    contenders = (ours("auto"), ours(str(BY_HAND)), peer())
    rows = [measure(one, given.lines, given.kills) for one in contenders]
    told = table(rows, given.lines, given.kills)
    print(told)
    if given.write:
        text = PAGE.read_text()
        before, _, rest = text.partition(BEGIN)
        _, _, behind = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{told}{END}{behind}")


if __name__ == "__main__":
    main()
