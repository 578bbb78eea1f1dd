"""Azure OpenAI: the v1 API, deployment paths, and what each needs."""

from __future__ import annotations

import pytest

from orchestrator.vendors import Endpoint, EndpointUnknown
from orchestrator.vendors.azure import DEPLOYMENT_PATH, derive

RESOURCE = "https://mine.openai.azure.com"


def dated(version: str) -> dict[str, str]:
    return {"AZURE_OPENAI_ENDPOINT": f"{RESOURCE}/", "OPENAI_API_VERSION": version}


@pytest.mark.parametrize("version", ["", " ", "v1", "latest", "preview"])
def test_without_a_dated_version_it_is_the_v1_api(version: str) -> None:
    assert derive(dated(version), "openai-chat", "") == Endpoint(
        (f"{RESOURCE}/openai/v1",), key_header="api-key"
    )


def test_a_dated_version_has_deployment_paths() -> None:
    assert derive(dated("2024-10-21"), "openai-chat", "") == Endpoint(
        (f"{RESOURCE}/openai?api-version=2024-10-21",), DEPLOYMENT_PATH, "api-key"
    )


def test_responses_are_spoken_by_the_v1_api_alone() -> None:
    endpoint = derive(dated("2024-10-21"), "openai-responses", "")

    assert (endpoint.base_urls, endpoint.path) == ((f"{RESOURCE}/openai/v1",), "")


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        (RESOURCE, f"{RESOURCE}/openai/v1"),
        (f"{RESOURCE}/openai", f"{RESOURCE}/openai/v1"),
        (f"{RESOURCE}/openai/v1", f"{RESOURCE}/openai/v1"),
        (
            f"{RESOURCE}/openai/deployments/d?api-version=2024-10-21",
            f"{RESOURCE}/openai/deployments/d?api-version=2024-10-21",
        ),
    ],
)
def test_a_configured_address_is_completed_where_it_names_only_the_resource(
    base_url: str, expected: str
) -> None:
    assert derive({}, "openai-chat", base_url).base_urls == (expected,)


def test_without_a_resource_it_says_which_variable_is_missing() -> None:
    with pytest.raises(EndpointUnknown, match="AZURE_OPENAI_ENDPOINT is not set"):
        derive({}, "openai-chat", "")


@pytest.mark.parametrize(
    ("environ", "dialect", "named"),
    [
        ({"AZURE_OPENAI_ENDPOINT": "mine"}, "openai-chat", "AZURE_OPENAI_ENDPOINT"),
        ({"AZURE_OPENAI_ENDPOINT": "https://k:v@mine"}, "openai-chat", "AZURE_OPENAI_ENDPOINT"),
        (dated("2024 10"), "openai-chat", "OPENAI_API_VERSION"),
        (dated(""), "gemini", "gemini"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    environ: dict[str, str], dialect: str, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        derive(environ, dialect, "")
