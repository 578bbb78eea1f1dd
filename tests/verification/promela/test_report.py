"""The report: what agrees, what differs, what was not asked. No spin is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest

from orchestrator.states.call import State
from orchestrator.states.commands import StoppedBy
from orchestrator.states.table import TABLE
from verification.promela import report as reporting
from verification.promela.asking import Report
from verification.promela.comparing import Comparison
from verification.promela.misled import MISLED
from verification.promela.moving import Difference, Moves
from verification.promela.planted import PLANTED
from verification.promela.report import lines
from verification.promela.settings import EVERY, ROUND, SETTINGS, SMALL
from verification.promela.spinning import Run
from verification.promela.translations import untranslated

BEGUN, ENDED = ((State.READY,), 0, 0), ((State.FAIL_TERMINAL, StoppedBy.DEADLINE), 0, 0)
BOTH = frozenset({BEGUN, ENDED})
SETTING = SETTINGS["1 target, 2 keys"]
SHOWN = Difference(
    "fallback", "retry", "Diagnosed at 0 s of 5, overloaded, b/y stands by",
    "classify, attempt 1, probe", (), ("started_send", "failed"),
)  # fmt: skip
WRONG = Moves(7, 9, Counter({"retry": 7}), 1, (SHOWN,))
ALL = Moves(1_000, 3_000, Counter({row.name: 9 for row in TABLE}))
AGREED = Comparison(
    SETTING, BOTH, BOTH, "", (), 0, (0.1, 2.0), (), 2_000_000, ALL,
    tuple((one.name, WRONG) for one in MISLED),
)  # fmt: skip
LESS = attrs.evolve(
    AGREED, by_spin=frozenset({BEGUN}), differences=("only verify reaches: it\n    by a, b",)
)
NAMED = [(one, Run(9, one.broken, (), ("started_send", "failed"), 0.1)) for one in PLANTED]
FINE = Report({"one": AGREED}, {"one": ""}, NAMED, LESS)


def test_what_agrees_is_said_to_agree() -> None:
    told = list(lines(FINE))

    assert FINE.fine
    assert told[1].split() == ["one", "2", "1,000", "all", "hold", "always", "2.1"]
    assert told[-1].startswith("spin: the same states and moves")
    assert f"they take each of {len(TABLE)} rows;" in "\n".join(told)
    assert "a probe tried again             fallback by spin, retry by the machine" in told
    assert max(map(len, told)) <= 80


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"comparisons": {"one": LESS}}, "DIFFERENT in fail_terminal: 1 by verify, 0 by spin"),
        ({"comparisons": {"one": LESS}}, "DIFFERENT: only verify reaches: it"),
        (
            {"comparisons": {"one": attrs.evolve(AGREED, broken="a_rule", rows=("a", "b"))}},
            "BROKEN: a_rule",
        ),
        (
            {"comparisons": {"one": attrs.evolve(AGREED, untold=7)}},
            "DIFFERENT: spin stored 7 states that the model does not tell of",
        ),
        ({"circles": {"one": "non-progress cycle"}}, "NONE"),
        ({"planted": [(PLANTED[0], Run(9, "", (), (), 0.1))]}, "NOT FOUND: billing_bypasses"),
        ({"left_out": AGREED}, "0 of 2 states not reached"),
        (
            {"comparisons": {"one": attrs.evolve(AGREED, moves=attrs.evolve(ALL, different=3))}},
            "DIFFERENT in 3 of 1,000 moves:",
        ),
        (
            {
                "comparisons": {
                    "one": attrs.evolve(
                        AGREED, moves=attrs.evolve(ALL, different=1, differences=(SHOWN,))
                    )
                }
            },
            (
                "DIFFERENT: fallback by spin, retry by the machine\n"
                "    state: classify, attempt 1, probe\n"
                "    event: Diagnosed at 0 s of 5, overloaded, b/y stands by\n"
                "    by started_send, failed"
            ),
        ),
        (
            {"comparisons": {"one": attrs.evolve(AGREED, moves=WRONG)}},
            "NOT SHOWN: row started_spent is not taken",
        ),
        (
            {"comparisons": {"one": attrs.evolve(AGREED, misled=())}},
            "a probe tried again             NOT FOUND",
        ),
        (
            {"comparisons": {"one": attrs.evolve(AGREED, misled=((MISLED[0].name, ALL),))}},
            f"{MISLED[0].name:<30}  NOT FOUND",
        ),
    ],
)
def test_whatever_is_wrong_is_said(changes: dict[str, Any], words: str) -> None:
    report = attrs.evolve(FINE, **changes)
    told = "\n".join(lines(report))

    assert not report.fine
    assert words in told
    assert "spin: DIFFERENT" in told


@pytest.mark.parametrize("arguments", [[], ["--moves"], ["--planted", MISLED[0].name]])
def test_a_program_that_does_not_end_is_said_in_a_line_and_by_a_status(
    tmp_path: Path, arguments: list[str]
) -> None:
    for name in ("spin", "gcc"):
        (tmp_path / name).write_text("#!/bin/sh\nexec sleep 60\n")
        (tmp_path / name).chmod(0o755)

    asked = subprocess.run(
        [sys.executable, "-m", "verification.promela", "--seconds", "0.2", *arguments],
        env=os.environ | {"PATH": f"{tmp_path}:/bin:/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert asked.returncode == 3
    assert "NOT FINISHED by spin: spin did not end within 0.2 s" in asked.stdout
    assert asked.stderr == ""


def test_an_unknown_mistake_is_refused_with_the_names_that_there_are() -> None:
    told, status = reporting.planted("a probe tried agian")

    assert status == 2
    assert (
        told == "no planted mistake is called 'a probe tried agian'; nearest: a probe tried again"
    )


def test_every_mistake_in_the_machine_has_a_small_setting_and_a_name_of_its_own() -> None:
    names = [*(one.name for one in PLANTED), *(one.name for one in MISLED)]

    assert {one.setting for one in MISLED} <= set(SMALL)
    assert set(EVERY) == set(SETTINGS)
    assert len(set(names)) == len(names)
    assert len(MISLED) >= 8


def test_without_spin_it_is_said_loudly_and_with_a_status_of_its_own(tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "verification.promela"],
        env=os.environ | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert asked.returncode == 3
    assert asked.stdout.startswith("NOT CHECKED by spin: not installed here: spin and gcc.\n")
    assert asked.stderr == ""


@pytest.mark.skipif(bool(untranslated()), reason="told by test_translations")
def test_every_planted_mistake_is_another_one() -> None:
    assert len({one.broken for one in PLANTED}) == len(PLANTED) == 7
    assert len({one.model() for one in PLANTED}) == len(PLANTED)


def test_what_is_asked_twice_is_a_setting() -> None:
    assert set(ROUND) < set(SETTINGS)
