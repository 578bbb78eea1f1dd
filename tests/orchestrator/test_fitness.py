"""A target that cannot express the request is passed over, with the reason, unless it may drop."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.config import Config, loads
from orchestrator.fitness import split
from orchestrator.request import Request

SAID: dict[str, Any] = {"messages": [{"role": "user", "content": "word " * 400}], "seed": 7}


def config(more: str = "", first: str = "") -> Config:
    return loads(
        f"""
        {first}
        [providers.chat]
        base_url = "http://chat.test/v1"
        credentials = ["k-one"]
        [providers.messages]
        base_url = "http://messages.test/v1"
        dialect = "anthropic-messages"
        credentials = ["k-two"]
        {more}
        [routes]
        default = ["messages/m", "chat/c"]
        """,
        {},
    )


def names(found: Config, request: Request) -> tuple[list[str], list[str]]:
    fit, unfit = split(found.route(), request, found)
    return [target.name for target in fit], [each.target for each in unfit]


def test_what_another_dialect_cannot_express_is_not_lost_in_silence() -> None:
    found = config()

    _, (skipped,) = split(found.route(), Request(SAID), found)

    assert (skipped.target, skipped.reason, skipped.mark) == ("messages/m", "bad_request", "unfit")
    assert "anthropic-messages cannot express seed" in skipped.message


@pytest.mark.parametrize("drop", ['["seed"]', '["*"]'])
def test_the_policy_may_allow_to_drop_it(drop: str) -> None:
    assert names(config(first=f"[policy]\ndrop = {drop}"), Request(SAID)) == (
        ["messages/m", "chat/c"],
        [],
    )


def test_nothing_is_lost_at_a_target_of_the_same_dialect() -> None:
    asked = Request({"messages": [{"role": "user", "content": "hi"}], "logit_bias": {"5": 1}})

    assert names(config(), asked) == (["chat/c"], ["messages/m"])


def test_a_context_that_is_surely_too_small_is_passed_over() -> None:
    small = config('[targets."messages/m"]\ncontext = 100')
    large = config('[targets."messages/m"]\ncontext = 1000')
    asked = Request({"messages": SAID["messages"]})

    assert names(small, asked) == (["chat/c"], ["messages/m"])
    assert names(large, asked) == (["messages/m", "chat/c"], [])
