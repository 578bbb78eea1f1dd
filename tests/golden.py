"""The golden record: the path of every call of the acceptance scripts, incidents, simulations.

A test's calls are held against ``golden.json`` beside this file: rows, targets, credentials,
numbers, and how each call ended, without its times and ids. Where a change is meant::

    pytest --golden=A.jsonl tests; pytest --golden=B.jsonl tests
    python -m tests.golden A.jsonl B.jsonl

Tests whose calls differ from run to run have no place in the record.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.ledger import Attempt, Ledger, watch

FILE = Path(__file__).with_name("golden.json")
ROOT = Path(__file__).parents[1]
_RECORD = pytest.StashKey[dict[str, Any]]()
_CALLS = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the record anew."""
    parser.addoption("--golden", type=Path, help="append the calls of each test to this file")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch."""
    config.stash[_RECORD] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    calls: list[str] = []
    config.stash[_CALLS] = calls
    watch(lambda ledger: calls.append(path(ledger)))


def path(ledger: Ledger) -> str:
    """One call in a line: its rows, what was sent, and how it ended."""
    sent = [_sent(each) for each in ledger.attempts]
    closed = ledger[-1]
    end = f"{closed.outcome} {closed.reason or ''} {closed.stopped_by or ''}".strip()
    return f"{' '.join(ledger.rows)} | {', '.join(sent)} | {end}"


def _sent(attempt: Attempt) -> str:
    told = f"{attempt.status or '-'} {attempt.reason or 'ok'}"
    return f"{attempt.number} {attempt.target} {attempt.credential} {told} {attempt.next}"


def name(item: pytest.Item) -> str:
    """The test, wherever its folder stands."""
    return f"{item.path.relative_to(ROOT)}::{item.name}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Hold the calls of a test against the record."""
    calls, record = item.config.stash[_CALLS], item.config.stash[_RECORD]
    calls.clear()
    result = yield
    if item.get_closest_marker("hypothesis") is not None:
        return result  # what it draws changes with its own source
    found = sorted(calls)
    if (file := item.config.getoption("--golden")) is not None:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps([name(item), found]) + "\n")
    elif (expected := record.get(name(item))) is not None:
        assert brief(found) == expected
    return result


KEPT = ("tests/acceptance", "tests/orchestrator/lab/simulation", "tests/orchestrator/ledger")
"""The tests whose calls the record keeps."""

MOST_CALLS = 8
"""Calls of a test that are written out; of more the record keeps how many, and a digest."""


def brief(calls: list[str]) -> list[str]:
    """The calls of a test as the record keeps them."""
    if len(calls) <= MOST_CALLS:
        return calls
    digest = hashlib.sha256("\n".join(calls).encode()).hexdigest()[:16]
    return [f"{len(calls)} calls {digest}"]


def write(*runs: str) -> None:
    """Write the record: the tests whose calls were the same in every run."""
    first, *others = (
        dict(map(json.loads, Path(run).read_text("utf-8").splitlines())) for run in runs
    )
    same = {
        test: brief(calls)
        for test, calls in sorted(first.items())
        if test.startswith(KEPT) and calls and all(run.get(test) == calls for run in others)
    }
    FILE.write_text(json.dumps(same, indent=0, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write(*sys.argv[1:])
