"""Plant each mistake of mutations.py in states/, one at a time, and run tests/states.

    python -m verification.mutants [--only FILE] [--jobs N] [--quick] [--report FILE]

A mistake that no test notices survives. Survivors are listed with their reason in
tests/states/survivors.toml; the exit status is 1 where one is missing there, or where a
listed one no longer survives or no longer exists. ``--only guards.py`` looks at one file;
``--quick`` leaves out the tests that draw, which a survivor of the others has to pass too.

Nothing in the checkout is changed: each mutant lives in a folder and a process of its own.
The tests that count rows or compare lists of names are left out, so that a row is held by
a test of what it does.
"""

from __future__ import annotations

import compileall
import contextlib
import io
import os
import shutil
import sys
import time
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import cache_from_source
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import pytest

from verification.mutants.mutations import Mutant, mutants

ROOT = Path(__file__).parents[2]
SURVIVORS = ROOT / "tests" / "states" / "survivors.toml"
NEEDED = ("pyproject.toml", "states", "tests/states", "tests/states_strategies.py")

CONFTEST = """
from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=30,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mutants")
"""
"""In the place of tests/conftest.py, which brings the rest of the project along: few examples,
the same every time, and none made shorter, since all that counts is whether one fails."""


COUNTS = (
    "test_table.py::test_each_row_has_a_way_and_each_way_a_row",
    "test_table.py::test_row_names_are_unique",
    "test_table.py::test_each_two_neighbours_with_guards_have_a_way_where_both_hold",
)
"""Tests that hold lists against each other: they would notice a row without knowing it."""

ARGUMENTS = (
    "-x",
    "-q",
    "--timeout=20",  # seconds for one test; the slowest takes 3 on a busy machine
    "-pno:cacheprovider",
    "-ppytest_timeout",
    "-p_hypothesis_pytestplugin",
    "--assert=plain",  # rewritten asserts take longer to import, and nobody reads them
    *(f"--deselect=tests/states/{name}" for name in COUNTS),
)

SLOW = ("test_invariants.py", "test_machine.py", "test_table_changed.py")
"""The last ones to ask; each takes longer than the others together."""

WARM = ("verification.mutants.mutations", "attrs", "hypothesis.strategies", "pytest", "transitions")
"""Imported once, before the processes are forked; nothing of states/ or tests/ is among it."""


@attrs.frozen
class Verdict:
    """What became of a mutant: the test that noticed it, or ``None`` where it survived."""

    name: str
    noticed_by: str | None
    seconds: float


class Witness:
    """Hears from pytest which test failed, and makes sure that the mutant was under test."""

    # ruff: noqa: D102 - pytest's documentation says what it calls, and when.

    def __init__(self, place: str) -> None:
        self.place = place
        self.failed: str | None = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or f"importing {report.nodeid}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid.removeprefix("tests/states/")

    def pytest_sessionfinish(self) -> None:
        loaded = str(getattr(sys.modules.get("orchestrator.states"), "__file__", None))
        if not os.path.realpath(loaded).startswith(self.place) and self.failed is None:
            raise RuntimeError(f"the states under test are {loaded}, not those of {self.place}")


def examine(mutant: Mutant, template: str, *, quick: bool) -> Verdict:
    """Run the tests on ``mutant``, in a folder of its own; needs a fresh process."""
    began = time.process_time()
    with TemporaryDirectory() as folder:
        place = os.path.realpath(Path(folder) / "copy")
        shutil.copytree(template, place, symlinks=True)
        changed = Path(place, "states", mutant.file)
        changed.write_text(mutant.code)
        Path(cache_from_source(str(changed))).unlink()
        os.chdir(place)
        stages = _stages()[:2] if quick else _stages()
        noticed_by = next(filter(None, (_first_failure(place, tests) for tests in stages)), None)
        os.chdir(template)
    return Verdict(mutant.name, noticed_by, time.process_time() - began)


def _first_failure(place: str, tests: Sequence[str]) -> str | None:
    witness = Witness(place)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        status = pytest.main([*ARGUMENTS, *tests], plugins=[witness])
    if status == pytest.ExitCode.OK:
        return None
    return witness.failed or f"pytest, which ended with {status!r}"


def _stages() -> tuple[list[str], ...]:
    """What to ask, the quickest first: the files that draw nothing notice nearly everything."""
    files = sorted(Path("tests/states").glob("test_*.py"), key=lambda file: file.name in SLOW)
    drawing = [str(file) for file in files if "@given" in file.read_text()]
    plain = [str(file) for file in files if str(file) not in drawing]
    return plain, ["-mnot hypothesis", *drawing], ["-mhypothesis", *drawing]


def prepare(template: Path) -> None:
    """What a mutant's folder is a copy of; all is compiled once, the mutant's file again."""
    for name in NEEDED:
        source, copy = ROOT / name, template / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy)
    (template / "tests" / "conftest.py").write_text(CONFTEST)
    # The machine by its own name, without the rest of the package.
    (template / "orchestrator").mkdir()
    (template / "orchestrator" / "__init__.py").touch()
    (template / "orchestrator" / "states").symlink_to("../states")
    compileall.compile_dir(template, quiet=1)


def main() -> int:
    """Make the mutants, run them, and hold the survivors against the list."""
    parser = ArgumentParser(description="Plant mistakes in states/ and run its tests on each.")
    parser.add_argument("--only", default="", help="one file of states/")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--quick", action="store_true", help="without the tests that draw")
    parser.add_argument("--report", type=Path, help="where to write who noticed which mutant")
    options = parser.parse_args()
    began = time.monotonic()
    files = sorted((ROOT / "states").glob(options.only or "*.py"))
    made = [mutant for file in files for mutant in mutants(file.name, file.read_text())]
    listed = {name: why for name, why in _listed() if name.startswith(options.only)}
    with TemporaryDirectory() as folder:
        template = Path(folder).resolve()
        prepare(template)
        examiner = partial(examine, template=str(template), quick=options.quick)
        verdicts = list(_run(examiner, made, options.jobs))
    if options.report is not None:
        options.report.write_text("".join(map(_reported, verdicts)))
    complaints = _complaints(verdicts, listed)
    survived = sum(verdict.noticed_by is None for verdict in verdicts)
    print(
        f"{len(verdicts)} mutants, {len(verdicts) - survived} noticed, "
        f"{survived} survived, {time.monotonic() - began:.0f} s"
    )
    print("\n".join(complaints) or "every survivor is explained in tests/states/survivors.toml")
    return bool(complaints)


def _reported(verdict: Verdict) -> str:
    return f"{verdict.noticed_by or 'SURVIVED'}\t{verdict.seconds:.1f} s\t{verdict.name}\n"


def _listed() -> Iterator[tuple[str, str]]:
    for group in tomllib.loads(SURVIVORS.read_text())["equivalent"]:
        for name in group["mutants"]:
            yield name, group["why"]


def _run(
    examiner: Callable[[Mutant], Verdict], made: Sequence[Mutant], jobs: int
) -> Iterator[Verdict]:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # looking for plugins takes half the time
    context = get_context("forkserver")
    context.set_forkserver_preload(list(WARM))
    sound = Mutant("__init__.py", "nothing changed", (ROOT / "states/__init__.py").read_text())
    with ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=1) as pool:
        control = pool.submit(examiner, sound).result()
        if control.noticed_by is not None:
            raise SystemExit(f"the tests fail without any mutant: {control.noticed_by}")
        verdicts = pool.map(examiner, made)
        for file, group in groupby(verdicts, key=lambda verdict: verdict.name.split(" ")[0]):
            of_file = list(group)
            survived = sum(verdict.noticed_by is None for verdict in of_file)
            print(f"{file:22}{len(of_file):5} mutants{survived:5} survived", flush=True)
            yield from of_file


def _complaints(verdicts: Sequence[Verdict], listed: Mapping[str, str]) -> list[str]:
    noticed_by = {verdict.name: verdict.noticed_by for verdict in verdicts}
    survived = [name for name, noticed in noticed_by.items() if noticed is None]
    return [
        *[f"survived, and is not listed: {name}" for name in survived if name not in listed],
        *[
            f"listed, but noticed by {noticed_by[name]}: {name}"
            for name in listed
            if noticed_by.get(name) is not None
        ],
        *[f"listed, but no mutant: {name}" for name in listed if name not in noticed_by],
    ]
