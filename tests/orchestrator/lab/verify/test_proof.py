"""The proof that ships speaks of the machine that ships, and of nothing else."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import attrs
import pytest

from orchestrator.lab.invariants import EXACT
from orchestrator.lab.verify import Basis, Setting, verify
from orchestrator.lab.verify.proof import (
    CHECKER,
    COMMAND,
    CONFIG_FREE,
    PATH,
    Proof,
    as_text,
    checker_hash,
    folder_hash,
    parse,
    shipped,
    states_hash,
)
from orchestrator.lab.verify.properties import NAMES, SHADOWED, SHORT
from orchestrator.lab.verify.verdict import with_premises
from orchestrator.states import DEFAULT_MOVES, STATES, TABLE, Policy, Target, Timeouts

ONE, TWO, THREE = Target("acme", "one"), Target("acme", "two"), Target("beta", "one")


def proof(**changes: Any) -> Proof:
    known = Proof(
        states_hash(), checker_hash(), targets=3, contexts=2,
        properties=CONFIG_FREE, small=tuple(EXACT),
        routes=1, nodes=1, edges=1, steps=1, seconds=1.0, version="0.1.0", date="2026-12-01",
    )  # fmt: skip
    return attrs.evolve(known, **changes)


def test_the_proof_is_of_this_machine_and_of_todays_properties() -> None:
    found = shipped()

    assert found is not None, f"there is no proof: run {COMMAND}"
    assert found.states == states_hash(), f"states/ has changed since the proof: run {COMMAND}"
    assert found.checker == checker_hash(), f"the checker is another since the proof: run {COMMAND}"
    assert set(found.properties) == set(CONFIG_FREE), f"other properties: run {COMMAND}"
    assert set(found.small) == set(EXACT), f"other properties: run {COMMAND}"


@pytest.mark.parametrize(
    "planted", ["guards/__init__.py", "guards.abi3.so", "later.py", "guards.py"]
)
def test_what_may_be_imported_in_place_of_a_module_is_another_machine(
    tmp_path: Path, planted: str
) -> None:
    (tmp_path / "guards.py").write_text("HOLDS = True\n")
    (tmp_path / "py.typed").write_text("")
    before = folder_hash(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "guards.cpython-313.pyc").write_text("")
    (tmp_path / "py.typed").write_text("partial")
    assert folder_hash(tmp_path) == before

    (tmp_path / planted).parent.mkdir(exist_ok=True)
    (tmp_path / planted).write_text("HOLDS = False\n")

    assert folder_hash(tmp_path) != before


def test_what_depends_on_a_config_is_no_part_of_a_proof() -> None:
    assert set(NAMES) - set(CONFIG_FREE) == {SHADOWED, SHORT, *EXACT}


def test_the_hash_of_the_checker_is_of_all_that_the_searches_of_a_proof_import() -> None:
    room = "orchestrator.lab.verify."
    waiting, found = {"universal_graph", "clocked_search", "small_settings"}, set[str]()
    while waiting:
        name = waiting.pop()
        found.add(name)
        tree = ast.parse(PATH.with_name(f"{name}.py").read_text())
        imported = {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
        # The invariants are hashed whole; of the lab nothing else may decide what is shown.
        lab = {one for one in imported if one.startswith("orchestrator.lab.")}
        beside = {one.removeprefix(room) for one in lab if one.startswith(room)}
        others = lab - {room + one for one in beside}
        assert all(one.startswith("orchestrator.lab.invariants") for one in others), name
        waiting |= beside - found

    assert found == set(CHECKER)


def test_a_proof_is_read_as_it_was_written() -> None:
    assert parse(json.loads(as_text(proof()))) == proof()
    with pytest.raises(ValueError, match="format"):
        parse({**json.loads(as_text(proof())), "format": 0})


@pytest.mark.parametrize(
    ("changes", "route", "covered"),
    [
        ({}, (ONE, TWO, THREE), True),
        ({}, (ONE, TWO, THREE, Target("corp", "one")), False),
        ({"states": "0" * 64}, (ONE,), False),
        ({"checker": "0" * 64}, (ONE,), False),
        ({"properties": CONFIG_FREE[1:]}, (ONE,), False),
        ({"small": tuple(EXACT)[1:]}, (ONE,), False),
        ({}, (attrs.evolve(ONE, context=10), TWO), True),
        ({}, (attrs.evolve(ONE, context=10), TWO, THREE), False),
        ({}, (ONE, TWO, ONE), False),
    ],
)
def test_a_proof_covers_its_size_and_its_machine(
    changes: dict[str, Any], route: tuple[Target, ...], *, covered: bool
) -> None:
    assert proof(**changes).covers(Setting(route, {})) == covered


def test_what_is_covered_is_not_searched() -> None:
    found = shipped()
    route = (ONE, THREE)
    policy = Policy(max_attempts=99, attempts_per_target=7, on=dict(DEFAULT_MOVES))
    setting = Setting(route, {"acme": 50, "beta": 2}, policy)
    assert found is not None
    assert found.covers(setting), COMMAND

    verdict = verify(setting)

    assert (verdict.basis, verdict.proof, verdict.violations) == (Basis.PROVED, found, ())
    assert verdict.certificate is not None
    assert verdict.certificate.attempts.value == 7 + 49 + 1 + 7 + 1 + 1 + 7
    assert verify(setting, search=True, seconds=0.0).basis is Basis.UNFINISHED


def test_what_a_proof_does_not_say_is_found_all_the_same() -> None:
    slow = attrs.evolve(ONE, timeouts=Timeouts(total=400.0))

    (found,) = verify(Setting((slow, THREE), {})).violations

    assert found.name == SHORT
    assert found.trace.words


@pytest.mark.parametrize(
    ("changes", "had"), [({}, True), ({"states": "0" * 64}, False), ({"small": ()}, False)]
)
def test_premises_are_searched_again_where_no_proof_of_this_machine_has_them(
    changes: dict[str, Any], *, had: bool
) -> None:
    known = proof(**changes)
    held = verify(Setting((ONE,), {}), search=True)

    found = with_premises(held, TABLE, STATES, known).premises

    assert known.has_premises == had
    assert (found.proof, not found.searched) == ((known.short, True) if had else ("", False))
    assert (known.short in found.words) == had
