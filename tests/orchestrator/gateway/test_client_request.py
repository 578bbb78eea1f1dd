"""Requests of clients, as the server hands them over: what of their headers is refused."""

from __future__ import annotations

import pytest

from orchestrator.gateway.client_request import check_metadata
from orchestrator.serving.refusals import RequestRefused
from orchestrator.sim import replies
from tests.acceptance.world import HI
from tests.orchestrator.gateway.running import running

NAME = "x-orchestrator-metadata"


@pytest.mark.parametrize("value", ["yes", "true", "1", "", "enable", "x" * 5_000])
def test_metadata_is_asked_for_in_the_words_that_are_allowed(value: str) -> None:
    with pytest.raises(RequestRefused, match="allowed: enabled, disabled") as refused:
        check_metadata({NAME: value})

    assert refused.value.status == 400
    assert len(str(refused.value)) < 200


def test_who_asks_for_metadata_in_other_words_is_told_and_nobody_is_asked() -> None:
    with running({"a": replies.ok()}) as served, served.client() as client:
        statuses = {
            value: client.post(
                "/v1/chat/completions", json={"model": "default", **HI}, headers={NAME: value}
            ).status_code
            for value in ("yes", "enabled", "Disabled")
        }

        assert len(served.providers.received("a")) == 2
    assert list(statuses.values()) == [400, 200, 200]
