"""What the logger says: what a person must know once, and never a secret or what was said."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import attrs
import pytest

from orchestrator import CallFailed, Orchestrator, Request
from orchestrator.clock import VirtualClock
from orchestrator.dialects import Operation
from orchestrator.health.stores.file import FileStore
from orchestrator.lab.simulation import ScriptPlayer, Simulation, parse
from orchestrator.sim import Reply, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.world import arun, canary, config_of, outcome, run, world

Said = list[tuple[str, str]]
CALLS = pytest.mark.parametrize("call", [run, arun])


class Keeping(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: Said = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append((record.levelname, record.getMessage()))


@pytest.fixture
def said() -> Iterator[Said]:
    """What is said from INFO on."""
    logger, handler = logging.getLogger("orchestrator"), Keeping()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.said
    logger.removeHandler(handler)
    logger.setLevel(before)


def of(said: Said, level: str) -> list[str]:
    return [text for name, text in said if name == level]


def refused(status: int, words: str, **headers: str) -> Reply:
    body = json.dumps({"error": {"message": words}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, body, headers={"content-type": "application/json", **named})


@CALLS
def test_a_bench_is_said_once_with_its_words_and_where_calls_go(call: Any, said: Said) -> None:
    with world({"a": replies.billing_402(), "b": replies.ok()}) as (_, orchestrator):
        for _ in range(3):
            call(orchestrator)

    (warning,) = of(said, "WARNING")
    assert warning == (
        "a is benched for 5 min: billing (HTTP 402: Insufficient Balance); calls go to "
        "b/model-of-b. Your balance or quota is used up: check the provider's dashboard."
    )
    (left,) = of(said, "INFO")
    assert left.endswith(
        " left a/model-of-a key#1 for b/model-of-b key#1: billing (HTTP 402: Insufficient Balance)"
    )


def test_where_nothing_else_stands_by_that_is_said(said: Said) -> None:
    with world({"a": replies.billing_402()}) as (_, orchestrator):
        outcome(run, orchestrator)

    (warning,) = of(said, "WARNING")
    assert "nothing else stands by on this route" in warning
    assert of(said, "INFO") == []


@pytest.mark.parametrize(
    ("keys", "where"), [(2, "a/model-of-a with key#2"), (4, "a/model-of-a with its other 3 keys")]
)
def test_a_key_that_is_out_leaves_the_others(keys: int, where: str, said: Said) -> None:
    scripts: dict[str, AnyScript] = {
        "a": [refused(401, "Invalid API key"), replies.ok()],
        "b": replies.ok(),
    }
    with world(scripts, keys={"a": keys}) as (_, orchestrator):
        run(orchestrator)

    (warning,) = of(said, "WARNING")
    assert warning.startswith(
        f"a key#1 is out for 5 min: auth (HTTP 401: Invalid API key); calls go to {where}. "
    )


def test_an_open_circuit_is_said_when_it_opens_and_no_probe_of_it_again(said: Said) -> None:
    clock = VirtualClock()
    scripts: dict[str, AnyScript] = {"a": refused(503, "busy"), "b": replies.ok()}
    with world(scripts, clock=clock) as (_, orchestrator):
        for _ in range(6):
            run(orchestrator)
            clock.sleep(11)

    (warning,) = of(said, "WARNING")
    assert warning.startswith(
        "the circuit of a/model-of-a is open for 5 s: overloaded (HTTP 503: busy); "
        "calls go to b/model-of-b. "
    )
    assert len(of(said, "INFO")) == 6


def test_a_circuit_that_opens_as_the_call_ends_is_said_too(said: Said) -> None:
    with world({"a": refused(503, "busy")}, clock=VirtualClock()) as (_, orchestrator):
        for _ in range(3):
            outcome(run, orchestrator)

    assert [text.partition(":")[0] for text in of(said, "WARNING")] == [
        "the circuit of a/model-of-a is open for 5 s"
    ]


@CALLS
def test_a_failed_probe_is_no_warning_and_a_success_is_a_recovery(call: Any, said: Said) -> None:
    clock = VirtualClock()
    scripts: dict[str, AnyScript] = {
        "a": [replies.billing_402(), replies.billing_402(), replies.ok()],
        "b": replies.ok(),
    }
    with world(scripts, clock=clock) as (_, orchestrator):
        for wait in (301, 601, 0):
            call(orchestrator)
            clock.sleep(wait)

    assert len(of(said, "WARNING")) == 1
    assert of(said, "INFO")[-1] == "a is back after 15 min: an answer ended its bench (billing)"
    assert len(of(said, "INFO")) == 3


def test_a_long_wait_is_said_with_its_expected_end(said: Said) -> None:
    scripts: dict[str, AnyScript] = {
        "a": refused(429, "weekly limit", retry_after="133200"),
        "b": replies.ok(),
    }
    with world(scripts) as (_, orchestrator):
        run(orchestrator)

    (warning,) = of(said, "WARNING")
    assert "a key#1 is out for 60 s (expected to end in 37.0 h): rate_limit" in warning


def test_a_cooldown_is_nothing_that_a_person_must_know(said: Said) -> None:
    scripts: dict[str, AnyScript] = {
        "a": refused(429, "slow down", retry_after="30"),
        "b": replies.ok(),
    }
    with world(scripts) as (_, orchestrator):
        run(orchestrator)

    assert of(said, "WARNING") == []
    assert len(of(said, "INFO")) == 1


def test_the_bench_that_another_process_made_is_no_warning_but_told_once(
    tmp_path: Path, said: Said
) -> None:
    scripts: dict[str, AnyScript] = {"a": replies.billing_402(), "b": replies.ok()}
    with ScriptedProviders(scripts) as providers:
        config = config_of(providers, list(scripts), ["a/m", "b/m"])
        for _ in range(2):
            # Each with a store of its own over one file, as another process would have.
            store = FileStore(tmp_path / "health.sqlite3")
            with Orchestrator(config, store=store) as orchestrator:
                for _ in range(3):
                    run(orchestrator)

    assert len(of(said, "WARNING")) == 1
    failover, passed_over = of(said, "INFO")
    assert " left a/m key#1 for b/m key#1" in failover
    assert re.fullmatch(
        r"a/m is passed over, benched for \d+ s so far: "
        r"billing \(HTTP 402: Insufficient Balance\); calls go to b/m",
        passed_over,
    )


def test_calls_that_fail_together_are_one_warning(said: Said) -> None:
    scripts: dict[str, AnyScript] = {"a": replies.billing_402(), "b": replies.ok()}
    with world(scripts) as (_, orchestrator), ThreadPoolExecutor(12) as threads:
        together = Barrier(12)

        def call(_: int) -> str:
            together.wait()
            return run(orchestrator).text

        assert list(threads.map(call, range(12))) == ["ok"] * 12

    assert len(of(said, "WARNING")) == 1


def test_a_call_that_is_answered_at_once_says_nothing(said: Said) -> None:
    with world({"a": replies.ok()}) as (_, orchestrator):
        run(orchestrator)

    assert said == []


def test_each_move_is_said_to_who_asks_for_it(said: Said) -> None:
    logging.getLogger("orchestrator").setLevel(logging.DEBUG)
    with world({"a": replies.billing_402(), "b": replies.ok()}) as (_, orchestrator):
        response = run(orchestrator)

    moves = [text.partition(": ")[2] for text in of(said, "DEBUG")]
    assert moves == [
        "ready → attempt a/model-of-a key#1, attempt 1 (Started: started_send)",
        "attempt → classify (Failed: failed)",
        "classify → eager_fallback (Diagnosed: billing_fallback)",
        "eager_fallback → attempt b/model-of-b key#1, attempt 2 (Switched: switched_send)",
        "attempt → succeed (Succeeded: answered)",
    ]
    assert [text.rpartition(": ")[2].rstrip(")") for text in moves] == list(response.ledger.rows)


def test_neither_secrets_nor_what_was_said_are_in_it(said: Said) -> None:
    logging.getLogger("orchestrator").setLevel(logging.DEBUG)
    key = canary("a", 1)
    scripts: dict[str, AnyScript] = {
        "a": refused(401, f"Invalid\n\x1b[31m key {key}"),
        "b": replies.ok("the answer"),
    }
    with world(scripts) as (_, orchestrator):
        run(orchestrator, {"messages": [{"role": "user", "content": "the question"}]})

    assert said
    for _, text in said:
        assert key not in text
        assert "the answer" not in text
        assert "the question" not in text
        assert text.isprintable()


class Breaking(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        raise OSError(record.getMessage())


@pytest.mark.usefixtures("said")
def test_a_handler_that_raises_costs_no_answer() -> None:
    logger, handler = logging.getLogger("orchestrator"), Breaking()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        with world({"a": replies.billing_402(), "b": replies.ok("ok")}) as (_, orchestrator):
            assert run(orchestrator).text == "ok"
    finally:
        logger.removeHandler(handler)


def test_made_up_calls_are_no_news(said: Said) -> None:
    with world({"a": replies.ok(), "b": replies.ok()}) as (_, orchestrator):
        config = orchestrator.config
    with Simulation(config, ScriptPlayer(parse("402, ok"))) as simulation:
        assert simulation.call().answered

    assert said == []


@CALLS
def test_a_models_name_forges_no_line(call: Any, said: Said) -> None:
    with world({"a": refused(404, "no such model"), "b": replies.ok()}) as (_, orchestrator):
        call(orchestrator, route=["a/m\nCRITICAL root: all is well\x1b[2J", "b/m"])

    assert said
    assert all(text.isprintable() for _, text in said)


def test_a_count_that_is_refused_benches_nobody_and_says_so_of_nobody(said: Said) -> None:
    with world({"a": replies.billing_402()}) as (providers, orchestrator):
        entry = attrs.evolve(orchestrator.config.providers["a"], dialect="anthropic-messages")
        config = attrs.evolve(orchestrator.config, providers={"a": entry})
        with Orchestrator(config) as counting:
            asked = Request(
                {"model": "a/m", "messages": [{"role": "user", "content": "hi"}]},
                dialect="anthropic-messages",
                operation=Operation.COUNT_TOKENS,
            )
            with pytest.raises(CallFailed):
                counting.run_request(asked)
        assert len(providers.received("a")) == 1

    assert of(said, "WARNING") == []
