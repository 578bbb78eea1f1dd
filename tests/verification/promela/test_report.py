"""The report: what agrees, what differs, what was not asked. No spin is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from orchestrator.states.call import State
from orchestrator.states.commands import StoppedBy
from verification.promela.comparing import Comparison
from verification.promela.planted import PLANTED
from verification.promela.report import Report, lines
from verification.promela.settings import ROUND, SETTINGS
from verification.promela.spinning import Run
from verification.promela.translations import untranslated

BEGUN, ENDED = ((State.READY,), 0, 0), ((State.FAIL_TERMINAL, StoppedBy.DEADLINE), 0, 0)
BOTH = frozenset({BEGUN, ENDED})
SETTING = SETTINGS["1 target, 2 keys"]
AGREED = Comparison(SETTING, BOTH, BOTH, "", (), 0, (0.1, 2.0))
LESS = attrs.evolve(
    AGREED, by_spin=frozenset({BEGUN}), differences=("only verify reaches: it\n    by a, b",)
)
NAMED = [(one, Run(9, one.broken, (), ("started_send", "failed"), 0.1)) for one in PLANTED]
FINE = Report({"one": AGREED}, {"one": ""}, NAMED, LESS)


def test_what_agrees_is_said_to_agree() -> None:
    told = list(lines(FINE))

    assert FINE.fine
    assert told[1].split() == ["one", "2", "2", "hold", "always", "2.1"]
    assert told[-1].startswith("spin: the same states")
    assert max(map(len, told)) <= 90


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
    ],
)
def test_whatever_is_wrong_is_said(changes: dict[str, Any], words: str) -> None:
    report = attrs.evolve(FINE, **changes)
    told = "\n".join(lines(report))

    assert not report.fine
    assert words in told
    assert "spin: DIFFERENT" in told


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
