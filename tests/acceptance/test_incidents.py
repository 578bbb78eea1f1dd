"""The incidents of billing and credentials, through the public API and real sockets."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator import (
    AuthFailed,
    BillingExhausted,
    CallFailed,
    Orchestrator,
    RateLimited,
    Response,
)
from orchestrator.clock import VirtualClock
from orchestrator.ledger import Entry, Transition
from orchestrator.sim import Reply, Script, ScriptedProviders, replies
from tests.acceptance.world import (
    HI,
    arun,
    canary,
    config_of,
    counts,
    environment,
    failure,
    run,
    text_of,
    world,
)
from tests.waiting import AMPLE

BENCH = 300.0  # seconds: the contract's first bench after a billing error

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])
Call = Callable[..., Response]

BROKE = {
    "deepseek": replies.billing_402(),
    "openrouter": replies.ok("one"),
    "corp": replies.ok("two"),
}
KEYS = {"deepseek": 3}


# A1: a 402 at the primary, whose pool holds two more keys, and two fallbacks.


@both
def test_a_402_takes_one_hop_to_the_first_fallback(call: Call) -> None:
    with world(BROKE, keys=KEYS) as (providers, orchestrator):
        response = call(orchestrator)

        assert response.text == "one"
        assert [attempt.number for attempt in response.attempts] == [1, 2]
        assert [attempt.reason for attempt in response.attempts] == ["billing", None]
        assert [attempt.next for attempt in response.attempts] == ["eager_fallback", "succeed"]
        assert counts(providers, "deepseek", "openrouter", "corp") == (1, 1, 0)
        assert providers.received("openrouter")[0].model == "model-of-openrouter"
        assert "rotate_credential" not in {move.to for move in response.ledger.transitions}


@both
def test_the_next_calls_skip_the_dead_primary_and_say_why(call: Call) -> None:
    clock = VirtualClock()
    with world(BROKE, keys=KEYS, clock=clock) as (providers, orchestrator):
        call(orchestrator)
        clock.advance(100)
        responses = [call(orchestrator) for _ in range(5)]

        assert counts(providers, "deepseek", "openrouter") == (1, 6)
        for response in responses:
            (skipped,) = response.skipped
            assert [attempt.number for attempt in response.attempts] == [1]
            assert (skipped.target, skipped.reason) == ("deepseek/model-of-deepseek", "billing")
            assert (skipped.status, skipped.message) == (402, "Insufficient Balance")
            assert skipped.since == pytest.approx(-100, abs=1)
            assert skipped.until == pytest.approx(BENCH - 100, abs=1)


@pytest.mark.parametrize("top_up", [False, True], ids=["still-broke", "topped-up"])
def test_one_of_many_calls_probes_when_the_bench_ends(*, top_up: bool) -> None:
    clock = VirtualClock()
    with world(BROKE, keys=KEYS, clock=clock) as (providers, orchestrator):
        run(orchestrator)
        providers.set("deepseek", replies.ok("back") if top_up else replies.billing_402())
        clock.advance(BENCH + 1)
        together, ended = threading.Barrier(12), threading.Semaphore(0)

        def hold_the_probe(entry: Entry) -> None:
            """Until the others have ended: they all came while it was under way."""
            if isinstance(entry, Transition) and getattr(entry.command, "probe", False):
                assert all(ended.acquire(timeout=AMPLE) for _ in range(11))

        def one(_: int) -> Response:
            together.wait()
            try:
                return run(orchestrator, observe=hold_the_probe)
            finally:
                ended.release()

        with ThreadPoolExecutor(12) as pool:
            responses = list(pool.map(one, range(12)))

        assert counts(providers, "deepseek") == (2,)
        probes = [each for each in responses if each.attempts[0].probe]
        assert [probe.text for probe in probes] == ["back" if top_up else "one"]
        assert {each.text for each in responses if each not in probes} == {"one"}
        assert run(orchestrator).text == ("back" if top_up else "one")
        assert counts(providers, "deepseek") == (3 if top_up else 2,)


def test_a_failed_probe_doubles_the_bench() -> None:
    clock = VirtualClock()
    with world(BROKE, keys=KEYS, clock=clock) as (providers, orchestrator):
        run(orchestrator)
        clock.advance(BENCH + 1)
        run(orchestrator)
        clock.advance(2 * BENCH - 1)
        run(orchestrator)
        assert counts(providers, "deepseek") == (2,)
        clock.advance(2)
        run(orchestrator)
        assert counts(providers, "deepseek") == (3,)


def test_where_nothing_stands_by_a_top_up_is_noticed_within_15_seconds() -> None:
    clock = VirtualClock()
    with world({"deepseek": replies.billing_402()}, keys=KEYS, clock=clock) as (
        providers,
        orchestrator,
    ):
        failure(run, orchestrator)
        clock.advance(14)
        refused = failure(run, orchestrator)
        assert counts(providers, "deepseek") == (1,)
        assert isinstance(refused, BillingExhausted)
        assert refused.attempts == ()
        assert "402: Insufficient Balance" in str(refused)

        providers.set("deepseek", replies.ok("back"))
        clock.advance(2)
        assert run(orchestrator).text == "back"
        assert run(orchestrator).skipped == ()


def test_a_cron_job_is_a_new_process_each_time_and_still_skips(tmp_path: Path) -> None:
    names = list(BROKE)
    with ScriptedProviders(BROKE) as providers:
        urls = {name: providers.url(name) for name in names}
        route = [f"{name}/m" for name in names]
        config = tmp_path / "orchestrator.toml"
        config.write_text(text_of(urls, route, keys=KEYS, health="file"))
        program = (
            "import orchestrator\n"
            "response = orchestrator.run({'messages': [{'role': 'user', 'content': 'hi'}]})\n"
            "skipped = [skipped.reason.value for skipped in response.skipped]\n"
            "print(response.text, len(response.attempts), skipped)"
        )
        environ = (
            os.environ
            | environment(names, KEYS)
            | {
                "ORCHESTRATOR_CONFIG": str(config),
                "XDG_STATE_HOME": str(tmp_path / "state"),
                "PYTHONPATH": str(Path(__file__).parents[2]),
            }
        )
        told = [
            subprocess.run(
                [sys.executable, "-W", "error", "-c", program],
                env=environ,
                capture_output=True,
                text=True,
                check=True,
                timeout=2 * AMPLE,
            )
            for _ in range(2)
        ]

        assert [each.stdout for each in told] == ["one 2 []\n", "one 1 ['billing']\n"]
        assert told[0].stderr.startswith(f"{names[0]} is benched for 5 min: billing (HTTP 402")
        assert told[1].stderr == ""  # it is known, and was said
        assert counts(providers, *names) == (1, 2, 0)


# A2: what is named first when the fallbacks fail too.


@both
def test_truncation_at_a_fallback_never_replaces_billing(call: Call) -> None:
    scripts = {
        "deepseek": replies.billing_402(),
        "openrouter": replies.truncated_tool_call(arguments=""),
        "corp": replies.truncated_tool_call(),
    }
    with world(scripts, keys=KEYS) as (providers, orchestrator):
        failed = failure(call, orchestrator)

        assert type(failed) is BillingExhausted
        assert failed.reason == "billing"
        assert failed.stopped_by == "exhausted"
        assert failed.error.status == 402
        first, _, rest = str(failed).partition(";")
        assert first == "billing exhausted on deepseek (HTTP 402: Insufficient Balance)"
        assert rest.index("openrouter/") < rest.index("corp/") < rest.index(failed.hint)
        assert [each.reason for each in failed.rejected] == ["output_truncated"] * 2
        assert all("max_tokens" in each.hint for each in failed.rejected)
        assert counts(providers, *scripts) == (1, 1, 1)


def test_a_truncated_text_is_an_answer_unless_it_must_be_complete() -> None:
    scripts = {"a": replies.billing_402(), "b": replies.ok("half an ans", finish_reason="length")}
    with world(scripts) as (_, orchestrator):
        assert run(orchestrator).finish_reason == "length"

        failed = failure(run, orchestrator, require_complete=True)
        assert failed.reason == "billing"
        assert [each.reason for each in failed.rejected] == ["output_truncated"]


@both
def test_everything_402_is_told_in_one_line_and_the_process_goes_on(call: Call) -> None:
    scripts = {name: replies.billing_402() for name in ("deepseek", "openrouter", "corp")}
    with world(scripts, keys=KEYS | {"corp": 2}) as (providers, orchestrator):
        failed = failure(call, orchestrator)

        assert type(failed) is BillingExhausted
        assert counts(providers, *scripts) == (1, 1, 1)
        assert "\n" not in str(failed)
        for words in ("deepseek", "402", "Insufficient Balance", "fallback openrouter/", "corp/"):
            assert words in str(failed)
        assert str(failed).endswith(failed.hint)
        assert failed.hint
        assert [each.target for each in failed.rejected] == [
            "openrouter/model-of-openrouter",
            "corp/model-of-corp",
        ]

        providers.set("corp", replies.ok("paid"))
        orchestrator.board.reset()
        assert call(orchestrator).text == "paid"


def test_a_failed_call_pickles_whole() -> None:
    scripts = {"a": replies.billing_402(), "b": replies.bad_key(), "c": replies.server_error()}
    with world(scripts, extra="[policy]\nattempts_per_target = 1") as (_, orchestrator):
        failed = failure(run, orchestrator)
        copy = pickle.loads(pickle.dumps(failed))

    assert type(copy) is type(failed)
    assert str(copy) == str(failed)
    for name in ("error", "reason", "hint", "stopped_by", "attempts", "skipped", "rejected"):
        assert getattr(copy, name) == getattr(failed, name), name
    assert copy.ledger == failed.ledger


# A3: threads, tasks and agents within agents share what is known.


def test_threads_tasks_and_nested_agents_share_routes_and_health() -> None:
    with world(BROKE, keys=KEYS) as (providers, orchestrator):
        texts: list[str] = []

        def nested_agent() -> None:
            texts.append(run(orchestrator).text)

        async def agent() -> None:
            texts.append((await orchestrator.arun(HI)).text)
            # A tool of an agent that blocks, called in a thread of a task of a thread.
            await asyncio.to_thread(nested_agent)

        async def agents() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(5):
                    group.create_task(agent())

        run(orchestrator)
        threads = [threading.Thread(target=asyncio.run, args=(agents(),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert texts == ["one"] * 30
        assert counts(providers, "deepseek", "openrouter") == (1, 31)


# A6: a bad key rotates, then falls back to the fallback's own model.


@both
def test_a_401_rotates_then_falls_back_with_the_fallbacks_own_model(call: Call) -> None:
    scripts = {"a": replies.bad_key(), "b": replies.ok()}
    with world(scripts, keys={"a": 2}) as (providers, orchestrator):
        response = call(orchestrator, HI | {"model": "default"})

        assert [each.credential for each in providers.received("a")] == [
            canary("a", 1),
            canary("a", 2),
        ]
        assert [each.model for each in providers.received("b")] == ["model-of-b"]
        assert [each.next for each in response.attempts] == [
            "rotate_credential",
            "eager_fallback",
            "succeed",
        ]
        assert (response.provider, response.model) == ("b", "model-of-b")


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (replies.bad_key(), replies.rate_limited(60), AuthFailed),
        (replies.rate_limited(60), replies.bad_key(), RateLimited),
    ],
    ids=["401-then-429", "429-then-401"],
)
@both
def test_two_keys_that_fail_differently_are_each_asked_once(
    call: Call, first: Reply, second: Reply, kind: type[CallFailed]
) -> None:
    script = Script(
        by_credential={canary("a", 1): Script((first,)), canary("a", 2): Script((second,))}
    )
    with world({"a": script, "b": replies.ok("rescued")}, keys={"a": 2}) as (
        providers,
        orchestrator,
    ):
        response = call(orchestrator)

        assert response.text == "rescued"
        assert counts(providers, "a", "b") == (2, 1)
        assert [each.reason for each in response.attempts][:2] == [
            "auth" if kind is AuthFailed else "rate_limit",
            "rate_limit" if kind is AuthFailed else "auth",
        ]
        (skipped,) = call(orchestrator).skipped
        assert skipped.target == "a/model-of-a"
        assert counts(providers, "a", "b") == (2, 2)


def test_a_key_limit_of_openrouter_is_billing_although_its_status_is_403() -> None:
    body = {"error": {"message": "Key limit exceeded (total limit). Manage it using "
                                 "https://openrouter.ai/settings/keys", "code": 403}}  # fmt: skip
    scripts = {"openrouter": replies.error(403, body), "b": replies.ok("rescued")}
    with world(scripts, keys={"openrouter": 2}) as (providers, orchestrator):
        response = run(orchestrator)

        assert response.text == "rescued"
        assert response.attempts[0].reason == "billing"
        assert counts(providers, "openrouter", "b") == (1, 1)


# B1 and B3, of the gateway: test_gateway_incidents.py.


# C1: an endpoint that refuses SDK headers.


@both
def test_no_header_names_an_sdk_or_a_library(call: Call) -> None:
    with world({"corp": replies.ok()}) as (providers, orchestrator):
        call(orchestrator)
        (received,) = providers.received("corp")

    assert set(received.headers) == {
        "host",
        "accept",
        "accept-encoding",
        "content-type",
        "content-length",
        "user-agent",
        "authorization",
    }
    sent = " ".join(received.headers.values()).lower()
    for word in ("python", "httpx", "openai", "stainless", "aiohttp"):
        assert word not in sent


@both
def test_headers_of_the_config_and_the_environment_arrive(call: Call) -> None:
    extra = '[providers.corp.headers]\nUser-Agent = "curl/8.7.1"\nX-Team = "blue"\nAccept = ""'
    environ = {"ORCHESTRATOR_HEADERS_CORP": "X-Team: red\nContent-Type: text/json\nX-Other:  1 "}
    with world({"corp": replies.ok()}, extra=extra, environ=environ) as (providers, orchestrator):
        call(orchestrator)
        headers = providers.received("corp")[0].headers

    assert headers["user-agent"] == "curl/8.7.1"
    assert headers["x-team"] == "red"
    assert headers["x-other"] == "1"
    assert headers["content-type"] == "text/json"
    assert "accept" not in headers


@pytest.mark.parametrize("name", ["User-Agent", "Accept", "Authorization"])
def test_an_empty_header_in_the_environment_removes_one(name: str) -> None:
    environ = {"ORCHESTRATOR_HEADERS_CORP": f"{name}:"}
    with world({"corp": replies.ok()}, environ=environ) as (providers, orchestrator):
        run(orchestrator)

        assert name.lower() not in providers.received("corp")[0].headers


@both
def test_upstream_access_forbidden_leaves_the_key_healthy_and_wastes_no_retry(call: Call) -> None:
    scripts = {"corp": replies.forbidden_upstream(), "b": replies.ok("rescued")}
    route = ["corp/one", "b/m"]
    with world(scripts, keys={"corp": 2}, route=route) as (providers, orchestrator):
        response = call(orchestrator)

        assert [each.reason for each in response.attempts] == ["forbidden", None]
        assert counts(providers, "corp", "b") == (1, 1)
        assert "header" in response.attempts[0].hint
        # The target is benched; another model with the same key is not.
        providers.set("corp", replies.ok("other"))
        other = call(orchestrator, route="corp/two")
        assert (other.text, other.credential) == ("other", "key#1")


def test_a_route_is_for_one_orchestrator_and_not_for_another() -> None:
    with world(BROKE, keys=KEYS) as (providers, orchestrator):
        run(orchestrator)
        config = config_of(providers, ["deepseek", "corp"], ["deepseek/m", "corp/m"], keys=KEYS)
        with Orchestrator(config) as other:
            # Memory is each orchestrator's own: this one has yet to learn it.
            assert [each.reason for each in run(other).attempts] == ["billing", None]
