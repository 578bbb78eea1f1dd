"""Refusals of a caller, as HTTP answers in its dialect."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from orchestrator.dialects import DIALECTS
from orchestrator.serving.refusals import RequestRefused
from orchestrator.serving.respond import refused


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("status", "reason", "wait"),
    [(401, "auth", None), (403, "forbidden", None), (429, "rate_limit", 2.1)],
)
def test_a_refusal_is_told_in_the_caller_s_dialect(
    dialect: str, status: int, reason: str, wait: float | None
) -> None:
    reply = refused(RequestRefused(status, reason, "not for you", wait), dialect)

    assert isinstance(reply.body, bytes)
    body: dict[str, Any] = json.loads(reply.body)
    assert reply.status == status
    assert body["error"]["message"] == "not for you"
    assert reply.headers["x-orchestrator-reason"] == reason
    assert reply.headers["x-orchestrator-attempts"] == "0"
    assert reply.headers.get("retry-after") == (None if wait is None else "3")
    assert reply.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


def test_it_says_the_same_after_a_journey() -> None:
    error = pickle.loads(pickle.dumps(RequestRefused(429, "rate_limit", "later", 0.2)))

    assert str(error) == "later"
    assert (error.status, error.reason, error.retry_after) == (429, "rate_limit", 0.2)
    assert error.headers == {"retry-after": "1"}
