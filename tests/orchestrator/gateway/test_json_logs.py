"""Each record is one JSON object on one line, with its call's id and without a secret."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.execution.call_log import CALL_ID
from orchestrator.gateway.json_logs import JsonLogFormatter
from orchestrator.gateway.log_writer import log_written
from orchestrator.sim import Reply, replies
from tests.acceptance.world import canary, run, world
from tests.orchestrator.gateway.running import running
from tests.orchestrator.gateway.serving_processes import CHAT, WORDS, serving
from tests.waiting import AMPLE

FORMATTER = JsonLogFormatter()


def record(text: Any, *arguments: object, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("orchestrator", logging.INFO, __file__, 1, text, arguments, None)
    vars(made).update(fields)
    return made


@contextmanager
def logged(level: int) -> Iterator[list[dict[str, Any]]]:
    """What the logger says, as a gateway writes it."""
    out, found = io.StringIO(), list[dict[str, Any]]()
    logger, handler = logging.getLogger("orchestrator"), logging.StreamHandler(out)
    handler.setFormatter(FORMATTER)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        found += map(json.loads, out.getvalue().splitlines())


@given(st.text(), st.text() | st.integers() | st.none())
def test_whatever_is_said_is_one_object_on_one_line(text: str, call: Any) -> None:
    line = FORMATTER.format(record("%s", text, **{CALL_ID: call}))
    said = json.loads(line)

    assert "\n" not in line
    assert list(said)[:4] == ["time", "level", "logger", "message"]
    assert ("call" in said) == isinstance(call, str)
    assert datetime.fromisoformat(said["time"]).tzinfo is not None
    assert said["time"].endswith("Z")


def test_half_a_character_and_what_cannot_be_formatted_are_written_all_the_same() -> None:
    assert json.loads(FORMATTER.format(record("a\ud800")))["message"] == "a?"
    said = json.loads(FORMATTER.format(record("%d of %d", "quiet-argument")))["message"]
    assert said == "a record that cannot be written: '%d of %d'"


def raised(words: str) -> Any:
    """What ``exc_info`` is while an exception with these words is handled."""
    try:
        int(words)
    except ValueError:
        return sys.exc_info()


def test_an_exception_stands_in_it() -> None:
    said = json.loads(FORMATTER.format(record("broke", exc_info=raised("two\nlines"))))

    assert said["exception"].startswith("Traceback (most recent call last)")
    assert said["exception"].endswith("base 10: 'two\\nlines'")


def test_a_call_is_told_by_its_id_and_without_a_secret() -> None:
    refused = Reply(402, '{"error": {"message": "no money on {credential}"}}')
    with (
        logged(logging.DEBUG) as found,
        world({"a": refused, "b": replies.ok("quiet-answer")}) as (_, orchestrator),
    ):
        call = run(orchestrator, {"messages": [{"role": "user", "content": "quiet-prompt"}]})
    text = json.dumps(found)

    levels = {"DEBUG", "INFO", "WARNING"}
    assert {said["level"] for said in found} == levels
    about = [said for said in found if said["logger"] == "orchestrator"]
    assert {said.get("call") for said in about} == {call.ledger.call}
    assert "no money on" in text
    assert canary("a", 1) not in text
    assert "quiet-" not in text


def test_a_known_secret_is_masked_wherever_it_stands() -> None:
    secret = canary("a", 1)
    with world({"a": replies.ok()}):
        line = FORMATTER.format(record("said %s", secret, exc_info=raised(secret)))

    assert set(json.loads(line)) == {"time", "level", "logger", "message", "exception"}
    assert secret not in line


PROMPT = "quiet-prompt"
ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": PROMPT}]}


def ask_all_kinds(client: httpx.Client) -> list[str]:
    """A rescued call, a failed one, a rescued stream, and no request; the ids of the calls."""
    told = [
        client.post(CHAT, json=ASKED),
        client.post(CHAT, json={**ASKED, "model": "broke/m"}),
        client.post(CHAT, json={**ASKED, "stream": True}),
        client.post(CHAT, content=f'{{"messages": "{PROMPT}', headers=AS_JSON),
    ]
    assert [each.status_code for each in told] == [200, 402, 200, 400]
    return [each.headers["x-orchestrator-call-id"] for each in told[:3]]


AS_JSON = {"content-type": "application/json"}


def test_a_process_writes_objects_alone_and_no_word_of_a_request(tmp_path: Path) -> None:
    with (
        serving(tmp_path, ["broke/m", "up/m"], options=("--log", "json")) as gateway,
        httpx.Client(base_url=gateway.url, trust_env=False, timeout=AMPLE) as client,
    ):
        calls = ask_all_kinds(client)
    text = gateway.log.read_text("utf-8")
    found = [json.loads(line) for line in text.splitlines()]
    rescued, failed, _ = calls

    assert all(list(said)[:4] == ["time", "level", "logger", "message"] for said in found)
    assert "config: orchestrator.toml" in found[0]["message"]
    about = [said for said in found if "call" in said]
    assert {said["call"] for said in about} <= set(calls)
    left = next(said for said in about if " left " in said["message"])
    assert (left["call"], left["target"], left["to"]) == (rescued, "broke/m", "up/m")
    assert (left["reason"], left["status"]) == ("billing", 402)
    ended = next(said for said in about if " failed after " in said["message"])
    assert (ended["call"], ended["route"], ended["reason"]) == (failed, "broke/m", "billing")
    assert (ended["attempts"], ended["stopped_by"]) == (0, "exhausted")  # its bench was known
    assert PROMPT not in text
    assert WORDS not in text


def test_no_word_of_a_request_is_in_it_at_any_level() -> None:
    scripts = {"broke": replies.billing_402(), "up": replies.ok("quiet-answer")}
    with logged(logging.DEBUG) as found, running(scripts) as gateway, gateway.client() as client:
        calls = ask_all_kinds(client)
    text = json.dumps(found)

    assert {said["call"] for said in found if "call" in said} == set(calls)
    moves = [said for said in found if said["level"] == "DEBUG" and "row" in said]
    assert {"started_send", "billing_fallback"} <= {said["row"] for said in moves}
    assert "quiet-" not in text


def test_what_other_libraries_warn_of_is_an_object_too(capfd: pytest.CaptureFixture[str]) -> None:
    with log_written("json"):
        logging.getLogger("asyncio").error("a task broke", exc_info=raised("no number"))
        logging.getLogger("chatty").info("nobody needs this")
    [line] = capfd.readouterr().err.splitlines()

    assert json.loads(line)["logger"] == "asyncio"
    assert "no number" in json.loads(line)["exception"]
