"""The planted faults: well-formed, plantable, and one named from end to end."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from orchestrator.lab.verify.properties import NAMES
from orchestrator.states import TABLE
from verification.faults.fault import VERIFY, Edit, PlantedCallFault, edit, plant
from verification.faults.harness import ROOT, Named, ask
from verification.faults.planted import PLANTED
from verification.faults.report import PAGE, WIDTH, lines, page, read_found, table

NAMED = [one for one in PLANTED if one.edits]


def test_the_list_is_well_formed() -> None:
    assert len({one.name for one in PLANTED}) == len(PLANTED) >= 40
    assert {f"M{number:02}" for number in range(1, 19)} <= {one.name for one in PLANTED}
    for one in PLANTED:
        assert one.edits or one.by != VERIFY
        # Whoever is not named by verify says by whom, and why.
        assert (one.by == VERIFY) != bool(one.where and one.why)


def test_each_guard_effect_and_entry_has_a_fault() -> None:
    guards = {row.guard.__name__ for row in TABLE if row.guard is not None}
    effects = {row.effect.__name__ for row in TABLE} - {"nothing"}
    changed = {one.name: _functions(one) for one in NAMED}
    touched = set().union(*changed.values())

    assert guards - touched == set()
    assert effects - touched == set()
    assert {"attempt", "stream", "classify", "retry", "repair", "fail_terminal"} <= touched
    assert {"_waited", "_complete", "_taken", "_switched", "_rotated", "_stayed"} <= touched


def _functions(fault: PlantedCallFault) -> set[str]:
    """The functions of ``states/`` in which ``fault`` changes something."""
    found = set()
    for one in fault.edits:
        text = (ROOT / "states" / one.file).read_text("utf-8")
        first = text[: text.index(one.old)].count("\n") + 1
        lasts = first + one.old.count("\n")
        for node in ast.walk(ast.parse(text)):
            inside = isinstance(node, ast.FunctionDef) and node.lineno <= lasts
            if inside and isinstance(node, ast.FunctionDef) and first <= (node.end_lineno or 0):
                found.add(node.name)
    return found


@pytest.mark.parametrize("fault", NAMED, ids=[one.name for one in NAMED])
def test_a_fault_can_be_planted(fault: PlantedCallFault, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "states", tmp_path / "states")

    plant(fault, tmp_path / "states")

    for one in fault.edits:
        changed = (tmp_path / "states" / one.file).read_text("utf-8")
        assert changed != (ROOT / "states" / one.file).read_text("utf-8")
        ast.parse(changed)


def test_a_text_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "guards.py").write_text("one one", "utf-8")
    for old, count in (("two", 0), ("one", 2)):
        fault = PlantedCallFault("F", "a fault", edit("guards.py", old, "three"))
        with pytest.raises(ValueError, match=rf"F: the text to replace stands {count} times"):
            plant(fault, tmp_path)


def test_a_fault_is_named_in_a_process_of_its_own() -> None:
    fault = next(one for one in PLANTED if one.name == "M02")

    named = ask(fault)

    assert named.fine
    assert named.broken == "keys are tried before anything sleeps"
    assert named.sequence == ("started_send a/x key#1", "rate_limit -> retry")
    assert all(len(line) <= WIDTH for line in lines(named))


def test_what_is_not_as_listed_is_said() -> None:
    fault = PlantedCallFault("F", "a fault", (Edit("guards.py", "a", "b"),))
    other = PlantedCallFault("G", "another", by="tests", where="tests/there.py", why="not a move")

    assert not Named(fault).fine
    assert lines(Named(fault)) == ["F: a fault", "  NOT NAMED by verify"]
    assert not Named(fault, NAMES[0], crash="TypeError: no").fine
    assert lines(Named(fault, crash="TypeError: no"))[1] == "  CRASHED: TypeError: no"
    assert Named(other).fine
    assert not Named(other, NAMES[0]).fine


def test_the_page_is_what_was_found_and_tells_of_every_fault() -> None:
    assert PAGE.read_text("utf-8") == page()
    assert len(table()) == len(PLANTED) + 2
    assert {one["property"] for one in read_found()} <= set(NAMES)
