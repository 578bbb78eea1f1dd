"""What made-up codes say by their words."""

import pytest

from orchestrator.classification import classify
from orchestrator.classification.code_words import meanings
from orchestrator.states.reasons import Reason


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("INSUFFICIENT_G1_CREDITS_BALANCE", {"means:billing"}),
        ("AccountOverdueError", {"means:billing"}),
        ("wallet-empty", {"means:billing"}),
        ("subscriptionExpired", {"means:plan"}),
        ("UsageQuotaReached", {"means:quota"}),
        ("ModelNotOpen", {"means:model"}),
        ("ExpiredAccessToken", {"means:auth"}),
        ("too_many_requests_in_burst", {"means:rate-limit"}),
        ("UpstreamBusy", {"means:overloaded"}),
        ("PromptTooLong", {"means:context"}),
        ("content_risk", {"means:content"}),
        ("image-oversized", {"means:payload"}),
        ("geo_restricted", {"means:region"}),
        ("malformedSchema", {"means:request"}),
    ],
)
def test_a_made_up_code_says_by_its_words_what_is_the_matter(code: str, said: set[str]) -> None:
    assert meanings(code) == said


@pytest.mark.parametrize(
    "code",
    ["", "429", "invalid_request_error", "api_error", "credit", "limit", "a b exceeded credits"],
)
def test_other_codes_say_nothing(code: str) -> None:
    assert meanings(code) == frozenset()


def test_one_word_is_not_both_what_it_is_about_and_what_is_the_matter() -> None:
    assert meanings("capacity") == frozenset()


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (429, "acme_prepaid_exhausted", Reason.BILLING),
        (403, "AcmeModelNotAllowed", Reason.MODEL_NOT_FOUND),
        (400, "acme_prompt_overflow", Reason.CONTEXT_OVERFLOW),
        (400, "AcmeTokenExpired", Reason.AUTH),
        (500, "acme_gpu_busy", Reason.OVERLOADED),
    ],
)
def test_a_code_of_nobody_decides_where_the_words_do_not(
    status: int, code: str, reason: Reason
) -> None:
    error = classify(status=status, body={"error": {"code": code, "message": "Rejected (7)."}})

    assert error.reason is reason


def test_words_of_money_in_flight_are_no_empty_account() -> None:
    body = {"code": "acme_budget_exceeded", "message": "Held by pending requests."}

    assert classify(status=429, body=body).reason is Reason.RATE_LIMIT
