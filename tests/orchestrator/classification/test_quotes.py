"""What a relay quotes: the innermost failure decides, and is none of our key or account."""

import json
from typing import Any

import httpx
import pytest

from orchestrator.classification import classify
from orchestrator.classification.covers import uncover
from orchestrator.states.reasons import Reason, Scope

MONEY = {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}
WRONG = {"error": {"message": "top_k must be positive", "type": "invalid_request_error"}}


def upstream(text: str) -> dict[str, Any]:
    return {"error": {"message": text, "type": "api_error"}}


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("upstream returned 400: top_k must be positive", 400, "top_k must be positive"),
        ("upstream error, code 422", 422, ""),
        ("Error code: 429 - slow down", 429, "slow down"),
        ("Error from provider (Acme): Too many requests", None, "Too many requests"),
        ("litellm.BadRequestError: AcmeException - no credit left", None,
         "AcmeException - no credit left"),
        ("AcmeException - no credit left", None, "no credit left"),
        ("got 529 Internal Server Error", 529, ""),
        ("[acme/one] [429]: wait", None, None),
        ("the tokens are 4000", None, None),
        ("nothing of the kind", None, None),
    ],
)  # fmt: skip
def test_what_stands_inside_a_cover(text: str, status: int | None, words: str | None) -> None:
    cover = uncover(text)

    if words is None:
        assert cover is None
    else:
        assert cover is not None
        assert (cover.status, cover.words) == (status, words)


@pytest.mark.parametrize("outer", [400, 429, 500, 502, 503, 529])
@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        ("upstream answered HTTP 400: tools.0.name is too long", Reason.BAD_REQUEST),
        ("upstream answered 503", Reason.OVERLOADED),
        (json.dumps(MONEY), Reason.BILLING),
        (json.dumps(WRONG), Reason.BAD_REQUEST),
        (json.dumps({"error": {"message": json.dumps(WRONG)}}), Reason.BAD_REQUEST),
        (f"Error code: 402 - {MONEY!r}", Reason.BILLING),
        ("upstream said: <html><title>403 Forbidden</title></html>", Reason.FORBIDDEN),
    ],
)
def test_the_innermost_failure_decides_over_the_covers_status(
    outer: int, inner: str, reason: Reason
) -> None:
    if reason is Reason.FORBIDDEN:
        inner = inner.replace("said:", "said 403:")

    assert classify(status=outer, body=upstream(inner)).reason is reason


QUOTED = [
    upstream(f"upstream returned 402: {MONEY['error']['message']}"),
    upstream("upstream returned 401"),
    upstream("Error from provider (Acme): rate limit reached"),
    upstream(json.dumps(MONEY)),
    {"error": {"code": 429, "message": "Provider returned error"}},
    {"error": {"code": 401, "metadata": {"raw": '{"error":{"code":"invalid_api_key"}}'}}},
    {"error": {"message": "Insufficient Balance", "type": "upstream_error"}},
    {"message": "failed", "upstreamBody": MONEY},
]


@pytest.mark.parametrize("body", QUOTED, ids=json.dumps)
@pytest.mark.parametrize("provider", ["openrouter", "corp", None])
def test_a_relays_own_trouble_marks_at_most_the_target(
    body: dict[str, Any], provider: str | None
) -> None:
    error = classify(status=500, body=body, provider=provider)

    assert error.reason in (Reason.BILLING, Reason.AUTH, Reason.RATE_LIMIT)
    assert (error.quoted, error.scope, error.revoked) == (True, Scope.MODEL, False)
    assert "relay" in error.hint


OWN: list[dict[str, Any]] = [
    {"status": 402, "body": MONEY, "provider": "openrouter"},
    {"status": 402, "body": MONEY, "provider": "corp"},
    {"status": 429, "body": upstream(json.dumps(MONEY)), "provider": "gemini"},
    {"status": 402, "body": {"error": {"code": "BILLING_ERROR", "message": "no",
                                       "details": {"upstreamPayload": MONEY}}}},
    {"exception": "openai.APIStatusError", "message": f"Error code: 402 - {MONEY!r}",
     "where": "exception"},
    {"status": 500, "body": upstream("upstream returned 400: top_k")},
]  # fmt: skip


@pytest.mark.parametrize("facts", OWN, ids=str)
def test_what_is_ours_or_nobodys_is_not_quoted(facts: dict[str, Any]) -> None:
    assert not classify(**facts).quoted


def test_an_exception_of_ours_quotes_the_provider_itself() -> None:
    error = classify(exception=httpx.HTTPError(f"Error code: 402 - {MONEY!r}"), where="exception")

    assert (error.reason, error.quoted) == (Reason.BILLING, False)
