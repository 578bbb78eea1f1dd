"""A budget of retries that is empty: what calls do then, and where a person reads why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.config import ConfigError
from orchestrator.config.loading import from_mapping
from orchestrator.execution.call_facts import call_facts
from orchestrator.execution.call_log import CallLog
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.move_reasons import UNPAID, move_reasons
from orchestrator.gateway.inspector.board_page import board_page
from orchestrator.gateway.metrics import Metrics
from orchestrator.sim import ScriptedProviders, replies
from orchestrator.states import Error, Reason, Target
from tests.orchestrator.cli.entry import configured
from tests.orchestrator.execution.test_call_log import Said, of
from tests.orchestrator.execution.test_call_log import said as said  # noqa: PLC0414 - a fixture
from tests.orchestrator.gateway.played import Asked, Player

TEXT = """
[policy]
retry_budget = {budget}
[providers.corp]
dialect = "openai-chat"
base_url = "http://corp.test/v1"
credentials = ["made-up-key"]
[providers.other]
dialect = "openai-chat"
base_url = "http://other.test/v1"
credentials = ["another-key"]
[routes]
default = ["corp/m"]
both = ["corp/m", "other/m"]
"""
FAILING = "server_error, server_error, server_error, ok"


@pytest.fixture
def player() -> Player:
    """Calls under a budget of one retry."""
    return Player(text=TEXT.format(budget=20))


def rows(run: CallRun) -> list[str]:
    return [move.row for move in move_reasons(run.recorder.ledger)]


@pytest.mark.parametrize("observed", [False, True])
def test_a_call_makes_no_retry_that_cannot_be_paid_for(player: Player, *, observed: bool) -> None:
    run = player.play(Asked(FAILING, observed=observed))

    assert rows(run)[2:] == ["retry", "waited_send", "failed", "terminal"]
    assert call_facts(run).unpaid == [1]
    assert UNPAID in move_reasons(run.recorder.ledger)[-1].facts
    assert run.call.cause is not None
    assert run.call.cause.reason == "server_error"


def test_a_fallback_is_taken_all_the_same(player: Player) -> None:
    player.play(Asked(FAILING))

    assert rows(player.play(Asked("server_error, ok", route="both")))[2] == "fallback"


def test_without_a_budget_a_call_retries_as_its_policy_says() -> None:
    player = Player(text=TEXT.format(budget=0))

    for _ in range(3):
        assert rows(player.play(Asked("server_error, server_error, ok")))[-1] == "answered"
    assert not player.orchestrator.board.store.read().has_spent


def test_that_retries_are_paused_is_said_once_until_an_hour_goes_by_without_one(said: Said) -> None:
    log, error = CallLog(), Error(Reason.SERVER_ERROR, "test", 500, "oops")

    for now in (0.0, 3000.0, 6000.0, 9600.0):
        log.tell_paused_retries("0123456789", Target("corp", "m"), error, now)

    text = "retries at corp are paused: too many of them failed (now server_error (HTTP 500: oops))"
    rest = ", and answers fill their budget again; fallbacks go on as before"
    assert of(said, "WARNING") == [text + rest] * 2


def test_metrics_tell_what_is_left_and_what_was_refused(player: Player) -> None:
    metrics = Metrics(player.config, player.orchestrator.board, lambda: 0)
    metrics.finished(call_facts(player.play(Asked(FAILING))))

    text = metrics.exposition()[0].decode()

    assert 'orchestrator_retry_tokens{provider="corp"} 6.0' in text
    assert 'orchestrator_retry_tokens{provider="other"} 20.0' in text
    assert 'orchestrator_retries_refused_total{provider="corp"} 1.0' in text


def test_the_inspectors_board_tells_it(player: Player) -> None:
    player.play(Asked(FAILING))
    board = player.orchestrator.board

    page = board_page(board.snapshot(), player.config.providers, board.now())

    (corp,) = [one for one in page["providers"] if one["provider"] == "corp"]
    assert corp["retries"] == {"left": 6, "of": 20, "paused": True}


def test_status_tells_it_until_a_reset_and_explain_of_a_call(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.error(500, {"error": {"message": "oops"}})}) as providers:
        urls, extra = {"a": providers.url("a")}, "retry_budget = 20"
        place = configured(tmp_path, urls, ["a/m"], top='health = "file"', extra=extra)
        explained = place.run("run", "hi", "--explain")
        failed = place.run("run", "hi", "--json")
        shown, listed = place.run("status"), place.run("status", "--json")
        place.run("status", "--reset")
        after = place.run("status")

    assert UNPAID in " ".join((explained.out + explained.err).split())
    assert "; no retry: the retry budget of a is spent; " in failed.json["error"]["message"]
    assert "retries at a are paused: budget 6 of 20" in shown.out
    told = listed.json["entries"][0]
    assert (told["retry_tokens"], told["retry_budget"], told["retries_paused"]) == (6, 20, True)
    assert "budget" not in after.out


@pytest.mark.parametrize("wrong", [-1, True, "500", 1.5, 10**9])
def test_a_budget_is_a_whole_number(wrong: object) -> None:
    table = {"policy": {"retry_budget": wrong}, "routes": {"default": ["ollama/m"]}}

    with pytest.raises(ConfigError, match=r"policy.retry_budget: found .*allowed: a whole number"):
        from_mapping(table, {})


def test_the_budget_of_the_policy_is_that_of_every_provider() -> None:
    table = {"policy": {"retry_budget": 50}, "routes": {"default": ["ollama/m"]}}

    assert from_mapping(table, {}).providers["ollama"].retry_budget == 50
    assert json.dumps(from_mapping(table, {}).retry_budget) == "50"
