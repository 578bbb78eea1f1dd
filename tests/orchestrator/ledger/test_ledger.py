"""The record of a call: whole, replayable, without secrets, and never in the way."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import math
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import CallFailed, Ledger, Orchestrator, Response, states
from orchestrator.ledger import Attempt, Closed, Entry, Opened, Transition, line
from orchestrator.sim import Script, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.world import (
    HI,
    Call,
    arun,
    canary,
    failure,
    outcome,
    run,
    world,
)
from tests.waiting import AMPLE

ROOT = Path(__file__).parents[3]

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])

SCRIPTS: dict[str, AnyScript] = {
    "a": replies.bad_key(),
    "b": replies.error(
        402, "no money for {credential}, not even for {credential}!", {"X-Request-Id": "req-9"}
    ),
    "c": [replies.overloaded(), replies.ok("done")],
}
KEYS = {"a": 2}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in path.read_text("utf-8").splitlines()]


@both
def test_the_file_has_a_line_for_each_entry_and_each_parses(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    seen: list[Entry] = []
    with world(SCRIPTS, keys=KEYS, extra=f'ledger = "{path}"') as (_, orchestrator):
        response = call(orchestrator, metadata={"job": 7}, observe=seen.append)

    written = lines_of(path)
    assert seen == list(response.ledger)
    assert [entry["kind"] for entry in written] == [entry.kind for entry in response.ledger]
    assert {entry["call"] for entry in written} == {response.ledger.call}
    assert b"".join(response.ledger.lines()) == path.read_bytes()
    first, *_, last = written
    assert (first["kind"], first["metadata"]) == ("opened", {"job": 7})
    assert (last["kind"], last["outcome"], last["attempts"]) == ("closed", "succeed", 5)
    attempts = [entry for entry in written if entry["kind"] == "attempt"]
    assert [entry["number"] for entry in attempts] == [1, 2, 3, 4, 5]
    assert [entry["reason"] for entry in attempts] == [
        "auth",
        "auth",
        "billing",
        "overloaded",
        None,
    ]
    assert [entry["request_id"] for entry in attempts] == [None, None, "req-9", None, None]
    assert path.stat().st_mode & 0o077 == 0


@both
def test_the_recorded_events_give_the_same_call_again(call: Call) -> None:
    with world(SCRIPTS, keys=KEYS) as (_, orchestrator):
        ledger = call(orchestrator).ledger

    opened = ledger[0]
    assert isinstance(opened, Opened)
    again = opened.begin()
    for transition in ledger.transitions:
        assert again.state.value == transition.state
        moved = states.step(again, transition.facts)
        assert (moved.row, moved.command) == (transition.row, transition.command)
        assert moved.call.state.value == transition.to
        again = moved.call
    assert again.state.final
    assert ledger.events == tuple(each.facts for each in ledger.transitions)
    assert len(ledger.rows) == len(ledger.events)


# Secrets.


def channels(call: Call, path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """Everything that leaves a call as text, for one that succeeds and one that fails."""
    seen: list[Entry] = []
    echoing = {"X-Request-Id": "for-{credential}", "X-Api-Key": "{credential}"}
    echo = "Your key {credential} (Bearer {credential}) is bad"
    headers = dict.fromkeys(echoing, canary("a", 1)) | {"X-Request-Id": f"r-{canary('a', 1)}"}
    scripts: dict[str, AnyScript] = {
        "a": Script(
            by_credential={
                canary("a", 1): Script((replies.error(401, echo, headers),)),
                canary("a", 2): Script((replies.error(500, json.dumps({"error": echo})),)),
            }
        ),
        "b": [replies.html_page(400, "{credential}"), replies.ok("done")],
    }
    extra = f"""
        ledger = "{path}"
        [policy]
        attempts_per_target = 1
        [providers.b.headers]
        X-Auth-Token = "{canary("token", 1)}"
    """
    with world(scripts, keys=KEYS, extra=extra) as (providers, orchestrator):
        providers.set("b", replies.error(400, f"{{credential}} and {canary('token', 1)}"))
        for found in (
            failure(call, orchestrator, observe=seen.append),
            _succeeding(call, orchestrator, providers, seen),
        ):
            yield from (str(found), repr(found), str(getattr(found, "__dict__", "")))
            yield pickle.dumps(found).decode("latin-1")
            yield b"".join(found.ledger.lines()).decode()
            yield repr(list(found.ledger))
        yield repr(orchestrator.config)
        yield repr(orchestrator.board.snapshot())
    yield repr(seen)
    yield path.read_text()
    yield caplog.text


def _succeeding(
    call: Call, orchestrator: Orchestrator, providers: ScriptedProviders, seen: list[Entry]
) -> Response:
    orchestrator.board.reset()
    providers.set("b", replies.ok("done"))
    return call(orchestrator, observe=seen.append)


@both
def test_no_secret_leaves_in_any_channel(
    call: Call, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    secrets = [canary("a", 1), canary("a", 2), canary("b", 1), canary("token", 1)]
    told = list(channels(call, tmp_path / "calls.jsonl", caplog))

    for text in told:
        for secret in secrets:
            assert secret not in text
    assert any("***" in text for text in told)


# What breaks must not cost the answer.


@both
def test_an_observer_that_raises_is_logged_and_fails_nothing(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    def observe(_: Entry) -> None:
        raise ValueError("I am broken")

    with world({"a": replies.ok()}) as (_, orchestrator):
        response = call(orchestrator, observe=observe)

    assert response.text == "ok"
    assert [entry.kind for entry in response.ledger] == [
        "opened",
        "transition",
        "transition",
        "attempt",
        "closed",
    ]
    assert "I am broken" in caplog.text
    assert {record.name for record in caplog.records} == {"orchestrator"}


def test_an_observer_that_raises_is_logged_once_a_call_and_the_others_see_all_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str] = []
    seen: list[str] = []

    def breaks(entry: Entry) -> None:
        told.append(entry.kind)
        raise ValueError("I am broken")

    with (
        world({"a": replies.ok()}) as (_, among),
        Orchestrator(among.config, observe=lambda entry: seen.append(entry.kind)) as orchestrator,
    ):
        for _ in range(2):
            orchestrator.run({"messages": [{"role": "user", "content": "hi"}]}, observe=breaks)

    assert told == ["opened", "opened"]
    assert seen == 2 * ["opened", "transition", "transition", "attempt", "closed"]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == 2 * [
        "an observer of the call raised; the call goes on without it"
    ]


@pytest.mark.parametrize("broken", ["missing/calls.jsonl", "."], ids=["no-folder", "a-folder"])
def test_a_ledger_that_cannot_be_written_is_reported_once(
    broken: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / broken
    with world({"a": replies.ok()}, extra=f'ledger = "{path}"') as (_, orchestrator):
        for _ in range(3):
            assert run(orchestrator).text == "ok"

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert str(path) in record.getMessage()


def test_a_full_disk_is_reported_once_and_fails_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with world({"a": replies.ok()}, extra='ledger = "/dev/full"') as (_, orchestrator):
        assert run(orchestrator).text == "ok"

    (record,) = caplog.records
    assert "No space left" in record.getMessage()


class Odd:
    def __repr__(self) -> str:
        return "Odd()"


looped: list[Any] = []
looped.append(looped)

odd_values = st.recursive(
    st.one_of(
        st.none(),
        st.text(st.characters(codec=None, categories=None)),  # lone surrogates too
        st.floats(),
        st.integers(),
        st.binary(),
        st.builds(Odd),
        st.just(looped),
        st.just(contextlib),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(), st.integers(), st.tuples(st.none()), st.builds(Odd)),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.dictionaries(st.text(), odd_values, max_size=3))
def test_whatever_metadata_holds_an_entry_is_one_line_of_json(metadata: dict[str, Any]) -> None:
    entry = Opened("id", 0.0, (states.Target("a", "m"),), states.Policy(), False, metadata)
    text = line(entry)

    assert text.count(b"\n") == 1
    assert text.endswith(b"\n")
    assert json.loads(text)["kind"] == "opened"


def test_half_a_character_in_a_providers_words_costs_no_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    broke = replies.error(402, '{"error": {"message": "no \\ud800 money\\nat\\u001b[31m all"}}')
    with world({"a": broke}, extra=f'ledger = "{path}"') as (_, orchestrator):
        failed = failure(run, orchestrator)

    assert str(failed).isprintable()
    assert str(failed).encode()
    assert [entry["kind"] for entry in lines_of(path)] == [entry.kind for entry in failed.ledger]


def test_instants_that_never_come_are_written_as_json() -> None:
    clear = states.Clear(states.Target("a", "m"), states.Mark.DEAD, math.inf)
    started = states.Started(0.0, None, states.Standby((), (), (clear,)))
    call = states.Call((clear.target,))
    moved = states.step(call, started)
    entry = Transition("id", "ready", "Started", moved.row, None, "x", started, moved.command)

    assert b"Infinity" not in line(entry)
    assert json.loads(line(entry))["facts"]["standby"]["clears"][0]["target"]["model"] == "m"


WRITER = """
import sys
from pathlib import Path
from orchestrator.ledger import Closed, LedgerFile
file = LedgerFile(Path(sys.argv[1]))
for number in range(200):
    file(Closed(sys.argv[2] * 300, float(number), "succeed", None, None, number, ()))
"""


def test_lines_of_several_processes_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for name in "xyz"
    ]
    for writer in writers:
        assert writer.wait(2 * AMPLE) == 0

    written = lines_of(path)
    for name in "xyz":
        mine = [entry["attempts"] for entry in written if entry["call"] == name * 300]
        assert mine == list(range(200))
    assert len(written) == 600


def test_a_ledger_reads_like_a_sequence() -> None:
    ledger = Ledger("id")
    closed = Closed("id", 1.0, "succeed", None, None, 0, ())
    ledger.append(closed)

    assert (len(ledger), ledger[0], ledger[-1:], list(ledger)) == (1, closed, [closed], [closed])
    assert (ledger.attempts, ledger.transitions, ledger.events, ledger.rows) == ((), (), (), ())


# Entries that are put together once they are asked for.


def values_of(number: int) -> tuple[object, ...]:
    return "id", float(number), "succeed", None, None, number, ()


def made_later(number: int) -> Closed:
    return Closed("id", float(number), "succeed", None, None, number, ())


def ledger_of(number: int) -> Ledger:
    ledger = Ledger("id")
    for each in range(number):
        ledger.defer(Closed, values_of, each)
    return ledger


def test_a_call_that_nobody_observes_makes_no_entry_until_it_is_asked_for_one() -> None:
    made: list[str] = []

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and "orchestrator.ledger.entries" in frame.f_code.co_filename:
            made.append(frame.f_code.co_filename)
        # From here on whoever watches all calls, as these tests' own plugin does, reads them.
        if frame.f_code.co_name == "ended":
            sys.setprofile(None)

    with world({"a": replies.ok()}) as (_, orchestrator):
        run(orchestrator)
        sys.setprofile(profile)
        response = run(orchestrator)

    assert (sys.getprofile(), made) == (None, [])
    assert len(response.ledger) == 5


@both
def test_the_record_is_the_same_whether_it_is_observed_or_not(call: Call) -> None:
    seen: list[Entry] = []
    with world(SCRIPTS, keys=KEYS) as (_, orchestrator):
        ledger = call(orchestrator, observe=seen.append).ledger
    with world(SCRIPTS, keys=KEYS) as (_, orchestrator):
        unseen = call(orchestrator).ledger

    assert [type(entry) for entry in unseen] == [type(entry) for entry in seen]
    assert (unseen.rows, str(unseen)) == (ledger.rows, str(ledger))
    alike = ("number", "target", "credential", "status", "reason", "request_id", "next", "billed")
    assert [[getattr(each, name) for name in alike] for each in unseen.attempts] == [
        [getattr(each, name) for name in alike] for each in ledger.attempts
    ]


def test_what_a_caller_handed_in_is_recorded_as_it_was() -> None:
    metadata = {"jobs": [1]}
    with world({"a": replies.ok()}) as (_, orchestrator):
        ledger = run(orchestrator, metadata=metadata).ledger
    metadata["jobs"].append(2)

    assert ledger[0].metadata == {"jobs": [1]}


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
def test_a_ledger_equals_another_whatever_of_it_was_asked_for(
    number: int, read: int, other: int
) -> None:
    ledger, eager = ledger_of(number), Ledger("id", [made_later(each) for each in range(number)])
    for each in range(min(read, number)):
        assert ledger[each] == made_later(each)
    ledger.defer(Closed, values_of, number)
    eager.append(made_later(number))

    assert ledger == eager
    assert pickle.loads(pickle.dumps(ledger_of(number))) == ledger_of(number)
    assert repr(ledger) == repr(eager)
    assert (ledger_of(number) == ledger_of(other)) == (number == other)
    twin = copy.copy(ledger)
    twin.defer(Closed, values_of, 0)
    assert (len(ledger), ledger == twin) == (number + 1, False)


def test_threads_may_read_while_the_call_runs() -> None:
    ledger = Ledger("id")
    over = threading.Event()

    def read() -> bool:
        sound = True
        while not over.is_set():
            found = [each.attempts for each in ledger if isinstance(each, Closed)]
            sound = sound and found == list(range(len(found)))
            sound = sound and (not len(ledger) or isinstance(ledger[-1], Closed))
        return sound

    with ThreadPoolExecutor(4) as threads:
        found = [threads.submit(read) for _ in range(4)]
        for number in range(200):
            ledger.defer(Closed, values_of, number)
        over.set()

    assert all(each.result() for each in found)
    assert list(ledger) == [made_later(number) for number in range(200)]


def test_attempts_tell_when_they_were_sent_and_how_long_they_took() -> None:
    with world({"a": replies.overloaded(), "b": replies.ok(delay=0.1)}) as (_, orchestrator):
        found = outcome(run, orchestrator, HI)

    assert not isinstance(found, CallFailed)
    for earlier, later in zip(found.attempts, found.attempts[1:], strict=False):
        assert earlier.started + earlier.seconds <= later.started
    assert 0.1 <= found.attempts[-1].seconds < 1
    assert all(isinstance(attempt, Attempt) for attempt in found.attempts)
