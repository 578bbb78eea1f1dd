"""What a provider's record changes in the request of each dialect: path, fields."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from orchestrator.dialects import dialect
from orchestrator.http_messages import OutgoingRequest
from orchestrator.provider import Provider

CORP = Provider("corp", base_url="http://llm.corp/v1")


def sent(
    name: str, provider: Provider, payload: dict[str, Any] | None = None, **overrides: Any
) -> OutgoingRequest:
    return dialect(name).encode(payload or {}, provider=provider, model="a/b", overrides=overrides)


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
