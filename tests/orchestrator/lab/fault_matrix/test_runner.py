"""Calls that meet faults, with figures that are reckoned by hand.

Whatever is well answers after 0.5 s, and a stream of three pieces ends 0.2 s later; three tries at
a target have 0.5 s and 1 s between them where no jitter makes that shorter.
"""

from __future__ import annotations

import pytest

from orchestrator.lab.fault_matrix import FaultCase
from orchestrator.lab.fault_matrix.matrix import MODES
from orchestrator.lab.simulation import ScriptPlayer, Simulation, read_script
from orchestrator.states import StoppedBy
from tests.orchestrator.lab.fault_matrix.routes import (
    ONE_ACCOUNT,
    ONE_KEY,
    README,
    SHARED,
    STARVING,
    case,
    config,
    report,
)

SECOND = "openai/gpt-5-mini"


@pytest.mark.parametrize(
    ("name", "requests", "seconds", "following"),
    [
        # One 402 benches the provider: the next call does not ask it.
        ("deepseek: 402", 2, 0.5 + 0.5, (1, 0.5)),
        # Both keys are tried.
        ("deepseek: 401", 3, 0.5 + 0.5 + 0.5, (1, 0.5)),
        # Three tries; a circuit opens after three calls that failed, so the next one tries too.
        ("deepseek: 503", 4, 3 * 0.5 + 0.5 + 1.0 + 0.5, (4, 3.5)),
        ("deepseek: refused", 4, 3.5, (4, 3.5)),
        ("deepseek: refused slowly", 4, 3 * 4.9 + 1.5 + 0.5, (4, 16.7)),
        # Who failed slowly is not asked again.
        ("deepseek: 524 after 100 s", 2, 100 + 0.5, (2, 100.5)),
        ("deepseek: 500 just under the limit", 2, 119.9 + 0.5, (2, 120.4)),
        ("deepseek: silent", 2, 120 + 0.5, (2, 120.5)),
        # Nothing is learned of a request, and a model that is gone is benched.
        ("deepseek/deepseek-v4-pro: request too long", 2, 1.0, (2, 1.0)),
        ("deepseek/deepseek-v4-pro: model not found", 2, 1.0, (1, 0.5)),
    ],
)
def test_the_first_call_and_the_next(
    name: str, requests: int, seconds: float, following: tuple[int, float]
) -> None:
    found = case(README, name)

    assert (found.result.answered_by, found.result.requests) == (SECOND, requests)
    assert found.result.seconds == pytest.approx(seconds)
    assert found.following is not None
    assert (found.following.requests, found.following.seconds) == pytest.approx(following)
    assert found.following.answered_by == SECOND


def test_a_stream_is_given_up_at_its_first_token_and_lost_once_it_has_begun() -> None:
    silent = case(README, "deepseek: silent", streamed=True).result
    cut = case(README, "deepseek: cut after content", streamed=True)

    assert silent.answered_by == SECOND
    assert silent.seconds == pytest.approx(12 + 0.7)
    assert (cut.by_policy, cut.is_lost) == (True, False)
    assert cut.result.stopped_by is StoppedBy.COMMITTED
    assert cut.result.seconds == pytest.approx(0.5 + 2 * 0.1)
    assert "stream_interrupted" in cut.result.cause


def test_an_empty_answer_is_given_on_where_all_are_empty() -> None:
    everywhere, here = case(ONE_KEY, "acme: empty answer"), case(README, "deepseek: empty answer")

    assert everywhere.result.empty
    assert not everywhere.is_rescued
    assert (here.result.answered_by, here.result.empty) == (SECOND, False)


def test_a_lost_call_says_its_real_cause_and_why_it_ended() -> None:
    lost = case(ONE_KEY, "acme: 402").result

    assert (lost.is_lost, lost.requests) == (True, 1)
    assert lost.cause == "acme/x: billing (HTTP 402)"
    assert lost.stopped_by is StoppedBy.EXHAUSTED
    assert lost.script == "402@acme"


@pytest.mark.parametrize("text", [README, ONE_ACCOUNT, ONE_KEY, SHARED, STARVING])
def test_what_is_said_of_a_fault_is_what_simulate_plays_with_its_script(text: str) -> None:
    met = [one for one in report(text).matrix.singles if one.is_met]

    assert {one.streamed for one in met} == set(MODES)
    for each in met:
        played(text, each)


def played(text: str, case: FaultCase) -> None:
    """Hold ``case`` against the simulator with the longest backoffs."""
    script, result = read_script(case.result.script), case.result
    with Simulation(config(text), ScriptPlayer(script.items), jitter=0.0) as simulation:
        done = simulation.call(stream=script.stream)
    sent = done.ledger.attempts

    assert script.stream == case.streamed
    assert done.answered is not result.is_lost, case.name
    assert len(sent) == result.requests, case.name
    assert tuple(dict.fromkeys(one.target for one in sent)) == result.asked
    assert done.seconds == pytest.approx(result.seconds, abs=0.002), case.name
