"""The rule that every ledger of a test is checked can fail, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.lab.simulation import Simulation, parse
from orchestrator.lab.simulation.pump import ScriptPlayer
from orchestrator.ledger import watch
from orchestrator.testing import assert_invariants
from tests.ledgers import calls
from tests.orchestrator.lab.simulation.incidents import FOLDER, config, of


def test_each_call_of_this_process_is_told_until_nobody_watches() -> None:
    told: list[object] = []
    stop = watch(told.append)
    with Simulation(of(config()), ScriptPlayer(parse("402, ok"))) as simulation:
        first = simulation.call()
        stop()
        simulation.call()

    assert told == [first.ledger]


def test_a_file_with_a_call_that_is_not_its_own_replay_is_found(tmp_path: Path) -> None:
    whole = (FOLDER / "a1.jsonl").read_bytes()
    good, bad = tmp_path / "good.jsonl", tmp_path / "a" / "bad.jsonl"
    bad.parent.mkdir()
    good.write_bytes(whole)
    bad.write_bytes(whole.replace(b'"row":"billing_fallback"', b'"row":"fallback"', 1))
    found = list(calls(tmp_path))
    bad.unlink()  # or this very test would be told off for it

    assert len(found) == 10
    (wrong, *_) = [call for call in found if call.source == str(bad)]
    with pytest.raises(AssertionError, match=r"call a1-1: it replays: .*recorded fallback"):
        assert_invariants(wrong)


def test_what_is_no_ledger_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"kind": "else"}\n', "utf-8")

    assert list(calls(tmp_path)) == []
