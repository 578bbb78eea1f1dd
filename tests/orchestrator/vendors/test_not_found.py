"""A 404 is explained by the path that would have been right, and only where one is known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS
from orchestrator.vendors import explain_not_found

WORKSPACE = "https://adb-1.2.azuredatabricks.net"
GATEWAY = "https://1.0.ai-gateway.azuredatabricks.net"
NOT_FOUND = {"error_code": "ENDPOINT_NOT_FOUND", "message": "No API found for 'POST /x'."}


def test_every_dialect_has_a_path() -> None:
    assert all(one.shown_path.startswith("/") for one in DIALECTS.values())


@pytest.mark.parametrize(
    ("base_url", "dialect", "body", "says"),
    [
        # Row D1: the namespace of the dialect is missing.
        (f"{WORKSPACE}/serving-endpoints", "anthropic-messages", NOT_FOUND,
         f"set base_url to {WORKSPACE}/serving-endpoints/anthropic/v1"),
        (WORKSPACE, "openai-chat", NOT_FOUND, f"it asks {WORKSPACE}/serving-endpoints/chat/"),
        (GATEWAY, "anthropic-messages", NOT_FOUND, f"{GATEWAY}/anthropic/v1/messages"),
        (GATEWAY, "openai-responses", NOT_FOUND, f"{GATEWAY}/openai/v1/responses"),
        (f"{GATEWAY}/openai/v1", "openai-chat", str(NOT_FOUND),
         f"set base_url to {GATEWAY}/mlflow"),
        (f"{GATEWAY}/mlflow/v1", "openai-chat", NOT_FOUND, "check its name"),
        ("https://mine.openai.azure.com/openai?api-version=1", "openai-chat",
         {"error": {"code": "DeploymentNotFound"}}, "model is the deployment's name"),
        ("https://mine.openai.azure.com/openai?api-version=1", "openai-chat",
         {"error": {"code": "404", "message": "Resource not found"}},
         "set base_url to https://mine.openai.azure.com/openai/v1"),
        ("https://api.openai.com", "openai-chat", None,
         "set base_url to https://api.openai.com/v1 "),
        ("https://api.z.ai/api/paas/v4", "anthropic-messages", b"",
         "https://api.z.ai/api/anthropic/v1/messages"),
        ("http://llm.corp", "openai-chat", "404 page not found", "http://llm.corp/v1"),
    ],
)  # fmt: skip
def test_the_right_path_is_named(base_url: str, dialect: str, body: Any, says: str) -> None:
    explained = explain_not_found("corp", base_url, dialect, 404, body)

    assert explained is not None
    assert says in explained


@pytest.mark.parametrize(
    ("vendor", "base_url", "dialect", "status", "body"),
    [
        ("databricks", WORKSPACE, "openai-chat", 403, NOT_FOUND),
        ("databricks", f"{WORKSPACE}/serving-endpoints", "openai-chat", 404,
         {"error_code": "RESOURCE_DOES_NOT_EXIST"}),
        ("openai", "https://api.openai.com/v1", "openai-chat", 404,
         {"error": {"code": "model_not_found"}}),
        ("azure", "https://mine.openai.azure.com/openai/v1", "openai-chat", 404, {}),
        # A relay of a known vendor's name has its own paths.
        ("openai", "http://relay.corp/openai", "openai-chat", 404, {}),
        ("corp", "http://llm.corp/v1", "openai-chat", 404, {}),
        ("corp", "http://llm.corp", "unheard-of", 404, {}),
        ("corp", "http://llm.corp", "openai-chat", None, {}),
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_explained(
    vendor: str, base_url: str, dialect: str, status: int | None, body: Any
) -> None:
    assert explain_not_found(vendor, base_url, dialect, status, body) is None


@given(st.sampled_from(tuple(DIALECTS)), st.one_of(st.none(), st.text(), st.binary()))
def test_no_body_makes_it_raise(dialect: str, body: Any) -> None:
    assert "/serving-endpoints" in str(explain_not_found("x", WORKSPACE, dialect, 404, body))
