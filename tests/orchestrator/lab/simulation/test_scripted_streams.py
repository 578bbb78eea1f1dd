"""Streamed calls against a script: the shipped flow and dialects, in virtual time."""

from __future__ import annotations

import pytest

from orchestrator import Response, StreamInterrupted
from orchestrator.dialects import DIALECTS
from orchestrator.lab.simulation import ScriptPlayer, SimulatedCall, Simulation, parse
from orchestrator.lab.simulation.loading import loads
from orchestrator.lab.simulation.script_items import PACE, WITHOUT_PIECES, WORDS
from orchestrator.lab.simulation.scripted_answers import is_streamed
from orchestrator.states import Reason, StoppedBy
from tests.orchestrator.lab.simulation.test_scripted_answers import STATUSES

CONFIG = """
[policy]
on_interrupted = "{mode}"
[providers.one]
base_url = "http://one/v1"
dialect = "{spoken}"
{fields}
[providers.two]
base_url = "http://two/v1"
[routes]
default = ["one/m", "two/m"]
"""


def simulated(
    script: str, *, mode: str = "fail", spoken: str = "openai-chat", fields: str = ""
) -> SimulatedCall:
    text = CONFIG.format(mode=mode, spoken=spoken, fields=fields)
    with Simulation(loads(text, {}).config, ScriptPlayer(parse(script))) as simulation:
        return simulation.call(stream=True)


def met(done: SimulatedCall) -> list[str]:
    return [f"{each.provider} {each.rule or 'ok'}" for each in done.ledger.attempts]


# What is recovered before anything reached the caller, and how long that takes.
UNSEEN = {
    "ok": (["one ok"], 0.5 + 2 * PACE),
    "silence, ok": (["one timeout.first_token", "two ok"], 12.7),
    "timeout, ok": (["one timeout.first_token", "two ok"], 12.7),
    "stall(pieces=0), ok": (["one timeout.first_token", "two ok"], 12.7),
    "ok(after=13)@one": (["one timeout.first_token", "two ok"], 12.7),
    "billing(pieces=0), ok": (["one general.no-money", "two ok"], 1.2),
    "402, ok": (["one general.no-money", "two ok"], 1.2),
    "ok(pieces=11, pace=29)": (["one ok"], 290.5),
    "ok(content=tool)": (["one ok"], 0.7),
}


@pytest.mark.parametrize("script", UNSEEN)
def test_until_content_came_every_failure_is_recovered_unseen(script: str) -> None:
    done = simulated(script)
    rules, seconds = UNSEEN[script]

    assert met(done) == rules
    assert done.answered
    assert done.seconds == pytest.approx(seconds)


# What breaks after content: how each policy goes on, the text that the caller has then.
BROKEN = {
    "stall": ("timeout.idle", True),
    "cut": ("stream.interrupted", True),
    "billing(pieces=1)": ("general.no-money", True),
    "ok(pieces=2, pace=31)": ("timeout.idle", True),
    "cut(content=tool)": ("stream.interrupted", False),
}


@pytest.mark.parametrize("script", BROKEN)
def test_after_content_the_policy_says_how_it_goes_on(script: str) -> None:
    rule, may_continue = BROKEN[script]
    fail, goes_on, hold = (
        simulated(f"{script}, ok", mode=mode) for mode in ("fail", "continue", "hold")
    )

    assert met(fail) == [f"one {rule}"]
    assert isinstance(fail.outcome, StreamInterrupted)
    assert fail.outcome.stopped_by is StoppedBy.COMMITTED
    assert bool(fail.outcome.partial_text) is may_continue
    assert goes_on.answered is may_continue
    assert hold.answered
    assert len(met(hold)) == 2


def test_what_continues_says_everything_once() -> None:
    done = simulated("cut(pieces=1), ok", mode="continue")

    assert isinstance(done.outcome, Response)
    assert done.outcome.text == "simulated"


def test_a_stream_has_a_limit_of_its_own() -> None:
    done = simulated("ok(pieces=100, pace=10)")

    assert met(done) == ["one timeout.stream_total"]
    assert done.seconds == pytest.approx(600.5)


def test_who_cannot_stream_is_asked_without_and_answers_in_one_piece() -> None:
    done = simulated("ok(after=20)", fields="stream = false")

    assert met(done) == ["one ok"]
    assert done.seconds == pytest.approx(20)


IN_STREAM = STATUSES | {
    reason.value: reason.value
    for reason in Reason
    if reason.value in WORDS and reason.value not in (*WITHOUT_PIECES, "output_truncated")
}


@pytest.mark.parametrize("spoken", DIALECTS)
def test_an_error_in_a_stream_means_what_it_means_outside_in_every_dialect(spoken: str) -> None:
    found = {}
    for word in IN_STREAM:
        done = simulated(f"{word}(pieces=1)@one, ok", spoken=spoken)
        found[word] = done.ledger.attempts[0].reason

    assert found == IN_STREAM


@pytest.mark.parametrize("spoken", DIALECTS)
@pytest.mark.parametrize("content", ["text", "tool"])
def test_a_whole_stream_is_one_in_every_dialect(spoken: str, content: str) -> None:
    for pieces in (1, 2, 30):
        done = simulated(f"ok(pieces={pieces}, content={content})", spoken=spoken)

        assert isinstance(done.outcome, Response)
        assert met(done) == ["one ok"]
        assert bool(done.outcome.tool_calls) is (content == "tool")
        assert done.outcome.text.startswith("simulated") is (content == "text")


@pytest.mark.parametrize("word", [word for word in WORDS if not is_streamed(parse(word)[0])])
def test_a_failure_without_pieces_comes_in_place_of_a_stream(word: str) -> None:
    streamed = simulated(f"{word}, ok")
    with Simulation(
        loads(CONFIG.format(mode="fail", spoken="openai-chat", fields=""), {}).config,
        ScriptPlayer(parse(f"{word}, ok")),
    ) as simulation:
        unstreamed = simulation.call()

    assert streamed.ledger.attempts[0].reason == unstreamed.ledger.attempts[0].reason
    assert not isinstance(streamed.outcome, StreamInterrupted)
