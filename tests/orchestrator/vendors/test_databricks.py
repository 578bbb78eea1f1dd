"""Databricks: where the gateway of a workspace is, and what stands behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS
from orchestrator.vendors import EndpointUnknown
from orchestrator.vendors.databricks import GATEWAY_NAMESPACES, WORKSPACE_NAMESPACES, derive

AZURE = "https://adb-1234567890123456.7.azuredatabricks.net"
AWS = "https://dbc-1a2b3c4d-5e6f.cloud.databricks.com"
AZURE_GATEWAY = "https://1234567890123456.0.ai-gateway.azuredatabricks.net"


@pytest.mark.parametrize(
    ("environ", "gateway", "workspace"),
    [
        ({"DATABRICKS_HOST": AZURE}, AZURE_GATEWAY, AZURE),
        ({"DATABRICKS_HOST": f" {AZURE}/ "}, AZURE_GATEWAY, AZURE),
        ({"DATABRICKS_HOST": f"{AZURE}/?o=1234"}, AZURE_GATEWAY, AZURE),
        ({"DATABRICKS_HOST": AZURE.removeprefix("https://")}, AZURE_GATEWAY, AZURE),
        # The address says the id on Azure, so what else is set cannot point elsewhere.
        ({"DATABRICKS_HOST": AZURE, "DATABRICKS_WORKSPACE_ID": "9"}, AZURE_GATEWAY, AZURE),
        (
            {"DATABRICKS_HOST": AWS, "DATABRICKS_WORKSPACE_ID": "42"},
            "https://42.ai-gateway.cloud.databricks.com",
            AWS,
        ),
        (
            {"DATABRICKS_HOST": "https://x.azuredatabricks.net", "DATABRICKS_WORKSPACE_ID": "42"},
            "https://42.0.ai-gateway.azuredatabricks.net",
            "https://x.azuredatabricks.net",
        ),
        ({"DATABRICKS_WORKSPACE_ID": "42"}, "https://42.ai-gateway.cloud.databricks.com", None),
        ({"DATABRICKS_HOST": AWS}, None, AWS),
        ({"DATABRICKS_HOST": AZURE, "DATABRICKS_GATEWAY_HOST": "gw.corp"}, "https://gw.corp", None),
        ({"DATABRICKS_GATEWAY_HOST": f"{AWS}/ai-gateway/"}, f"{AWS}/ai-gateway", None),
        ({"DATABRICKS_GATEWAY_HOST": "http://127.0.0.1:81"}, "http://127.0.0.1:81", None),
        ({"DATABRICKS_HOST": AZURE, "DATABRICKS_GATEWAY_HOST": " "}, AZURE_GATEWAY, AZURE),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_gateway_comes_first_and_the_workspace_behind_it(
    environ: dict[str, str], gateway: str | None, workspace: str | None, dialect: str
) -> None:
    expected = []
    if gateway:
        expected.append(gateway + GATEWAY_NAMESPACES[dialect])
    if workspace:
        expected.append(workspace + WORKSPACE_NAMESPACES[dialect])

    endpoint = derive(environ, dialect, "")

    assert endpoint.base_urls == tuple(expected)
    assert (endpoint.path, endpoint.key_header) == ("", "authorization")


def test_both_namespaces_follow_the_dialect() -> None:
    environ = {"DATABRICKS_HOST": AZURE}

    assert derive(environ, "openai-chat", "").base_urls == (
        f"{AZURE_GATEWAY}/openai/v1",
        f"{AZURE}/serving-endpoints",
    )
    assert derive(environ, "anthropic-messages", "").base_urls == (
        f"{AZURE_GATEWAY}/anthropic/v1",
        f"{AZURE}/serving-endpoints/anthropic/v1",
    )


def test_a_configured_address_is_taken_as_it_is() -> None:
    endpoint = derive({"DATABRICKS_HOST": AZURE}, "gemini", "http://mine/x")

    assert (endpoint.base_urls, endpoint.key_header) == (("http://mine/x",), "authorization")


def test_without_a_variable_it_says_which_one_is_missing() -> None:
    with pytest.raises(EndpointUnknown, match="DATABRICKS_HOST is not set"):
        derive({}, "openai-chat", "")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"DATABRICKS_HOST": "ftp://x"}, "DATABRICKS_HOST"),
        ({"DATABRICKS_HOST": "https://"}, "DATABRICKS_HOST"),
        ({"DATABRICKS_HOST": "https://user:dapi-secret@x"}, "DATABRICKS_HOST"),
        ({"DATABRICKS_HOST": "https://x:port"}, "DATABRICKS_HOST"),
        ({"DATABRICKS_GATEWAY_HOST": "https://[x"}, "DATABRICKS_GATEWAY_HOST"),
        ({"DATABRICKS_HOST": AWS, "DATABRICKS_WORKSPACE_ID": "dapi-secret"}, "WORKSPACE_ID"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name_and_not_shown(
    environ: dict[str, str], named: str
) -> None:
    with pytest.raises(ValueError, match=named) as refused:
        derive(environ, "openai-chat", "")

    assert "secret" not in str(refused.value)


@given(st.dictionaries(st.sampled_from(["DATABRICKS_HOST", "DATABRICKS_GATEWAY_HOST"]), st.text()))
def test_any_text_gives_an_address_or_one_of_its_errors(environ: dict[str, str]) -> None:
    try:
        endpoint = derive(environ, "openai-chat", "")
    except (EndpointUnknown, ValueError):
        return
    assert all(one.startswith(("http://", "https://")) for one in endpoint.base_urls)
