"""What a provider's record changes in the request of each dialect: key header, path, fields."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import msgspec
import pytest

from orchestrator.config.records import DIALECT_NAMES, Provider
from orchestrator.dialects import dialect

USUAL = {
    "openai-chat": ("authorization", "Bearer quiet"),
    "openai-responses": ("authorization", "Bearer quiet"),
    "anthropic-messages": ("x-api-key", "quiet"),
    "gemini": ("x-goog-api-key", "quiet"),
}
CORP = Provider("corp", base_url="http://llm.corp/v1")


def sent(
    name: str, provider: Provider, payload: dict[str, Any] | None = None, **overrides: Any
) -> httpx.Request:
    return dialect(name).encode(
        payload or {}, provider=provider, model="a/b", overrides=overrides, secret="quiet"
    )


@pytest.mark.parametrize("name", DIALECT_NAMES)
def test_the_key_goes_into_the_dialects_own_header(name: str) -> None:
    header, value = USUAL[name]

    assert sent(name, CORP).headers[header] == value


@pytest.mark.parametrize("name", DIALECT_NAMES)
@pytest.mark.parametrize(
    ("header", "value"), [("api-key", "quiet"), ("authorization", "Bearer quiet")]
)
def test_a_providers_own_header_carries_the_key_and_no_other_does(
    name: str, header: str, value: str
) -> None:
    headers = sent(name, attrs.evolve(CORP, key_header=header)).headers

    assert headers[header] == value
    assert [one for one in headers.values() if "quiet" in one] == [value]


@pytest.mark.parametrize("name", DIALECT_NAMES)
def test_without_a_key_no_header_is_sent(name: str) -> None:
    request = dialect(name).encode(
        {}, provider=attrs.evolve(CORP, key_header="api-key"), model="m", overrides={}, secret=""
    )

    assert not {"api-key", USUAL[name][0]} & set(request.headers)


def test_a_deployment_is_named_by_the_path() -> None:
    provider = attrs.evolve(
        CORP,
        base_url="https://mine.openai.azure.com/openai?api-version=2024-10-21",
        path="deployments/{model}/chat/completions",
    )

    assert str(sent("openai-chat", provider).url) == (
        "https://mine.openai.azure.com/openai/deployments/a%2Fb/chat/completions"
        "?api-version=2024-10-21"
    )


def test_a_field_that_is_omitted_is_sent_only_where_overrides_name_it() -> None:
    provider = attrs.evolve(CORP, omitted=frozenset({"models"}))
    payload = {"messages": [], "models": ["x", "y"], "seed": 1}

    plain = msgspec.json.decode(sent("openai-chat", provider, payload).content)
    asked = msgspec.json.decode(sent("openai-chat", provider, payload, models=["z"]).content)

    assert plain == {"model": "a/b", "messages": [], "seed": 1}
    assert asked["models"] == ["z"]
    assert payload["models"] == ["x", "y"]
