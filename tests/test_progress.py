"""What the terminal says of a run of these tests, by a run of others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SOME = """
import pytest

def test_one():
    assert 1 + 1 == 3, "no\\nmore"

@pytest.mark.parametrize("case", [0, pytest.param(1, marks=pytest.mark.{tier}({why}))])
def test_two(case):
    pass
"""


def run(
    folder: Path, why: str, *arguments: str, tier: str = "slow"
) -> subprocess.CompletedProcess[str]:
    (folder / "test_some.py").write_text(SOME.format(why=why, tier=tier), encoding="utf-8")
    marker = f"markers={tier}(reason)"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-o", marker, "-p", "tests.progress", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "1")], ids=["alone", "workers"])
def test_a_failure_is_named_at_once_and_what_was_left_out_at_the_end(
    workers: tuple[str, ...], tmp_path: Path
) -> None:
    lines = run(tmp_path, '"it takes long"', *workers, "-m", "not slow").stdout.splitlines()

    assert lines[-1] == "LEFT OUT: 1 slow tests; `make test-all` runs them"
    named = lines.index("FAILED test_some.py::test_one: AssertionError: no")
    assert lines[named - 1].endswith("F")  # the dots, which go on below
    assert named < lines.index(next(line for line in lines if "= FAILURES =" in line))


def test_what_no_change_waits_for_is_left_out_aloud(tmp_path: Path) -> None:
    chosen = ("-m", "not slow and not nightly")
    lines = run(tmp_path, '"it takes long"', *chosen, tier="nightly").stdout.splitlines()

    assert lines[-1] == "LEFT OUT: 1 nightly tests; `make test-nightly` runs them"


@pytest.mark.parametrize(
    ("chosen", "passed"),
    [((), 2), (("-m", "slow"), 1), (("-k", "test_one"), 0)],
)
def test_who_runs_all_or_chooses_by_name_is_told_of_nothing(
    chosen: tuple[str, ...], passed: int, tmp_path: Path
) -> None:
    done = run(tmp_path, '"it takes long"', *chosen)

    assert f"{passed} passed" in done.stdout or not passed
    assert "LEFT OUT" not in done.stdout


@pytest.mark.parametrize("tier", ["slow", "nightly"])
def test_a_slow_test_says_why_it_is_one(tier: str, tmp_path: Path) -> None:
    done = run(tmp_path, "", tier=tier)

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"test_some.py::test_two[1]: {tier} without a reason; see tests/slow.py" in done.stderr
