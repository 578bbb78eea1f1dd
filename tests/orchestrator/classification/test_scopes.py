"""Whose limit it is: the model that was sent, the account, or what the rule knows."""

import pytest

from orchestrator.classification import classify
from orchestrator.classification.scopes import names
from orchestrator.states.reasons import Reason, Scope


@pytest.mark.parametrize(
    ("text", "model", "named"),
    [
        ("Rate limit reached for gpt-4o on requests per min", "gpt-4o", True),
        ("Rate limit reached for GPT-4o: Limit 3.", "gpt-4o", True),
        ("limit reached for `gpt-4o`.", "gpt-4o", True),
        ("limit reached for openai/gpt-4o", "gpt-4o", True),
        ("limit reached for gpt-4o", "openai/gpt-4o", True),
        ("limit reached for openai/gpt-4o:free", "openai/gpt-4o:free", True),
        ("limit reached for gpt-4o-mini", "gpt-4o", False),
        ("limit reached for gpt-4o-2024-08-06", "gpt-4o", False),
        ("limit reached for chatgpt-4o", "gpt-4o", False),
        ("limit reached for gpt-4o:free", "gpt-4o", False),
        ("Rate limit reached for model o3", "o3", True),
        ("30 o3 requests", "o3", False),
        ("limit reached", "gpt-4o", False),
    ],
)
def test_a_name_is_the_whole_name(text: str, model: str, *, named: bool) -> None:
    assert names(text, model) is named


WORDS = "Too many requests for {whom}"


@pytest.mark.parametrize(
    ("whom", "scope"),
    [
        ("model m-1", Scope.MODEL),
        ("m-1 in organization org-1", Scope.MODEL),
        ("your organization", Scope.ACCOUNT),
        ("this account", Scope.ACCOUNT),
        ("your plan", Scope.ACCOUNT),
        ("workspace w", Scope.ACCOUNT),
        ("your team", Scope.ACCOUNT),
        ("m-2", None),
        ("now", None),
    ],
)
def test_a_rate_limit_says_whose_it_is(whom: str, scope: Scope | None) -> None:
    body = {"error": {"message": WORDS.format(whom=whom)}}

    error = classify(status=429, body=body, model="m-1")

    assert (error.reason, error.scope) == (Reason.RATE_LIMIT, scope)


def test_a_vendor_that_limits_by_model_means_the_model() -> None:
    body = {"error": {"message": WORDS.format(whom="your organization")}}

    assert classify(status=429, body=body, model="m", by_model=True).scope is Scope.MODEL


def test_only_a_rate_limit_is_the_models_for_its_name() -> None:
    body = {"error": {"message": "Insufficient balance for m-1"}}

    assert classify(status=402, body=body, model="m-1").scope is Scope.ACCOUNT
