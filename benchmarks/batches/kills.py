"""A batch that is killed again and again, and what must be true of it in the end."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs

from benchmarks.batches.providers import Misbehaviour, Providers, config, input_line

ROOT = Path(__file__).parents[2]


@attrs.define
class Findings:
    """What was found.

    Attributes:
        lines: Of the batch.
        kills: How often it was killed.
        answered, failed: Lines in the two files.
        listed: Lines that the batch says may have been asked twice.
        answered_twice: Lines that got two whole answers.
        most_in_flight: Of all kills, the most lines that were listed for one.
        seconds: Of the whole, starts and kills included.
        wrong: What does not hold; empty where all does.
    """

    lines: int
    kills: int = 0
    answered: int = 0
    failed: int = 0
    listed: int = 0
    answered_twice: int = 0
    most_in_flight: int = 0
    seconds: float = 0.0
    wrong: list[str] = attrs.field(factory=list)


def prepare(folder: Path, providers: Providers, lines: int) -> None:
    """Write the config and the input."""
    (folder / "orchestrator.toml").write_text(config(providers))
    with (folder / "in.jsonl").open("w") as file:
        file.writelines(input_line(number) + "\n" for number in range(1, lines + 1))


def start(folder: Path, *options: str, home: str = "home") -> subprocess.Popen[bytes]:
    """Begin, or go on."""
    (folder / home).mkdir(exist_ok=True)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
        "HOME": str(folder / home),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "orchestrator", "batch", *options]
    with (folder / f"{home}.log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log)


def begin(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """Begin the batch, or go on with it."""
    return start(folder, "in.jsonl", "-o", "out.jsonl", "-c", "orchestrator.toml", *options)


def stored(folder: Path) -> set[int]:
    """The lines whose outcome is in the database of SQLite."""
    path = folder / "out.jsonl.state.sqlite"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        try:
            return {row[0] for row in connection.execute("SELECT line FROM outcomes")}
        except sqlite3.OperationalError:  # killed before it had made a table
            return set()


def run_and_kill(
    folder: Path,
    providers: Providers,
    lines: int,
    kills: int,
    seed: int,
    concurrency: str = "auto",
) -> Findings:
    """Run a batch, killed so often at random; needs the providers to be those of the config."""
    dice, found, began = random.Random(seed), Findings(lines), time.monotonic()
    options = ("--concurrency", concurrency)
    while found.kills < kills:
        before = len(stored(folder))
        process = begin(folder, *options)
        # Between two kills a share of what is left is done, so that the last comes before the end.
        share = (lines - before) / (kills - found.kills + 1)
        goal = before + dice.uniform(0, 2 * share)
        _wait_for(folder, process, goal)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        found.kills += 1
        _note_kill(folder, providers, found)
    process = begin(folder, *options)
    status = process.wait(3_600)
    found.seconds = round(time.monotonic() - began, 1)
    _judge(folder, providers, found, status)
    return found


_known: dict[Path, dict[int, int]] = {}


def _wait_for(folder: Path, process: subprocess.Popen[bytes], goal: float) -> None:
    while process.poll() is None and len(stored(folder)) < goal:
        time.sleep(0.05)


def _note_kill(folder: Path, providers: Providers, found: Findings) -> None:
    """Remember how often each line was asked whose outcome is stored: never again."""
    time.sleep(0.3)  # what was on its way when it was killed has arrived
    known = _known.setdefault(folder, {})
    for line in stored(folder):
        asked = providers.asked[line]
        if known.setdefault(line, asked) != asked:
            found.wrong.append(f"line {line} was stored and asked again")


def read(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of lines."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def _judge(folder: Path, providers: Providers, found: Findings, status: int) -> None:
    answers, failures = read(folder / "out.jsonl"), read(folder / "out.jsonl.failures.jsonl")
    listed = read(folder / "out.jsonl.interrupted.jsonl")
    found.answered, found.failed = len(answers), len(failures)
    found.listed = len({one["custom_id"] for one in listed})
    by_worker = Counter(one["worker"] for one in listed)
    found.most_in_flight = max(by_worker.values(), default=0)
    _note_kill(folder, providers, found)
    _known.pop(folder, None)
    _judge_lines(found, answers, failures, status)
    _judge_causes(found, failures)
    _judge_twice(found, providers, Counter(one["custom_id"] for one in listed))


def _judge_lines(
    found: Findings, answers: list[dict[str, Any]], failures: list[dict[str, Any]], status: int
) -> None:
    ids = Counter(one["custom_id"] for one in (*answers, *failures))
    missing = found.lines - len(ids)
    if missing:
        found.wrong.append(f"{missing} lines are in no file")
    if twice := [one for one, count in ids.items() if count > 1]:
        found.wrong.append(f"{len(twice)} lines stand twice: {twice[:3]}")
    for one in answers:
        said = one["response"]["body"]["choices"][0]["message"]["content"]
        if said != f"answer {one['custom_id'].removeprefix('id-')}":
            found.wrong.append(f"{one['custom_id']} has the answer of another: {said}")
    if status != (1 if failures else 0):
        found.wrong.append(f"the exit status is {status}")


def _judge_causes(found: Findings, failures: list[dict[str, Any]]) -> None:
    how = Misbehaviour()
    for one in failures:
        number = int(one["custom_id"].removeprefix("id-"))
        met = {each["reason"] for each in one["error"].get("attempts", ())}
        # Where the first target was not to be had just then, its reason leads, and the refusal of
        # the fallback stands beside it: the cause of a failed call, as everywhere. A line that
        # somebody would take can meet a fault in each of its attempts, and says which.
        real = {"bad_request"} if how.is_hopeless(number) else {one["error"]["code"]}
        if not real <= met:
            found.wrong.append(f"{one['custom_id']} has another cause: {one['error']}")


def _judge_twice(found: Findings, providers: Providers, listed: Counter[str]) -> None:
    for line, count in providers.answered.items():
        if count > 1:
            found.answered_twice += 1
            if count > 1 + listed[f"id-{line}"]:
                found.wrong.append(f"line {line} was answered {count} times, and not listed so")
