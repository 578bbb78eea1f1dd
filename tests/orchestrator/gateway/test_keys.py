"""The keys of a running gateway, and how official clients show them."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

import anthropic
import google.genai
import google.genai.errors
import httpx2
import openai
import pytest
from google.genai.types import HttpOptions
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.clock import VirtualClock
from orchestrator.config.errors import ConfigError
from orchestrator.dialects import DIALECTS
from orchestrator.gateway.keys import (
    GatewayKey,
    KeyFile,
    KeyRing,
    check_routes,
    presented_key,
)
from orchestrator.serving.refusals import RequestRefused
from orchestrator.serving.respond import refused
from tests.orchestrator.gateway.strangers import headers, texts


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def ring_of(path: Path, *keys: GatewayKey) -> tuple[KeyRing, VirtualClock, list[str]]:
    tokens = [KeyFile(path).add(key) for key in keys]
    clock = VirtualClock()
    ring = KeyRing(path, clock)
    ring.load()
    return ring, clock, tokens


def test_a_key_is_found_and_nothing_else(path: Path) -> None:
    ci, laptop = GatewayKey("ci", rpm=3), GatewayKey("laptop")
    ring, _, tokens = ring_of(path, ci, laptop)

    assert [ring.find(token) for token in tokens] == [ci, laptop]
    for wrong in ("", "ork-", tokens[0][:-1], tokens[0] + "A", tokens[0].upper(), "\ud800"):
        assert ring.find(wrong) is None


def test_one_that_has_expired_is_told_apart(path: Path) -> None:
    ring, clock, (token,) = ring_of(path, GatewayKey("ci", expires=VirtualClock().now + 10))

    clock.advance(9.9)
    assert ring.find(token) is not None
    clock.advance(0.1)
    with pytest.raises(RequestRefused, match="the key 'ci' has expired") as error:
        ring.find(token)
    assert error.value.status == 401


def test_a_changed_file_is_noticed_within_a_second(path: Path) -> None:
    ring, clock, (old,) = ring_of(path, GatewayKey("old"))
    new = KeyFile(path).add(GatewayKey("new"))
    KeyFile(path).remove("old")

    assert ring.find(new) is None
    clock.advance(1.0)
    assert ring.find(new) == GatewayKey("new")
    assert ring.find(old) is None


@pytest.mark.parametrize("fault", ["damaged", "gone", "a folder"])
def test_a_file_that_cannot_be_read_any_more_leaves_the_old_keys_and_is_told_once(
    path: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    ring, clock, (token,) = ring_of(path, GatewayKey("ci"))
    sound = path.read_bytes()
    path.unlink()
    if fault == "damaged":
        path.write_text("{")
    elif fault == "a folder":
        path.mkdir()
    with caplog.at_level(logging.INFO, "orchestrator"):
        for _ in range(5):
            clock.advance(1.0)
            assert ring.find(token) is not None
        warned = [each for each in caplog.records if each.levelno == logging.WARNING]
        if fault == "a folder":
            path.rmdir()
        path.write_bytes(sound)
        clock.advance(1.0)
        assert ring.find(token) is not None

    assert len(warned) == 1
    assert str(path) in warned[0].getMessage()
    assert "keys that were read before go on" in warned[0].getMessage()
    assert "read again, it holds 1 key" in caplog.records[-1].getMessage()
    assert token not in caplog.text


def test_a_gateway_does_not_begin_with_a_damaged_file(path: Path) -> None:
    path.write_text("{")
    with pytest.raises(ConfigError, match="is no JSON"):
        KeyRing(path).load()
    with pytest.raises(ConfigError, match="no such file"):
        KeyRing(path.with_name("other.json")).load()


KEY = "ork-shown-by-a-client-of-ours"


@pytest.mark.parametrize(
    ("given_headers", "params"),
    [
        ({"Authorization": f"Bearer {KEY}"}, {}),
        ({"authorization": f"bearer  {KEY} "}, {}),
        ({"x-api-key": KEY}, {}),
        ([("X-Goog-Api-Key", KEY)], {}),
        ({}, {"key": KEY}),
        ([("x-api-key", KEY), ("authorization", f"Bearer {KEY}"), ("x-api-key", "")], {"key": KEY}),
    ],
)
def test_a_key_comes_as_each_client_sends_it(given_headers: Any, params: dict[str, str]) -> None:
    assert presented_key(given_headers, params) == KEY


def test_every_dialect_s_own_header_is_read() -> None:
    for dialect in DIALECTS.values():
        for form in dialect.keys:
            assert presented_key(form.headers(KEY), {}) == KEY


def test_without_a_key_there_is_none(path: Path) -> None:
    ring, *_ = ring_of(path, GatewayKey("ci"))

    assert presented_key({"authorization": "", "x-other": KEY}, {"keys": KEY}) is None
    with pytest.raises(RequestRefused, match=r"no key came; allowed: authorization: Bearer KEY"):
        ring.authenticate({}, {})
    with pytest.raises(RequestRefused, match="not known here"):
        ring.authenticate({"x-api-key": KEY}, {})


def test_two_keys_are_one_too_many_and_neither_is_repeated() -> None:
    with pytest.raises(RequestRefused, match="in authorization and in x-api-key; allowed") as error:
        presented_key([("authorization", f"Bearer {KEY}"), ("x-api-key", "other-of-ours")], {})
    with pytest.raises(RequestRefused, match="does not begin with 'Bearer'"):
        presented_key({"authorization": f"Basic {KEY}"}, {})

    assert KEY not in str(error.value)
    assert error.value.status == 401


@given(headers, st.dictionaries(st.just("key") | texts, texts, max_size=2))
def test_whatever_comes_is_a_key_none_or_refused(
    pairs: list[tuple[str, str]], params: dict[str, str]
) -> None:
    with contextlib.suppress(RequestRefused):
        found = presented_key(pairs, params)
        assert found is None or found.strip() == found != ""


def test_a_key_asks_what_it_may() -> None:
    key = GatewayKey("ci", routes=("default", "openai/*", "groq/llama"))

    for allowed in (None, "default", "openai/gpt-5", "groq/llama", ("default", "openai/x")):
        check_routes(key, allowed)
    with pytest.raises(
        RequestRefused,
        match=r"the key 'ci' may not ask 'defalt' \(did you mean 'default'\?\); "
        r"it may ask: default, openai/\*, groq/llama",
    ) as error:
        check_routes(key, "defalt")
    assert (error.value.status, error.value.reason) == (403, "forbidden")
    for other in ("groq/llama2", "openai", ("default", "groq/x"), "x" * 10**6):
        with pytest.raises(RequestRefused):
            check_routes(key, other)
    with pytest.raises(RequestRefused):
        check_routes(GatewayKey("ci", routes=("fast",)), None)
    check_routes(GatewayKey("ci"), "anything")
    check_routes(GatewayKey("ci", routes=("*",)), "anything")


# What the official clients make of it.


def gateway(ring: KeyRing, dialect: str) -> httpx2.Client:
    """A client of HTTP whose requests meet the ring alone; who is let in gets a 403."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        try:
            key = ring.authenticate(request.headers.multi_items(), request.url.params)
            check_routes(key, "elsewhere")
            raise AssertionError
        except RequestRefused as error:
            reply = refused(error, dialect)
        assert isinstance(reply.body, bytes)
        return httpx2.Response(reply.status, headers=reply.headers, content=reply.body)

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def ask_openai(key: str, client: httpx2.Client) -> Any:
    made = openai.OpenAI(
        api_key=key, base_url="http://gateway/v1", http_client=client, max_retries=0
    )
    made.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])


def ask_anthropic(key: str, client: httpx2.Client) -> Any:
    made = anthropic.Anthropic(
        api_key=key, base_url="http://gateway", http_client=client, max_retries=0
    )
    made.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}])


def ask_gemini(key: str, client: httpx2.Client) -> Any:
    made = google.genai.Client(
        api_key=key, http_options=HttpOptions(base_url="http://gateway", httpx_client=client)
    )
    made.models.generate_content(model="m", contents="hi")


CLIENTS = {
    "openai-chat": (ask_openai, openai.AuthenticationError, openai.PermissionDeniedError),
    "anthropic-messages": (
        ask_anthropic, anthropic.AuthenticationError, anthropic.PermissionDeniedError,
    ),
    "gemini": (ask_gemini, google.genai.errors.ClientError, google.genai.errors.ClientError),
}  # fmt: skip


def status_of(error: Any) -> object:
    """Under the name that the client has for it."""
    return getattr(error, "status_code", None) or error.code


@pytest.mark.parametrize("dialect", CLIENTS)
def test_an_official_client_raises_what_it_is(path: Path, dialect: str) -> None:
    ring, _, (token,) = ring_of(path, GatewayKey("ci", routes=("default",)))
    ask, unknown, forbidden = CLIENTS[dialect]

    with gateway(ring, dialect) as client:
        with pytest.raises(unknown, match="not known here") as wrong:
            ask("ork-wrong", client)
        with pytest.raises(forbidden, match="may not ask 'elsewhere'") as other:
            ask(token, client)
    assert [status_of(wrong.value), status_of(other.value)] == [401, 403]
