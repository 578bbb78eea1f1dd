"""Calls that are, or are not, their own replay."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from orchestrator.lab.simulation import ScriptPlayer, Simulation, parse
from orchestrator.lab.simulation.check_replay import find_departure
from orchestrator.ledger import Recording, read_ledger, recorded_call
from orchestrator.states import Succeeded, Waited
from tests.orchestrator.lab.simulation.incidents import FOLDER, INCIDENTS, config, of


def recorded(script: str, *, stream: bool = False) -> Recording:
    with Simulation(of(config()), ScriptPlayer(parse(script))) as simulation:
        return recorded_call(simulation.call(stream=stream).ledger)


@pytest.mark.parametrize("name", INCIDENTS)
def test_an_incident_is_its_own_replay(name: str) -> None:
    assert [find_departure(call) for call in read_ledger(FOLDER / f"{name}.jsonl")] == [""] * len(
        INCIDENTS[name].calls
    )


def test_a_record_of_before_waits_were_spread_is_its_own_replay() -> None:
    (*calls,) = read_ledger(Path(__file__).with_name("without_spread.jsonl"))

    assert [find_departure(call) for call in calls] == [""] * len(INCIDENTS["b1"].calls)


@pytest.mark.parametrize("script", ["429@deepseek, ok", "503*3, timeout, ok", "402, ok", "429*9"])
def test_a_record_that_breaks_off_is_followed_as_far_as_it_goes(script: str) -> None:
    whole = recorded(script)
    for length in range(len(whole.transitions)):
        part = attrs.evolve(whole, transitions=whole.transitions[:length], closed=None)
        assert find_departure(part) == ""


def test_a_record_that_is_closed_before_its_end_is_told() -> None:
    whole = recorded("stall, ok", stream=True)
    short = attrs.evolve(whole, transitions=whole.transitions[:-1])

    assert "recorded (answered, moves, assumed attempts)" in find_departure(short)


def test_what_another_machine_decided_is_told_by_its_move() -> None:
    whole = recorded("503*3, ok")
    moves = list(whole.transitions)
    at = next(n for n, move in enumerate(moves) if isinstance(move.facts, Waited))
    moves[at] = attrs.evolve(moves[at], row="waited_wait")

    told = find_departure(attrs.evolve(whole, transitions=tuple(moves)))
    assert f"move {at + 1}: recorded waited_wait" in told


def test_what_cannot_have_happened_is_told_by_its_move() -> None:
    whole = recorded("402, ok")
    moves = (*whole.transitions[:2], whole.transitions[0])

    told = find_departure(attrs.evolve(whole, transitions=moves))
    assert "move 3: recorded started_send after Started, which is not possible in classify" in told


def test_an_answer_nobody_gave_is_told() -> None:
    whole = recorded("ok")
    last = whole.transitions[-1]
    late = attrs.evolve(last, facts=Succeeded(400.0))
    moves = (*whole.transitions[:-1], late)

    assert (
        find_departure(attrs.evolve(whole, transitions=moves)) == ""
    )  # it is a fact, not a decision
    assert whole.closed is not None
    lost = attrs.evolve(whole, closed=attrs.evolve(whole.closed, outcome="fail_terminal"))
    assert "(False, " in find_departure(lost)
