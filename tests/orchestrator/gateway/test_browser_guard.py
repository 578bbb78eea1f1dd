"""What a web page may send to a gateway on its reader's machine: nothing, unless it is allowed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.gateway.browser_guard import (
    check_content_type,
    check_host,
    check_origin,
    cors_headers,
    preflight_headers,
)
from orchestrator.header_rules import VALUE
from orchestrator.serving.refusals import RequestRefused
from tests.orchestrator.gateway.strangers import texts

HERE = (
    "localhost", "localhost:8400", "LocalHost:1", "127.0.0.1", "127.0.0.1:8400",
    "127.9.8.7", "[::1]", "[::1]:8400", "[0:0:0:0:0:0:0:1]:80",
)  # fmt: skip
ELSEWHERE = (
    None, "", "evil.test", "evil.test:8400", "localhost.evil.test", "127.0.0.1.evil.test", "127.1",
    "128.0.0.1", "0.0.0.0", "[::]:8400", "[::2]", "::1", "localhost:", "localhost:x",
    "localhost:123456", "localhost@evil.test", "evil.test#localhost", "localhost/", " localhost",
    "localhost\n", "localhost, evil.test", "[localhost]", "\u2460\u2461\u2466.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("host", HERE)
def test_this_machine_s_names_are_let_in(host: str) -> None:
    check_host(host, is_loopback=True)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_other_names_are_refused_on_loopback_alone(host: str | None) -> None:
    check_host(host, is_loopback=False)
    with pytest.raises(RequestRefused, match=r"\AHost is .*; allowed: localhost, 127") as error:
        check_host(host, is_loopback=True)

    assert (error.value.status, len(str(error.value).splitlines())) == (403, 1)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "localhost:8400"),
        (None, None),
        ("http://localhost:8400", "localhost:8400"),
        ("http://LOCALHOST:8400", "localhost:8400"),
        ("http://localhost", "localhost"),
        ("http://localhost:80", "localhost"),
        ("https://llm.corp", "llm.corp:443"),
        ("https://llm.corp", "llm.corp"),  # behind a proxy that speaks TLS
        ("http://[::1]:8400", "[::1]:8400"),
    ],
)
def test_no_page_and_our_own_are_let_in_and_need_no_leave(
    origin: str | None, host: str | None
) -> None:
    assert check_origin(origin, host) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.test", "localhost:8400"),
        ("http://localhost:3000", "localhost:8400"),
        ("http://127.0.0.1:8400", "localhost:8400"),
        ("https://localhost", "localhost:80"),
        ("null", "null"),
        ("", ""),
        ("file://", "localhost"),
        ("chrome-extension://localhost:8400", "localhost:8400"),
        ("http://localhost:8400@evil.test", "localhost:8400"),
        ("http://localhost:8400", None),
        ("http://localhost:8400, http://evil.test", "localhost:8400"),
    ],
)
def test_the_page_of_somebody_else_is_refused(origin: str, host: str | None) -> None:
    with pytest.raises(RequestRefused, match=r"\AOrigin is .*; allowed by \[gateway\] cors: none"):
        check_origin(origin, host)
    with pytest.raises(RequestRefused, match=r"cors: https://chat\.corp"):
        check_origin(origin, host, ["https://chat.corp"])
    assert check_origin(origin, host, ["*"]) == origin
    assert check_origin(origin, host, [origin]) == origin


def test_an_allowed_page_may_ask_and_read() -> None:
    allowed = ("https://chat.corp/", "http://dev:3000")
    for origin in ("https://chat.corp", "https://chat.corp:443", "http://dev:3000"):
        assert check_origin(origin, "llm.corp", allowed) == origin
    for origin in ("http://chat.corp", "https://chat.corp.evil.test", "http://dev:3001"):
        with pytest.raises(RequestRefused):
            check_origin(origin, "llm.corp", allowed)

    told = preflight_headers(
        "https://chat.corp", "Authorization, content-type,x\r\ny, ", is_private=True
    )
    assert told["access-control-allow-origin"] == "https://chat.corp"
    assert told["access-control-allow-headers"] == "authorization, content-type"
    assert told["access-control-allow-private-network"] == "true"
    assert "access-control-allow-private-network" not in preflight_headers("https://chat.corp")
    read = cors_headers("https://chat.corp", ["x-orchestrator-call-id"])
    assert read["access-control-allow-origin"] == "https://chat.corp"
    assert "x-orchestrator-call-id" in read["access-control-expose-headers"]
    assert "origin" in read["vary"]
    assert cors_headers(None) == preflight_headers(None, "x") == {}


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON", "application/json; charset=utf-8",
     'application/json;charset="UTF-8"', "application/json ; charset=US-ASCII; x=y"],
)  # fmt: skip
def test_json_is_let_in(kind: str) -> None:
    check_content_type(kind)


@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "text/plain; application/json", "application/json, text/plain", "application/json-seq",
     "application/vnd.api+json", "application/json; charset=utf-16", "json"],
)  # fmt: skip
def test_what_a_page_may_send_unasked_is_refused(kind: str | None) -> None:
    with pytest.raises(
        RequestRefused, match=r"Content-Type is .*; allowed: application/json"
    ) as got:
        check_content_type(kind)

    assert got.value.status == 415


@given(texts, texts, st.lists(texts, max_size=2), texts)
def test_whatever_comes_is_let_in_or_refused(
    origin: str, host: str, allowed: list[str], asked: str
) -> None:
    with contextlib.suppress(RequestRefused):
        check_host(host, is_loopback=True)
    with contextlib.suppress(RequestRefused):
        check_content_type(host)
    with contextlib.suppress(RequestRefused):
        answer = check_origin(origin, host, allowed)
        told = {**preflight_headers(answer, asked), **cors_headers(answer)}
        # What a stranger sent splits no answer in two.
        assert all(VALUE.fullmatch(value) for value in told.values())


@given(texts.filter(lambda host: host not in HERE))
def test_of_names_that_are_drawn_none_is_here(host: str) -> None:
    with pytest.raises(RequestRefused):
        check_host(host, is_loopback=True)
