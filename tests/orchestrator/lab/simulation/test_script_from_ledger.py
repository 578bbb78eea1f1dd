"""Recorded calls as scripts: played again, they go as they went."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.simulation import ScriptPlayer, SimulatedCall, Simulation, parse
from orchestrator.lab.simulation.replay_config import remember
from orchestrator.lab.simulation.script_from_ledger import left_early, own_config, script_of
from orchestrator.lab.simulation.script_items import WORDS
from orchestrator.ledger import Recording, read_ledger, recorded_call, recorded_calls
from orchestrator.states import OnInterrupted
from tests.orchestrator.lab.simulation.incidents import FOLDER, INCIDENTS, config, of

CONFIGS = {mode: of(config(extra=f'[policy]\non_interrupted = "{mode}"')) for mode in OnInterrupted}

items = st.tuples(
    st.sampled_from(
        (
            *WORDS,
            *("402", "429(retry_after=3)", "429(retry_after=40)", "403", "408", "502", "529"),
            *('402(message="Insufficient available balance: in use by pending requests")',),
            *("ok(after=13)", "ok(pace=31)", "stall(pieces=0)", "cut(pieces=0)"),
            *("billing(pieces=1)", "overloaded(pieces=2)", "cut(content=tool)"),
        )
    ),
    st.sampled_from(("", "", "@deepseek", "@openrouter", "@key#1")),
).map("".join)
scripts = st.lists(items, min_size=1, max_size=8).map(", ".join)


def again(calls: tuple[Recording, ...]) -> list[SimulatedCall]:
    """The calls, played from their own record alone."""
    own = own_config(calls)
    with Simulation(own, ScriptPlayer(())) as simulation:
        simulation.clock.now = calls[0].opened.time
        remember(simulation.board, calls, [own.route()] * len(calls))
        done = []
        for call in calls:
            simulation.clock.advance(call.opened.time - simulation.clock.now)
            script = script_of(call, own)
            simulation.answers = ScriptPlayer(script.items)
            done.append(simulation.call(stream=script.stream))
    return done


def rows(calls: tuple[Recording, ...]) -> list[list[str]]:
    return [[move.row for move in call.transitions] for call in calls]


@settings(max_examples=60)
@given(scripts, st.sampled_from(OnInterrupted), st.booleans())
def test_a_call_told_by_its_record_takes_the_same_rows(
    script: str, mode: OnInterrupted, stream: object
) -> None:
    with Simulation(CONFIGS[mode], ScriptPlayer(parse(script))) as simulation:
        first = simulation.call(stream=bool(stream))
        simulation.clock.advance(700)
        calls = (
            recorded_call(first.ledger),
            recorded_call(simulation.call(stream=bool(stream)).ledger),
        )
    done = again(calls)

    assert [list(each.ledger.rows) for each in done] == rows(calls)
    for each, call in zip(done, calls, strict=True):
        assert each.seconds == pytest.approx(call.seconds)
        assert not left_early(call)


@pytest.mark.parametrize("name", INCIDENTS)
def test_the_incidents_are_told_by_their_ledgers_without_a_config(name: str) -> None:
    calls = read_ledger(FOLDER / f"{name}.jsonl")

    assert [list(each.ledger.rows) for each in again(calls)] == rows(calls)


def test_a_mark_from_before_the_ledger_began_is_known() -> None:
    _, second, *_ = read_ledger(FOLDER / "a1.jsonl")
    (done,) = again((second,))

    assert [each.target for each in done.ledger.attempts] == ["openrouter/oss"]
    assert done.outcome.skipped[0].message == "Insufficient Balance"


def test_a_ledger_of_calls_that_share_an_id_is_read_call_by_call() -> None:
    lines = (FOLDER / "a1.jsonl").read_bytes()
    for number in range(1, 6):
        lines = lines.replace(f'"a1-{number}"'.encode(), b'"same"')

    assert len(recorded_calls(lines.splitlines(keepends=True))) == 5
