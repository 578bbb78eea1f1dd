"""A provider's key goes into one header, as its dialect and its config say, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orchestrator.dialects import DIALECTS, dialect
from orchestrator.execution.auth import auth_of
from orchestrator.provider import Provider
from orchestrator.secrets import Secret

USUAL = {
    "openai-chat": ("authorization", "Bearer quiet"),
    "openai-responses": ("authorization", "Bearer quiet"),
    "anthropic-messages": ("x-api-key", "quiet"),
    "gemini": ("x-goog-api-key", "quiet"),
}
TOKEN = "sk-ant-oat01-x"
each = pytest.mark.parametrize("name", DIALECTS)


def sent(
    name: str,
    key: str = "quiet",
    *,
    key_header: str = "",
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a request to a provider that speaks the dialect of that name."""
    provider = Provider(
        "corp", name, "http://llm.corp/v1", key_header=key_header, headers=headers or {}
    )
    request = dialect(name).encode({}, provider=provider, model="m", overrides={})
    before = dict(request.headers)
    auth_of(provider, Secret(key)).sign(request)
    assert not [value for value in before.values() if "quiet" in value]
    assert "quiet" not in str(request.url)
    return request.headers


@each
def test_the_key_goes_into_the_dialects_own_header(name: str) -> None:
    header, value = USUAL[name]
    headers = sent(name)

    assert headers[header] == value
    assert [one for one in headers.values() if "quiet" in one] == [value]


@each
@pytest.mark.parametrize(
    ("header", "value"), [("api-key", "quiet"), ("authorization", "Bearer quiet")]
)
def test_a_providers_own_header_carries_the_key_and_no_other_does(
    name: str, header: str, value: str
) -> None:
    headers = sent(name, key_header=header)

    assert headers[header] == value
    assert [one for one in headers.values() if "quiet" in one] == [value]


@each
def test_without_a_key_no_header_is_sent(name: str) -> None:
    assert not {"api-key", USUAL[name][0]} & set(sent(name, "", key_header="api-key"))
    assert USUAL[name][0] not in sent(name, "")


@each
def test_a_header_that_the_config_sets_or_removes_stays_as_it_has_it(name: str) -> None:
    header = USUAL[name][0]

    assert header not in sent(name, headers={header.title(): ""})
    assert sent(name, headers={header.title(): "own"})[header] == "own"


def test_a_key_may_hold_any_character_that_a_header_can() -> None:
    assert sent("openai-chat", "naïve")["authorization"] == "Bearer naïve"


def test_a_subscriptions_token_authorizes_as_a_bearer() -> None:
    headers = sent("anthropic-messages", TOKEN)

    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["anthropic-beta"] == "oauth-2025-04-20"
    assert "x-api-key" not in headers


def test_a_providers_own_beta_header_replaces_the_one_that_a_token_needs() -> None:
    headers = sent("anthropic-messages", TOKEN, headers={"Anthropic-Beta": "a,oauth-2025-04-20"})

    assert headers["anthropic-beta"] == "a,oauth-2025-04-20"
