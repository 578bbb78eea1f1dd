"""A call that is played by its own policy is the same; by another, what differs is said."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.gateway.inspector.policy_text import own_policy
from orchestrator.gateway.inspector.replayed_call import MOST_LINES, replayed_call
from orchestrator.ledger import Ledger, Opened
from tests.orchestrator.gateway.played import Asked, Player, asked_calls

NO_RETRY = "[policy]\nattempts_per_target = 1"
NO_MOVES = "[policy.on]\nrate_limit = []\nserver_error = []\nbilling = []"
POLICIES = (NO_RETRY, NO_MOVES, "[policy]\nmax_attempts = 1")


def played(asked: Asked, policy: str | None = None) -> dict[str, Any]:
    """What a call comes to again, as the page gets it."""
    return again(Player().play(asked).recorder.ledger, policy)


def again(ledger: Ledger, policy: str | None = None) -> dict[str, Any]:
    opened = ledger[0]
    assert isinstance(opened, Opened)
    text = own_policy(opened.policy, opened.route) if policy is None else policy
    found: dict[str, Any] = json.loads(msgspec.json.encode(replayed_call(ledger, text)))
    return found


@settings(max_examples=25)
@given(st.lists(asked_calls, min_size=1, max_size=2))
def test_by_its_own_policy_a_call_is_the_same(calls: list[Asked]) -> None:
    player = Player()  # what a call met may be what an earlier one left on the board
    for asked in calls:
        ledger = player.play(asked).recorder.ledger
        found, same = again(ledger), again(ledger, "")
        assert found == same
        assert (found["difference"], found["changes"]) == ([], [])
        assert found["before"] == found["after"]
        assert found["before"]["path"] == str(ledger)
        assert [one["target"] for one in found["before"]["attempts"]] == [
            one.target for one in ledger.attempts
        ]


@settings(max_examples=30)
@given(asked_calls, st.sampled_from(POLICIES))
def test_any_call_can_be_played_by_any_policy(asked: Asked, policy: str) -> None:
    found = played(asked, policy)

    is_same = found["before"] == found["after"]
    assert (found["difference"] == []) == is_same
    assert [one["number"] for one in found["after"]["attempts"]] == [
        *range(1, len(found["after"]["attempts"]) + 1)
    ]
    assert sum(one["assumed"] for one in found["after"]["attempts"]) == found["after"]["assumed"]
    assert found["after"]["outcome"] in ("succeed", "fail_terminal")


def test_what_goes_otherwise_is_said_in_words() -> None:
    found = played(Asked("503*2, ok"), NO_RETRY)

    assert found["changes"] == ["attempts_per_target: 3 → 1"]
    before, after = found["before"]["attempts"], found["after"]["attempts"]
    assert before[0] == after[0]
    assert before[1]["target"] != after[1]["target"]
    assert any(line.startswith("attempt 2 went to ") for line in found["difference"])


def test_a_call_that_was_rescued_would_have_failed() -> None:
    found = played(Asked("402, ok"), "[policy.on]\nbilling = []")

    assert found["after"]["outcome"] == "fail_terminal"
    assert (found["after"]["reason"], found["after"]["stopped_by"]) == ("billing", "exhausted")
    assert "it would be failed with billing (stopped by exhausted)" in found["difference"][0]
    assert found["difference"][1].endswith("it would not be sent")


def test_what_no_record_tells_is_assumed_and_counted() -> None:
    # Long enough for all of them, however long the waits between them are drawn.
    policy = "[policy]\nmax_attempts = 150\nattempts_per_target = 150\ndeadline = '2h'"
    found = played(Asked("503*16"), policy)

    assert found["after"]["assumed"] > MOST_LINES
    assert f"{found['after']['assumed']} attempts of which no record tells" in str(
        found["difference"]
    )
    assert len(found["difference"]) < MOST_LINES + 6
    assert "more attempts that differ" in str(found["difference"])


def test_a_call_that_its_caller_left_ends_where_it_did() -> None:
    found = played(Asked("timeout, ok", steps=2))

    assert found["before"]["stopped_by"] == "cancelled"
    assert found["after"]["attempts"][-1]["seconds"] is not None
