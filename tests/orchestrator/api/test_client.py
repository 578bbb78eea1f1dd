"""The front door: routes, options, the shared default, and what is refused at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

import orchestrator as library
from orchestrator import ConfigError, NoTarget, Orchestrator, Request, RequestError, UnknownRoute
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.ledger import Closed, Entry, Opened
from orchestrator.sim import SimProcess, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.world import HI, Call, arun, counts, environment, failure, run, text_of, world
from tests.waiting import AMPLE, eventually

ROOT = Path(__file__).parents[3]

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])


@both
def test_a_request_names_a_route_or_a_target(call: Call) -> None:
    scripts = {"a": replies.ok("from a"), "b": replies.ok("from b")}
    with world(scripts) as (providers, orchestrator):
        assert call(orchestrator).text == "from a"
        assert call(orchestrator, HI | {"model": "default"}).text == "from a"
        assert call(orchestrator, HI | {"model": "b/some/model"}).text == "from b"
        assert call(orchestrator, HI | {"model": "a/x"}, route="b/y").text == "from b"
        assert call(orchestrator, Request(HI, route="b/z")).text == "from b"
        assert [each.model for each in providers.received("b")] == ["some/model", "y", "z"]


@both
def test_an_unknown_route_is_refused_with_the_nearest_name(call: Call) -> None:
    with world({"deepseek": replies.ok()}) as (providers, orchestrator):
        for wrong, right in (("defualt", "default"), ("deepsek/m", "deepseek/m")):
            with pytest.raises(UnknownRoute, match=right):
                call(orchestrator, route=wrong)

        assert counts(providers, "deepseek") == (0,)


@both
def test_what_json_cannot_say_is_refused_before_anything_is_sent(call: Call) -> None:
    with world({"a": replies.ok()}) as (providers, orchestrator):
        with pytest.raises(RequestError, match=r"^tools\[0\] is of type object"):
            call(orchestrator, HI | {"tools": [object()]})

        assert counts(providers, "a") == (0,)
        # What it had taken was given back.
        assert call(orchestrator).text == "ok"


@both
def test_unknown_fields_are_sent_and_the_callers_mapping_stays_as_it_was(call: Call) -> None:
    request = {**HI, "model": "a/m", "stream": False, "top_k": 7, "nested": {"x": [1]}}
    before = repr(request)
    with world({"a": replies.ok()}) as (providers, orchestrator):
        call(orchestrator, request)
        body = providers.received("a")[0].body

    assert body == {**HI, "model": "m", "top_k": 7, "nested": {"x": [1]}}
    assert repr(request) == before


@both
def test_overrides_of_a_target_hold_at_that_target_alone(call: Call) -> None:
    extra = '[targets."b/model-of-b"]\noverrides = { temperature = 0 }'
    scripts = {"a": replies.billing_402(), "b": replies.ok()}
    with world(scripts, extra=extra) as (providers, orchestrator):
        call(orchestrator, HI | {"temperature": 1})

        assert providers.received("a")[0].body["temperature"] == 1
        assert providers.received("b")[0].body["temperature"] == 0


@both
def test_a_repair_changes_the_request_for_its_target_alone(call: Call) -> None:
    refusal = replies.openai_error(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        code="unsupported_parameter",
    )
    scripts: dict[str, AnyScript] = {"a": [refusal, replies.billing_402()], "b": replies.ok()}
    with world(scripts) as (providers, orchestrator):
        response = call(orchestrator, HI | {"max_tokens": 5})

        first, second = providers.received("a")
        assert "max_tokens" in first.body
        assert second.body["max_completion_tokens"] == 5
        assert "max_tokens" not in second.body
        assert providers.received("b")[0].body["max_tokens"] == 5
        assert [each.next for each in response.attempts] == ["repair", "eager_fallback", "succeed"]


@both
def test_metadata_reaches_the_ledger_and_nobody_else(call: Call) -> None:
    with world({"a": replies.ok()}) as (providers, orchestrator):
        response = call(orchestrator, metadata={"job": "nightly-7"})

        opened = response.ledger[0]
        assert isinstance(opened, Opened)
        assert opened.metadata == {"job": "nightly-7"}
        assert "nightly" not in repr(providers.received("a")[0].body)
        assert "nightly" not in repr(providers.received("a")[0].headers)


@both
def test_a_target_that_is_too_small_is_skipped_and_said_so(call: Call) -> None:
    extra = '[targets."a/model-of-a"]\ncontext = 100'
    long = {"messages": [{"role": "user", "content": "x" * 1000}]}
    entries: list[Entry] = []
    with world({"a": replies.ok("small"), "b": replies.ok("large")}, extra=extra) as (
        providers,
        orchestrator,
    ):
        response = call(orchestrator, long, observe=entries.append)

        assert response.text == "large"
        assert counts(providers, "a", "b") == (0, 1)
        (skipped,) = response.skipped
        assert (skipped.target, skipped.mark) == ("a/model-of-a", "unfit")
        closed = entries[-1]
        assert isinstance(closed, Closed)
        assert closed.skipped == response.skipped
        assert call(orchestrator).text == "small"
        with pytest.raises(NoTarget):
            call(orchestrator, long, route="a/model-of-a")


@both
def test_who_has_no_key_is_told_with_the_variable_that_is_missing(call: Call) -> None:
    text = """
        health = "memory"
        [routes]
        default = ["groq/a", "corp/b"]
        local = ["ollama/m"]
        [providers.corp]
        base_url = "http://127.0.0.1:9/v1"
        credentials = ["env:CORP_KEY", "file:gone"]
    """
    with Orchestrator(loads(text, {})) as orchestrator:
        route, target = failure(call, orchestrator), failure(call, orchestrator, route="groq/x")

    assert [each.target for each in route.skipped] == ["groq/a", "corp/b"]
    assert "corp/b skipped: auth (the environment variable CORP_KEY is not set; file:gone" in str(
        route
    )
    for failed in (route, target):
        assert isinstance(failed, NoTarget)
        assert failed.reason == "auth"
        assert "the environment variable GROQ_API_KEY is not set" in str(failed)
        assert "inf" not in str(failed)


def test_a_cancelled_call_still_says_what_was_too_small() -> None:
    extra = '[targets."a/model-of-a"]\ncontext = 100'
    long = {"messages": [{"role": "user", "content": "x" * 1000}]}
    entries: list[Entry] = []
    with world({"a": replies.ok(), "b": replies.hang()}, extra=extra) as (
        providers,
        orchestrator,
    ):

        async def main() -> None:
            task = asyncio.create_task(orchestrator.arun(long, observe=entries.append))
            assert await asyncio.to_thread(eventually, lambda: counts(providers, "b") == (1,))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())

    closed = entries[-1]
    assert isinstance(closed, Closed)
    assert [each.target for each in closed.skipped] == ["a/model-of-a"]


def test_the_same_seed_waits_the_same() -> None:
    def slept(seed: int) -> list[float]:
        clock = VirtualClock()
        with world({"a": replies.server_error()}, clock=clock, seed=seed) as (_, orchestrator):
            failure(run, orchestrator)
        return clock.slept

    assert slept(1) == slept(1)
    assert len(slept(1)) == 2
    assert slept(1) != slept(2)


def test_timeout_is_the_deadline_of_this_call_alone() -> None:
    clock = VirtualClock()
    with world({"a": replies.rate_limited(30)}, clock=clock) as (_, orchestrator):
        assert failure(run, orchestrator, timeout=20).stopped_by == "exhausted"
        assert clock.slept == []
        clock.advance(60)
        failure(run, orchestrator)
        assert sum(clock.slept) >= 30


def test_a_file_that_is_not_there_is_said_in_one_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        Orchestrator.from_file(tmp_path / "nowhere.toml")


def test_a_store_that_is_not_there_is_a_config_error_without_its_password() -> None:
    with pytest.raises(ConfigError) as refused:
        loads('health = "mysql://me:hidden@h/0"\n[routes]\ndefault = ["ollama/m"]', {})

    (problem,) = refused.value.problems
    assert (problem.where, "redis://" in problem.what) == ("health", True)
    assert "hidden" not in str(refused.value)
    assert "mysql://h/0" in str(refused.value)


DEFAULT = """
import asyncio, threading
import orchestrator
hi = {"messages": [{"role": "user", "content": "hi"}]}
found = []
threads = [threading.Thread(target=lambda: found.append(orchestrator.default())) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len({id(each) for each in found}) == 1
async def nested():
    return await asyncio.to_thread(lambda: orchestrator.run(hi).text)
print(orchestrator.run(hi).text, asyncio.run(orchestrator.arun(hi)).text, asyncio.run(nested()))
"""


def test_threads_and_tasks_share_one_default(tmp_path: Path) -> None:
    with SimProcess({"a": [replies.billing_402()], "b": replies.ok("b")}) as providers:
        (tmp_path / "orchestrator.toml").write_text(
            text_of({name: providers.url(name) for name in "ab"}, ["a/m", "b/m"])
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", DEFAULT],
            cwd=tmp_path,
            env=os.environ | environment("ab") | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * AMPLE,
        )

        assert done.stdout == "b b b\n"
        # The last resort of the standard library's logging: who configures nothing hears it too.
        (said,) = done.stderr.splitlines()
        assert said.startswith("a is benched for 5 min")
        assert [len(providers.received(name)) for name in "ab"] == [1, 3]


SIGNALLED = """
import signal
import orchestrator
found = []
def handle(*_):
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    found.append(orchestrator.default())
signal.alarm(60)
signal.signal(signal.SIGUSR1, handle)
print(orchestrator.default() is found[0])
"""


def test_a_signal_handler_has_the_default_while_its_config_is_read(tmp_path: Path) -> None:
    key = "command:sh -c 'kill -USR1 $PPID; echo token'"
    (tmp_path / "orchestrator.toml").write_text(
        f"""
health = "memory"
[providers.a]
base_url = "http://a.test/v1"
credentials = ["{key}"]
[routes]
default = ["a/m"]
"""
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SIGNALLED],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * AMPLE,
    )

    assert (done.stdout, done.stderr) == ("True\n", "")


def test_every_public_name_can_be_had() -> None:
    for name in library.__all__:
        assert getattr(library, name) is not None


WITHOUT_A_FILE = """
import asyncio, os, pathlib, sys, time
import orchestrator

def told(ask):
    try:
        return ask()
    except Exception as error:
        return f"{type(error).__name__} {error}"

async def asked(**options):
    return (await orchestrator.arun("hi", **options)).text

print(told(lambda: orchestrator.run("hi")))
print(told(lambda: asyncio.run(asked())))
bare = orchestrator.default()
assert orchestrator.default() is bare
pathlib.Path("orchestrator.toml").write_text(os.environ["CONFIG"])
while orchestrator.default() is bare:
    time.sleep(0.05)
print(orchestrator.run("hi").text, asyncio.run(asked()))
"""


def test_without_a_file_a_call_names_its_targets_until_there_is_one(tmp_path: Path) -> None:
    with SimProcess({"a": replies.ok("from a")}) as providers:
        home = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME")}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", WITHOUT_A_FILE],
            cwd=tmp_path,
            env=os.environ
            | environment("a")
            | home
            | {"PYTHONPATH": str(ROOT), "CONFIG": text_of({"a": providers.url("a")}, ["a/m"])},
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * AMPLE,
        )

        assert done.stderr == ""
        *refusals, answers = done.stdout.splitlines()
        for refused in refusals:
            assert refused.startswith("ConfigError there is no config")
            assert "route=" in refused
        assert answers == "from a from a"


def test_a_response_can_be_taken_apart() -> None:
    with world({"a": replies.ok()}) as (_, orchestrator):
        response = orchestrator.run(HI)

        # Nobody has asked for its record yet, so nothing of it was put together.
        assert attrs.asdict(response)["ledger"] is response.ledger
        assert response.ledger[-1].kind == "closed"
