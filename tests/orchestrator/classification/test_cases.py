"""The table of cases: what vendors document, and what must come out."""

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.classification import classify
from orchestrator.classification.pipeline import HINT_LONG_LIMIT
from orchestrator.states.error import Error
from orchestrator.states.reasons import SPECS, Reason

TABLE = Path(__file__).with_name("cases.jsonl")
CASES: list[dict[str, Any]] = [
    json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()
]
DECODED = [case for case in CASES if isinstance(case["body"], dict)]
FACTS = (
    "status",
    "headers",
    "body",
    "provider",
    "dialect",
    "exception",
    "message",
    "where",
    "now",
)


def classified(case: dict[str, Any]) -> Error:
    facts = {name: case[name] for name in FACTS if name in case}
    return classify(**{"now": 1_790_000_000.0, **facts})


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_documented_failure_gets_its_reason(case: dict[str, Any]) -> None:
    error = classified(case)

    assert error.reason in (case["reason"], *case.get("also_accept", ()))
    if "retry_after" in case:
        assert error.retry_after == pytest.approx(case["retry_after"])
    for name in ("scope", "repair"):
        if name in case:
            assert getattr(error, name) == case[name]


@pytest.mark.parametrize("case", DECODED, ids=[case["id"] for case in DECODED])
def test_a_body_reads_the_same_decoded_and_as_bytes(case: dict[str, Any]) -> None:
    sent = {**case, "body": json.dumps(case["body"]).encode()}

    assert classified(sent) == classified(case)


def test_every_reason_that_a_provider_can_cause_has_a_case() -> None:
    covered = {case["reason"] for case in CASES}

    assert covered == {str(reason) for reason in Reason} - {"deadline"}


def test_every_error_says_who_must_act() -> None:
    hints = {classified(case).hint for case in CASES}

    assert all(hint.endswith(".") and ":" in hint for hint in hints)


def test_the_message_is_the_providers_own_with_secrets_masked() -> None:
    key = "sk-proj-abcdefghijklmnopqrstuvwx0123456789"
    body = {"error": {"message": f"Incorrect API key provided: {key}.", "code": "invalid_api_key"}}

    error = classify(status=401, body=body, provider="openai")

    assert error.message.startswith("Incorrect API key provided: ")
    assert key not in repr(error)


def test_the_message_is_at_most_a_thousand_characters() -> None:
    error = classify(status=500, body={"error": {"message": "broken " * 2_000}})

    assert len(error.message) == 1_000


def test_an_unknown_failure_is_honest() -> None:
    error = classify(body={"error": {"message": "the frobnicator is sad"}}, where="sse")

    assert (error.reason, error.rule) == (Reason.UNKNOWN, "none")
    assert "[[providers.NAME.rules]]" in error.hint


def test_an_empty_403_leans_to_auth_and_never_revokes() -> None:
    bodies: tuple[str | bytes | dict[str, str] | None, ...] = (None, "", b"", {})
    for body in bodies:
        error = classify(status=403, body=body, provider="mistral")
        assert (error.reason, error.rule, error.revoked) == (
            Reason.AUTH,
            "status.403-empty",
            False,
        )


def test_a_refused_client_is_told_which_headers() -> None:
    body = {"error": {"message": "Upstream access forbidden", "type": "upstream_error"}}

    error = classify(status=502, body=body, provider="corp")

    assert error.reason is Reason.FORBIDDEN
    assert "User-Agent" in error.hint
    assert "X-Stainless-*" in error.hint


@pytest.mark.parametrize(
    "provider", [None, "openai", "azure", "dashscope", "databricks", "mistral", "siliconflow"]
)
@pytest.mark.parametrize("code", [None, "invalid_parameter_error", "InvalidParameter", "20015"])
def test_a_refusal_names_its_cure_whichever_rule_decides(
    provider: str | None, code: str | None
) -> None:
    message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."

    error = classify(
        status=400, body={"error": {"message": message, "code": code}}, provider=provider
    )

    assert (error.reason, error.repair) == (
        Reason.BAD_REQUEST,
        "max_tokens_to_max_completion_tokens",
    )


def test_only_a_bad_request_is_cured_by_changing_it() -> None:
    message = "Insufficient balance. Temperature is not supported."

    error = classify(status=402, body={"error": {"message": message}})

    assert (error.reason, error.repair) == (Reason.BILLING, None)


def test_a_short_delay_is_not_believed_of_a_billing_error() -> None:
    body = {"error": {"message": "Insufficient balance. Retry in 7.9s."}}

    error = classify(status=429, body=body, headers={"retry-after": "8"})

    assert (error.reason, error.retry_after) == (Reason.BILLING, None)


def test_a_billing_error_keeps_the_reset_it_names() -> None:
    message = "You have reached your specified API usage limits. You will regain access on "
    body = {"error": {"message": message + "2026-12-01 at 00:00 UTC."}}

    error = classify(status=400, body=body, provider="anthropic", now=1_796_000_000.0)

    assert error.reason is Reason.BILLING
    assert error.retry_after == 1_796_083_200.0 - 1_796_000_000.0


@pytest.mark.parametrize(
    ("wait", "hint"), [("8", SPECS[Reason.RATE_LIMIT].hint), ("133200", HINT_LONG_LIMIT)]
)
def test_a_limit_that_lasts_does_not_ask_to_send_more_slowly(wait: str, hint: str) -> None:
    error = classify(status=429, headers={"retry-after": wait}, body="")

    assert (error.reason, error.hint) == (Reason.RATE_LIMIT, hint)
