"""The toolkit finds what is wrong, in a config and in a ledger, and nothing where nothing is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import attrs
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from orchestrator.lab.diagrams.recorded_rows import RowCounter
from orchestrator.lab.simulation import Item, SimulatedCall, read_script
from orchestrator.ledger import Entry, Transition, read_ledger
from orchestrator.states import Clear, Finish, Mark, Policy, Send, Started, Target, Timeouts, Wait
from orchestrator.testing import (
    ConfigMachine,
    assert_invariants,
    call,
    error_sequences,
    policies,
    routes,
)
from orchestrator.testing.strategies import failing_seconds
from tests.orchestrator.lab.simulation.incidents import FOLDER, INCIDENTS, config, of

ROOT = Path(__file__).parents[3]
CONFIG = of(config())

TEN_LINES = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs" / "testing.md").read_text("utf-8"), re.DOTALL
)

FEW_EXAMPLES = """
from hypothesis import settings
settings.register_profile("few", max_examples=20, deadline=None)
settings.load_profile("few")
"""

UNSHRUNK = """
from hypothesis import Phase, settings
settings.register_profile("unshrunk", phases=[Phase.generate], deadline=None, derandomize=True)
settings.load_profile("unshrunk")
"""
"""A mistake is found once it is met; what takes the time is to make it small."""

PROVIDERS = """
[providers.deepseek]
credentials = ["env:A", "env:B"]
[providers.corp]
base_url = "http://llm.corp/v1"
[routes]
default = {route}
"""

RIGHT = PROVIDERS.format(route='["deepseek/one", "corp/two"]')
MISTAKES = {
    "the fallback is on the same account": PROVIDERS.format(
        route='["deepseek/one", "deepseek/two"]'
    ),
    "whoever says nothing is only asked again": "[policy.on]\ntimeout = ['retry']\n" + RIGHT,
    "a fallback is forbidden": "[policy.on]\nauth = ['rotate']\n" + RIGHT,
}


def pytest_on(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A pytest of its own, as a user runs it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    # Beside the toolkit a user has none of what the clients under test bring along (pyproject).
    without = [f"-pno:{name}" for name in ("cacheprovider", "langsmith_plugin", "llmock", "anyio")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *without, *arguments, str(folder)],
        cwd=folder if folder.is_dir() else folder.parent,
        # CI tells hypothesis to draw the same examples each time, and not to hurry.
        env=kept | {"CI": "true", "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def user_repo(folder: Path, text: str) -> Path:
    (folder / "orchestrator.toml").write_text(text, "utf-8")
    first, second = TEN_LINES
    (folder / "test_ten_lines.py").write_text(first, "utf-8")
    (folder / "test_machine.py").write_text(second, "utf-8")
    return folder


def test_the_documented_test_passes_on_a_sound_config_and_covers_the_table(tmp_path: Path) -> None:
    repo = user_repo(tmp_path, RIGHT)
    (repo / "conftest.py").write_text(FEW_EXAMPLES, "utf-8")
    plugin = ("-p", "orchestrator.testing.plugin")

    passed = pytest_on(repo, *plugin, "--orchestrator-edge-coverage=15")
    assert passed.returncode == 0, passed.stdout
    assert re.search(r"\d+\.\d % taken, 15 % asked", passed.stdout)
    assert "never taken: " in passed.stdout
    asked = ("--orchestrator-edge-coverage=99", f"--orchestrator-rows={tmp_path / 'rows.jsonl'}")
    few = pytest_on(repo / "test_ten_lines.py", *plugin, *asked)
    assert (few.returncode, "1 passed" in few.stdout) == (1, True)
    counter = RowCounter()
    counter.read("rows.jsonl", (tmp_path / "rows.jsonl").read_bytes().splitlines(keepends=True))
    assert counter.total.counts["started_send"] > 0
    assert f"never taken: {', '.join(counter.total.never())}" in few.stdout


def test_the_documented_ten_lines_find_each_planted_mistake(tmp_path: Path) -> None:
    # One run for all, since most of the time goes into starting it.
    for number, text in enumerate(MISTAKES.values()):
        (folder := tmp_path / f"mistake{number}").mkdir()
        user_repo(folder, text)
        (folder / "test_machine.py").unlink()
        (folder / "test_ten_lines.py").rename(folder / f"test_mistake{number}.py")
        lines = (folder / f"test_mistake{number}.py").read_text("utf-8")
        named = lines.replace('"orchestrator.toml"', repr(str(folder / "orchestrator.toml")))
        (folder / f"test_mistake{number}.py").write_text(named, "utf-8")
    (tmp_path / "conftest.py").write_text(UNSHRUNK, "utf-8")
    found = pytest_on(tmp_path)

    name = "test_whatever_the_primary_does_the_caller_gets_an_answer"
    failed = re.findall(rf"^FAILED mistake(\d)/\S+::{name}", found.stdout, re.MULTILINE)
    assert sorted(failed) == [str(number) for number in range(len(MISTAKES))], found.stdout
    seen = re.findall(r'See it: orchestrator simulate "(.+)"', found.stdout)
    assert len(seen) >= len(MISTAKES), found.stdout
    assert all(read_script(script).items for script in seen)


SPOILED_CALL = """
import attrs
from pathlib import Path
from orchestrator.ledger import Ledger, Transition, ended, read_entries

def test_a_call_that_no_machine_made():
    ledger = Ledger("a2-1")
    for entry in read_entries(Path({path!r}).read_bytes().splitlines(keepends=True)):
        moved = isinstance(entry, Transition) and entry.row == "billing_fallback"
        ledger.append(attrs.evolve(entry, row="fallback") if moved else entry)
    ended(ledger)

def test_the_next_one():
    pass
"""


def test_a_call_that_a_test_makes_is_checked_without_being_asked_for(tmp_path: Path) -> None:
    test = tmp_path / "test_spoiled.py"
    test.write_text(SPOILED_CALL.format(path=str(FOLDER / "a2.jsonl")), "utf-8")
    plugin = ("-p", "orchestrator.testing.plugin")
    checked = pytest_on(test, *plugin)
    unchecked = pytest_on(test, *plugin, "-o", "orchestrator_check_calls=false")

    assert "1 failed, 1 passed" in checked.stdout
    assert "AssertionError: call a2-1: it replays: " in checked.stdout
    assert "rows of the state machine" not in checked.stdout  # as if it were a part of the failure
    assert "2 passed" in unchecked.stdout


@pytest.mark.parametrize("missing", ["hypothesis", "pytest"])
def test_what_the_extra_brings_is_named_where_it_is_missing(missing: str, tmp_path: Path) -> None:
    (tmp_path / f"{missing}.py").write_text(
        f"raise ModuleNotFoundError('No module named {missing}', name={missing!r})", "utf-8"
    )
    asked = {"hypothesis": "error_sequences", "pytest": "plugin"}[missing]
    module = "orchestrator.testing.plugin" if missing == "pytest" else "orchestrator.testing"
    done = subprocess.run(
        [sys.executable, "-c", f"from {module} import {asked}"],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"needs {missing}, which is not installed: " in done.stderr
    assert "-m pip install '.[testing]' in the clone" in done.stderr


def test_the_documented_test_is_ten_lines() -> None:
    assert len([line for line in TEN_LINES[0].splitlines() if line.strip()]) <= 10


@settings(max_examples=40)
@given(st.data())
def test_drawn_calls_keep_the_invariants(data: st.DataObject) -> None:
    route = data.draw(routes(CONFIG))
    policy = data.draw(policies(CONFIG.policy))
    drawn = attrs.evolve(CONFIG, routes={"default": route}, policy=policy)
    done = call(drawn, data.draw(error_sequences(config=drawn)), stream=data.draw(st.booleans()))

    assert_invariants(done.ledger)
    assert len(done.ledger.attempts) <= policy.max_attempts


def test_failures_come_just_under_every_limit_and_between() -> None:
    limits = Timeouts(connect=2.0, first_token=8.0, idle=6.0, total=40.0)
    route = (Target("deepseek", "v4", timeouts=limits), Target("corp", "llama"))
    drawn = attrs.evolve(CONFIG, routes={"default": route}, policy=Policy(patience=4.0))

    seconds = failing_seconds(drawn)
    assert {3.9, 1.9, 7.9, 5.9, 39.9} <= {round(each, 3) for each in seconds}
    # Those of the other target too, whose first content is waited for 12 s or 120 s.
    assert {4.9, 11.9, 29.9, 119.9} <= {round(each, 3) for each in seconds}
    assert all(any(low < each < high for each in seconds) for low, high in ((12, 29), (40, 119)))
    assert seconds[0] == 0.1
    # And when a load balancer or a CDN gives up, where nothing of ours does so earlier.
    assert {60.0, 100.0} <= set(seconds)
    short = attrs.evolve(drawn, routes={"default": route[:1]})
    assert not {60.0, 100.0} & set(failing_seconds(short))


@given(policies(Policy()))
def test_drawn_policies_keep_the_moves(policy: Policy) -> None:
    assert policy.on == Policy().on


@given(error_sequences(at="deepseek", words=("402",)))
def test_drawn_errors_are_where_they_are_asked_to_be(errors: tuple[Item, ...]) -> None:
    assert {(item.word, item.names) for item in errors} == {("402", ("deepseek",))}


@pytest.mark.parametrize("name", INCIDENTS)
def test_recorded_calls_can_be_checked_too(name: str) -> None:
    for recorded in read_ledger(FOLDER / f"{name}.jsonl"):
        assert_invariants(recorded)


def spoiled(script: str, change: Callable[[Transition], Transition]) -> list[Entry]:
    """The entries of a call with ``change`` made to its moves."""
    entries: list[Entry] = list(call(CONFIG, script).ledger)
    return [change(each) if isinstance(each, Transition) else each for each in entries]


def renumbered(move: Transition) -> Transition:
    if not isinstance(move.command, Send):
        return move
    return attrs.evolve(move, command=attrs.evolve(move.command, number=1))


def stubborn(move: Transition) -> Transition:
    """A switch that stays at the first target."""
    if not isinstance(move.command, Send):
        return move
    here = CONFIG.route()[0]
    return attrs.evolve(move, command=attrs.evolve(move.command, target=here))


def sleepy(move: Transition) -> Transition:
    if move.row != "rotate":
        return move
    return attrs.evolve(move, command=Wait(9.0, CONFIG.route()[0]))


def misnamed(move: Transition) -> Transition:
    return attrs.evolve(move, row="started_wait") if move.row == "started_send" else move


def clinging(move: Transition) -> Transition:
    """A wait for who failed slowly, although others stand by."""
    if move.row != "fallback":
        return move
    return attrs.evolve(move, command=Wait(move.facts.at + 1, CONFIG.route()[0]))


def greedy(move: Transition) -> Transition:
    """An attempt that may last as long as the call."""
    if not isinstance(move.command, Send):
        return move
    return attrs.evolve(move, command=attrs.evolve(move.command, until=move.command.ends_at))


def easily_pleased(move: Transition) -> Transition:
    return attrs.evolve(move, command=Finish()) if move.row == "billing_terminal" else move


def past_a_mark(move: Transition) -> Transition:
    """An attempt at what the board calls cooling in the same breath."""
    if move.row != "started_send" or not isinstance(move.facts, Started):
        return move
    clear = Clear(CONFIG.route()[0], Mark.COOLDOWN, 9.0)
    standby = attrs.evolve(move.facts.standby, clears=(clear,))
    return attrs.evolve(move, facts=attrs.evolve(move.facts, standby=standby))


def with_a_key_that_cools(move: Transition) -> Transition:
    """An attempt with a key that the board did not call ready in the same breath."""
    if move.row != "started_send" or not isinstance(move.facts, Started):
        return move
    standby = attrs.evolve(move.facts.standby, credentials=("key#2",))
    return attrs.evolve(move, facts=attrs.evolve(move.facts, standby=standby))


def at_an_open_circuit(move: Transition) -> Transition:
    """An attempt at a target that did not stand by."""
    if move.row != "started_send" or not isinstance(move.facts, Started):
        return move
    others = move.facts.standby.targets[1:]
    standby = attrs.evolve(move.facts.standby, targets=others)
    return attrs.evolve(move, facts=attrs.evolve(move.facts, standby=standby))


LEFT = "who fails slowly is left while a fallback stands by"

SPOILED: list[tuple[str, str, Callable[[Transition], Transition]]] = [
    ("attempts are numbered", "503, ok", renumbered),
    ("no send to an account without money", "402, ok", stubborn),
    ("keys are tried before anything sleeps", "429, ok", sleepy),
    (f"{LEFT}: wait at deepseek/v4", "503(after=20), ok", clinging),
    (f"{LEFT}: wait at deepseek/v4", "timeout, ok", clinging),
    ("time is kept back for who stands by: no time is kept back at", "ok", greedy),
    ("an empty answer is the answer only where nothing else came", "402", easily_pleased),
    ("only what was taken is sent to: .* past its cooldown", "ok", past_a_mark),
    ("only what is ready is sent to: key#1 of .* was not ready", "ok", with_a_key_that_cools),
    ("only what is ready is sent to: .* did not stand by", "ok", at_an_open_circuit),
    ("it replays", "ok", misnamed),
]


@pytest.mark.parametrize(("invariant", "script", "change"), SPOILED)
def test_a_ledger_that_breaks_an_invariant_is_told_by_its_name(
    invariant: str, script: str, change: Callable[[Transition], Transition]
) -> None:
    with pytest.raises(AssertionError, match=invariant):
        assert_invariants(spoiled(script, change))


@settings(max_examples=30)
@given(error_sequences(at="deepseek", pieces=0))
def test_until_content_came_a_stream_of_the_primary_costs_nobody_the_answer(
    errors: tuple[Item, ...],
) -> None:
    done = call(CONFIG, errors, stream=True)

    assert_invariants(done.ledger)
    # An answer that is cut at its limit is content.
    assert done.answered or "output_truncated" in {one.word for one in errors}, done.outcome


@pytest.mark.parametrize("stream", [True, False])
def test_a_script_or_the_caller_says_that_a_call_is_streamed(stream: object) -> None:
    done = call(CONFIG, "cut, ok" if stream else "stream: cut, ok", stream=bool(stream))

    assert "interrupted" in done.ledger.rows


class Calls(ConfigMachine):
    config = CONFIG
    streams = (False, True)
    seen: ClassVar[list[SimulatedCall]] = []

    def check(self, done: SimulatedCall) -> None:
        self.seen.append(done)


class Lossless(Calls):
    config = of(config(route=("deepseek/v4",)))

    def check(self, done: SimulatedCall) -> None:
        assert done.answered


def test_the_state_machine_makes_calls_over_one_board_and_checks_each() -> None:
    run_state_machine_as_test(
        Calls, settings=settings(max_examples=15, stateful_step_count=10, deadline=None)
    )

    assert {done.answered for done in Calls.seen} >= {True}
    assert any(done.outcome.skipped for done in Calls.seen)
    assert any("content" in done.ledger.rows for done in Calls.seen)


def test_the_state_machine_finds_a_promise_that_is_not_kept() -> None:
    quiet = settings(
        max_examples=30, stateful_step_count=10, deadline=None, phases=[Phase.generate]
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Lossless, settings=quiet)
