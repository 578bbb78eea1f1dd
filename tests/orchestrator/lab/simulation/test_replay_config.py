"""Recorded calls under another policy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.cli import main
from orchestrator.config.config import Config
from orchestrator.lab.simulation import ScriptPlayer, Simulation, parse
from orchestrator.lab.simulation.check_replay import find_difference
from orchestrator.lab.simulation.provider_model import Assume
from orchestrator.lab.simulation.replay_call import Replay
from orchestrator.lab.simulation.replay_changes import changes
from orchestrator.lab.simulation.replay_config import Comparison, replay, requests
from orchestrator.lab.simulation.script_items import WORDS
from orchestrator.ledger import Entry, Recording, line, read_entries, read_ledger, recorded_calls
from orchestrator.provider import Provider
from orchestrator.sim import replies
from orchestrator.states import Clear, Mark, Started
from orchestrator.testing import policies, routes
from tests.acceptance.world import HI, world
from tests.orchestrator.lab.simulation.incidents import FOLDER, INCIDENTS, config, of
from tests.orchestrator.lab.simulation.incidents import entries as incident

CONFIG = of(config())

scripts = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *(*WORDS, "402", "429(retry_after=3)", "429(retry_after=40)", "503"),
                *("ok(after=13)", "stall(pieces=0)", "cut(pieces=0)", "cut(content=tool)"),
                *("billing(pieces=0)", "overloaded(pieces=2)", "ok(pace=31)"),
                *("524(after=100)", "cut(after=11, pieces=0)", "503(after=29)", "connect(after=9)"),
            )
        ),
        st.sampled_from(("", "", "@deepseek", "@openrouter", "@key#1")),
    ).map("".join),
    min_size=1,
    max_size=12,
).map(", ".join)
streams = st.lists(st.booleans(), min_size=1, max_size=3)
"""Of each call of a ledger, whether it is streamed."""


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """The config under a drawn policy, with a drawn route."""
    route, policy = draw(routes(CONFIG)), draw(policies(CONFIG.policy))
    return attrs.evolve(CONFIG, routes={"default": route}, policy=policy)


def recorded(
    script: str,
    calls: int = 3,
    seed: int = 0,
    streamed: Sequence[bool] = (),
    config: Config = CONFIG,
    pause: float = 30.0,
) -> tuple[Recording, ...]:
    """A simulated ledger, written and read back."""
    lines: list[bytes] = []
    with Simulation(config, ScriptPlayer(parse(script)), seed=seed) as simulation:
        for stream in streamed or [False] * calls:
            lines += simulation.call(stream=stream).ledger.lines()
            simulation.clock.advance(pause)
    return recorded_calls(lines)


def assert_reproduced(calls: Sequence[Recording], replays: Sequence[Replay]) -> None:
    for call, again in zip(calls, replays, strict=True):
        assert find_difference(call) == ""
        assert again.events == tuple(move.facts for move in call.transitions)
        assert [(step.row, step.command) for step in again.steps] == [
            (move.row, move.command) for move in call.transitions
        ]
        assert (again.followed, again.assumed) == (True, 0)
        assert (again.answered, again.seconds) == (call.answered, call.seconds)


@settings(max_examples=60)
@given(scripts, configs(), streams, st.integers(0, 3))
def test_a_ledger_on_its_own_policy_is_the_same_bit_for_bit(
    script: str, config: Config, streamed: list[bool], seed: int
) -> None:
    calls = recorded(script, seed=seed, streamed=streamed, config=config)
    found = replay(calls, config)

    assert_reproduced(calls, found.replays)
    assert found.before == found.after


# Under the policy as it is: a drawn patience may be the very wait that the board then gives
# with another last digit.
@settings(max_examples=40)
@given(scripts, streams, st.integers(0, 3))
@example("auth, timeout", [True] * 3, 0)  # a probe waits as its wait that was cut suggests
@example("connect, silence", [False], 0)  # an attempt that was cut for the sake of others
@example("ok(after=20), ok(after=20)", [True] * 2, 0)  # and who was silent is waited for
def test_what_the_board_answers_in_place_of_the_record_leads_the_same_way(
    script: str, streamed: list[bool], seed: int
) -> None:
    calls = recorded(script, seed=seed, streamed=streamed)
    found = replay(calls, CONFIG, follow=False)

    for call, again in zip(calls, found.replays, strict=True):
        assert [step.row for step in again.steps] == [move.row for move in call.transitions]
        assert again.seconds == pytest.approx(call.seconds)
        assert (again.followed, again.assumed) == (False, 0)


@pytest.mark.parametrize("policy", ["hold", "continue"])
def test_what_the_board_learns_of_silences_is_what_it_learned(policy: str) -> None:
    own = of(config(extra=f'[policy]\non_interrupted = "{policy}"'))
    calls = recorded("ok(after=8, pace=25), ok(after=8, pace=25)", streamed=[True] * 3, config=own)

    for call, again in zip(calls, replay(calls, own, follow=False).replays, strict=True):
        took, first = call.transitions[0].facts, again.events[0]
        assert isinstance(took, Started)
        assert isinstance(first, Started)
        assert again.seconds == pytest.approx(call.seconds)
        if policy == "continue":
            assert first.taken == took.taken
        elif first.taken is not None:  # no record tells when the first of it came
            assert first.taken.seen_first_token is None


@pytest.mark.parametrize("name", INCIDENTS)
def test_the_committed_incidents_are_what_the_simulator_makes(name: str) -> None:
    lines = (FOLDER / f"{name}.jsonl").read_bytes().splitlines(keepends=True)

    # Not as bytes: a set of moves has no order.
    assert told(read_entries(lines)) == told(incident(name))


def told(found: Iterable[Entry]) -> list[object]:
    """What entries say, but for the names and the advice of rules, which their room may change."""
    return [_without_advice(json.loads(line(entry))) for entry in found]


def _without_advice(value: object) -> object:
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if name not in ("rule", "hint")}
        return {name: _without_advice(each) for name, each in kept.items()}
    if isinstance(value, list):
        parts = [_without_advice(each) for each in value]
        return sorted(map(str, parts)) if all(isinstance(each, str) for each in parts) else parts
    return value


@pytest.mark.parametrize("name", INCIDENTS)
def test_the_incidents_replay_as_they_were(name: str) -> None:
    calls = read_ledger(FOLDER / f"{name}.jsonl")
    found = replay(calls, of(INCIDENTS[name].config))

    assert_reproduced(calls, found.replays)
    assert (found.lost, found.saved) == ((), ())


def changed(name: str, config: Config, assume: Assume = Assume.FAIL) -> Comparison:
    return replay(read_ledger(FOLDER / f"{name}.jsonl"), config, assume=assume)


def lost(found: Comparison) -> list[str]:
    return [each.recording.call for each in found.lost]


NO_FALLBACK = of(config(route=("deepseek/v4",)))


def test_without_a_fallback_a1_loses_what_the_fallback_rescued() -> None:
    found = changed("a1", NO_FALLBACK)

    assert lost(found) == ["a1-1", "a1-2", "a1-3", "a1-4"]
    assert (found.before.rescued, found.before.lost) == (4, 0)
    assert found.after.lost == 4
    assert requests(found)["openrouter"] == (4, 0)


def test_without_a_fallback_a2_loses_no_more_and_a6_what_no_key_answers() -> None:
    assert lost(changed("a2", NO_FALLBACK)) == []
    assert lost(changed("a6", NO_FALLBACK)) == ["a6-2", "a6-3"]


PRIMARY = {"b1": ("corp/llama", "deepseek/v4")}
"""The routes of the incidents that do not begin at deepseek."""

CHANGES: dict[str, Callable[[tuple[str, ...]], str]] = {
    "no fallback": lambda route: config(route=route[:1]),
    "patience 60 s": lambda route: config(route=route, extra='[policy]\npatience = "60s"'),
    "a key less": lambda route: config(route=route, keys=2),
}

# Of each change against each incident: the calls that it loses, and how many attempts no
# record tells.
COMPARED = {
    ("a1", "no fallback"): (["1", "2", "3", "4"], 2),
    ("a1", "patience 60 s"): ([], 0),
    ("a1", "a key less"): ([], 0),
    ("a2", "no fallback"): ([], 0),
    ("a2", "patience 60 s"): ([], 0),
    ("a2", "a key less"): ([], 0),
    ("a6", "no fallback"): (["2", "3"], 0),
    ("a6", "patience 60 s"): ([], 0),
    ("a6", "a key less"): ([], 0),
    ("b1", "no fallback"): (["2", "5", "6"], 4),
    ("b1", "patience 60 s"): ([], 4),
    ("b1", "a key less"): ([], 0),
    ("e1", "no fallback"): (["1", "2", "3"], 6),
    ("e1", "patience 60 s"): ([], 1),
    ("e1", "a key less"): ([], 0),
}


@pytest.mark.parametrize(("name", "change"), COMPARED)
def test_a_change_against_an_incident_prints_what_would_have_been_lost(
    name: str, change: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    route = PRIMARY.get(name, ("deepseek/v4", "openrouter/oss", "corp/llama"))
    toml = tmp_path / "changed.toml"
    toml.write_text(CHANGES[change](route), "utf-8")
    assert main(["replay", str(FOLDER / f"{name}.jsonl"), "--config", str(toml)]) == 0

    calls, assumed = COMPARED[name, change]
    shown = capsys.readouterr().out
    after = shown.partition("lost by the change: ")[2]
    assert after.startswith(f"{len(calls)} of ")
    assert re.findall(rf"^  {name}-(\d): ", after, re.MULTILINE) == calls
    assert re.findall(r"assumed: (\d)", after) == ([str(assumed)] if assumed else [])
    said = {"no fallback": "route: ", "patience 60 s": "patience: 10 → 60"}
    assert f"change: {said.get(change, 'deepseek has no ')}" in shown


IMPATIENT = "[policy]\ndeadline = '130s'"
"""A deadline that a cooldown of 200 s outlasts, and an attempt's own limits do not."""


def lost_for_want_of_a_key(calls: int = 1) -> tuple[Recording, ...]:
    """Calls that a throttled key failed, where a pool of one had no other."""
    only = of(config(keys=1, route=("deepseek/v4",), extra=IMPATIENT))
    return recorded("429(retry_after=200)@key#1, ok", calls=calls, config=only)


@pytest.mark.parametrize(("assume", "saved"), [(Assume.OK, 1), (Assume.FAIL, 0)])
def test_a_key_more_is_a_change_and_is_played_on_its_own_board(assume: Assume, saved: int) -> None:
    calls = lost_for_want_of_a_key()
    more = of(config(keys=2, route=("deepseek/v4",), extra=IMPATIENT))
    found = replay(calls, more, assume=assume)

    assert changes(calls, more, found.routes) == ("deepseek has key#2 besides",)
    assert (len(found.saved), len(found.lost), found.unchanged) == (saved, 0, 0)
    assert [sent.credential for sent in found.replays[0].sent][:2] == ["key#1", "key#2"]


def test_a_key_that_is_new_bears_no_mark_of_before_it() -> None:
    first, second = lost_for_want_of_a_key(calls=2)
    more = of(config(keys=2, route=("deepseek/v4",), extra=IMPATIENT))
    (again,) = replay((second,), more, assume=Assume.OK).replays

    assert first.attempts
    assert not second.attempts
    assert [(sent.credential, sent.reason) for sent in again.sent] == [("key#2", None)]


def test_another_strategy_is_a_change_too() -> None:
    calls = recorded("ok", calls=3)
    other = of(
        config().replace(
            "[providers.openrouter]", "strategy = 'round_robin'\n[providers.openrouter]"
        )
    )
    found = replay(calls, other, assume=Assume.OK)

    assert changes(calls, other, found.routes) == (
        "strategy of deepseek: fill_first → round_robin",
    )
    labels = [sent.credential for each in found.replays for sent in each.sent]
    assert labels == ["key#1", "key#2", "key#3"]


def test_a_target_that_had_no_credential_then_may_have_one_now() -> None:
    lacking = attrs.evolve(
        CONFIG,
        providers={**CONFIG.providers, "openrouter": Provider("openrouter", missing=("x",))},
    )
    calls = recorded("503, ok@corp", calls=1, config=lacking)
    (call,) = calls
    found = replay(calls, CONFIG)

    assert call.closed is not None
    assert [skipped.target for skipped in call.closed.skipped] == ["openrouter/oss"]
    assert [target.name for target in found.routes[0]] == [
        *("deepseek/v4", "openrouter/oss", "corp/llama")
    ]


def test_what_is_the_same_pool_is_followed_whatever_else_changed() -> None:
    calls = recorded("402@deepseek, ok", calls=3)
    found = replay(calls, attrs.evolve(CONFIG, policy=attrs.evolve(CONFIG.policy, patience=11.0)))

    assert all(each.followed for each in found.replays)


def test_their_own_policy_is_said_to_be_no_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = tmp_path / "same.toml"
    toml.write_text(config(), "utf-8")
    assert main(["replay", str(FOLDER / "a1.jsonl"), "--config", str(toml)]) == 0

    shown = capsys.readouterr().out
    assert "change: none that these calls can meet" in shown
    assert "as recorded, move by move: 5 of 5 calls" in shown


def test_a_key_less_loses_nothing_where_a_fallback_stands_by_but_costs_a_hop() -> None:
    found = changed("a6", of(config(keys=1)), Assume.OK)

    assert lost(found) == []
    assert found.assumed == 1
    before, after = requests(found)["openrouter"]
    assert after > before


def test_a_patience_of_60_s_waits_where_the_fallback_was_quick() -> None:
    patient = of(config(route=("corp/llama", "deepseek/v4"), extra='[policy]\npatience = "60s"'))
    found = changed("b1", patient)

    assert lost(found) == []
    slower = [
        each.recording.call for each in found.replays if each.seconds > each.recording.seconds + 25
    ]
    assert "b1-5" in slower
    assert found.assumed > 0


def test_what_nobody_was_asked_is_assumed_as_it_is_told_to() -> None:
    calls = recorded("402, ok", calls=1)
    other = of(config(route=("deepseek/v4", "corp/llama")))

    failing, answering = (replay(calls, other, assume=assume) for assume in Assume)
    assert (lost(failing), lost(answering)) == ([calls[0].call], [])
    assert failing.assumed >= 1
    assert answering.assumed == 1
    assert [sent.assumed for sent in answering.replays[0].sent] == [False, True]


def test_marks_that_stood_before_the_ledger_began_are_kept() -> None:
    _, second, third = recorded("402@deepseek, ok", calls=3)
    other = of(config(route=("deepseek/v4", "corp/llama", "openrouter/oss")))
    found = replay([second, third], other, assume=Assume.OK)

    assert [sent.target for each in found.replays for sent in each.sent] == ["corp/llama"] * 2


def test_a_deadline_that_is_shorter_ends_the_call_before_its_answer() -> None:
    calls = recorded("ok(after=20)", calls=1)
    found = replay(calls, of(config(extra='[policy]\ndeadline = "10s"\n[timeouts]\ntotal = "5s"')))

    assert not found.replays[0].followed
    assert found.replays[0].seconds <= 10


def test_who_said_nothing_until_the_deadline_leaves_time_for_a_fallback_that_is_added() -> None:
    short = '[policy]\ndeadline = "130s"'
    alone = of(config(route=("deepseek/v4",), extra=short))
    calls = recorded("timeout", calls=1, config=alone)
    assert [sent.target for sent in replay(calls, alone).replays[0].sent] == ["deepseek/v4"] * 2

    more = of(config(route=("deepseek/v4", "corp/llama"), extra=short))
    (again,) = replay(calls, more, assume=Assume.OK).replays

    assert [sent.target for sent in again.sent] == ["deepseek/v4", "corp/llama"]
    # 60 s are kept back for the whole answer of the other target.
    assert again.seconds == pytest.approx(70 + 1)


def test_who_failed_slowly_is_left_for_a_fallback_that_is_added() -> None:
    calls = recorded("524(after=80)", calls=1, config=of(config(route=("deepseek/v4",))))
    assert len(calls[0].attempts) == 3

    (again,) = replay(calls, CONFIG, assume=Assume.OK).replays
    assert [sent.target for sent in again.sent] == ["deepseek/v4", "openrouter/oss"]


def test_a_circuit_that_stood_open_before_the_ledger_began_is_kept() -> None:
    calls = recorded("503@deepseek*9, ok", calls=4, pause=1.0)
    last = calls[3]
    assert [clear.mark for clear in marks(last)] == [Mark.CIRCUIT]
    other = of(config(route=("deepseek/v4", "corp/llama", "openrouter/oss")))
    (again,) = replay([last], other, assume=Assume.OK).replays

    assert [sent.target for sent in again.sent] == ["corp/llama"]


def test_a_long_wait_that_was_looked_at_before_the_ledger_began_is_kept() -> None:
    own = of(config(keys=1))
    script = "429(retry_after=90000)@deepseek*2, ok"
    last = recorded(script, calls=3, config=own, pause=61.0)[-1]
    (clear,) = marks(last)
    assert clear.mark is Mark.BENCH
    assert clear.expected == pytest.approx(90_000 - 61, abs=2)
    # The second of the due dates, which the first probe has moved by 5 min.
    assert clear.at == pytest.approx(300 - 61, abs=2)
    other = of(config(keys=1, route=("deepseek/v4", "corp/llama", "openrouter/oss")))
    (again,) = replay([last], other, assume=Assume.OK).replays

    assert [sent.target for sent in again.sent] == ["corp/llama"]


def marks(call: Recording) -> Sequence[Clear]:
    first = call.transitions[0].facts
    assert isinstance(first, Started)
    return first.standby.clears


@pytest.mark.parametrize(("budget", "tries"), [(0, 3), (13, 1), (14, 2), (500, 3)])
def test_retries_are_paid_for_from_the_budget_to_try(budget: int, tries: int) -> None:
    config = attrs.evolve(CONFIG, routes={"default": CONFIG.routes["default"][:1]})
    calls = recorded("500*3", calls=1, config=config)
    other = {
        name: attrs.evolve(each, retry_budget=budget) for name, each in config.providers.items()
    }
    (again,) = replay(calls, attrs.evolve(config, providers=other), follow=False).replays

    assert len(again.sent) == tries


# Calls for vectors and counts.


def embedded(route: str, first: str) -> tuple[Recording, Config]:
    """A recorded call for vectors whose first target failed with ``first``, and its config."""
    scripts = {"a": getattr(replies, first)(), "b": replies.ok()}
    seen: list[Entry] = []
    with world(scripts, route=route.split()) as (_, orchestrator):
        orchestrator.embed("x", observe=seen.append)
        (recording,) = recorded_calls(map(line, seen))
        return recording, orchestrator.config


@pytest.mark.parametrize("follow", [True, False])
def test_a_call_for_vectors_is_the_same_again(*, follow: bool) -> None:
    recording, same = embedded("a/m b/x/m", "billing_402")
    (again,) = replay([recording], same, follow=follow).replays

    assert [each.row for each in again.steps] == [move.row for move in recording.transitions]
    assert recording.opened.operation == "embed"


def test_a_call_for_vectors_is_put_through_targets_of_its_model_alone() -> None:
    recording, same = embedded("a/m b/x/m", "billing_402")
    changed = attrs.evolve(
        same, routes={"default": tuple(map(same.target, ("a/m", "b/other", "b/x/m")))}
    )

    (route,) = replay([recording], changed).routes

    assert [target.name for target in route] == ["a/m", "b/x/m"]


def test_what_calls_for_vectors_meet_at_a_target_changes_no_answers() -> None:
    recording, same = embedded("a/m b/x/m", "model_not_found")
    seen: list[Entry] = []
    with world({"a": replies.ok(), "b": replies.ok()}, route=["a/m", "b/x/m"]) as (_, inner):
        inner.run(HI, observe=seen.append)
    (answered,) = recorded_calls(map(line, seen))

    _, again = replay([recording, answered], same, follow=False).replays

    assert [each.target for each in again.sent] == ["a/m"]
