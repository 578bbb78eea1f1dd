"""Each failure says who must act (incident B2): statuses, name lookup, TLS, a closed port."""

from __future__ import annotations

import socket
import ssl
import threading

import pytest
import trustme

import orchestrator as library
from orchestrator import CallFailed, Orchestrator
from orchestrator.config.loading import loads
from orchestrator.sim import ClosedPort, Reply, ScriptedProviders, replies
from tests.acceptance.talking import listening
from tests.acceptance.world import (
    Call,
    arun,
    config_of,
    environment,
    failure,
    run,
    text_of,
    world,
)

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])

ONCE = "[policy]\nattempts_per_target = 1"

# A bare body, so that only the status speaks; then the reason, the class, and words of the hint.
STATUSES: tuple[tuple[Reply, str, type[CallFailed], tuple[str, ...]], ...] = (
    (replies.error(400, b"{}"), "bad_request", library.BadRequest, ("request", "correct")),
    (replies.error(401, b"{}"), "auth", library.AuthFailed, ("key", "check")),
    (replies.error(402, b"{}"), "billing", library.BillingExhausted, ("balance", "dashboard")),
    (replies.html_page(403, "Forbidden"), "forbidden", library.Refused, ("network", "header")),
    (replies.error(404, b"{}"), "model_not_found", library.Refused, ("model", "check")),
    (replies.error(408, b"{}"), "timeout", library.TimedOut, ("provider", "again")),
    (replies.error(413, b"{}"), "payload_too_large", library.ContextTooLong, ("smaller",)),
    (replies.error(429, b"{}"), "rate_limit", library.RateLimited, ("wait", "limit")),
    (replies.error(500, b"{}"), "server_error", library.Overloaded, ("provider", "again")),
    (replies.error(503, b"{}"), "overloaded", library.Overloaded, ("service", "wait")),
    (replies.error(529, b"{}"), "overloaded", library.Overloaded, ("provider", "wait")),
    (replies.empty(), "invalid_response", CallFailed, ("base_url",)),
    (replies.bad_key(), "auth", library.AuthFailed, ("key",)),
    (replies.forbidden_upstream(), "forbidden", library.Refused, ("header",)),
    (replies.context_overflow(), "context_overflow", library.ContextTooLong, ("context",)),
    (replies.quota_exhausted(), "billing", library.BillingExhausted, ("balance",)),
    (replies.reset(), "connection", library.ConnectionFailed, ("closed", "server")),
    (replies.closed(), "connection", library.ConnectionFailed, ("closed", "server")),
)


def tells(failed: CallFailed, words: tuple[str, ...]) -> None:
    """One readable line, that ends by saying who must act."""
    assert str(failed).isprintable()
    assert str(failed).endswith(failed.hint)
    for word in words:
        assert word in failed.hint.lower(), failed.hint


@pytest.mark.parametrize(
    ("reply", "reason", "kind", "words"),
    STATUSES,
    ids=[f"{reply.status}-{reason}" for reply, reason, _, _ in STATUSES],
)
def test_each_status_says_who_must_act(
    reply: Reply, reason: str, kind: type[CallFailed], words: tuple[str, ...]
) -> None:
    with world({"a": reply}, extra=ONCE) as (_, orchestrator):
        failed = failure(run, orchestrator)

    assert failed.reason == reason
    assert type(failed) is kind
    tells(failed, words)
    assert failed.attempts[-1].hint == failed.hint


def at(url: str) -> Orchestrator:
    return Orchestrator(loads(text_of({"a": url}, ["a/m"], extra=ONCE), environment("a")))


@both
def test_a_name_that_nobody_knows_says_to_check_the_address(call: Call) -> None:
    with at("https://llm.nowhere.invalid/v1") as orchestrator:
        failed = failure(call, orchestrator)

    assert failed.reason == "connection"
    tells(failed, ("base_url",))
    assert "a could not be reached" in str(failed)


@both
def test_a_port_where_nobody_listens_says_to_check_the_server(call: Call) -> None:
    with ClosedPort() as port, at(port.url) as orchestrator:
        failed = failure(call, orchestrator)

    assert failed.reason == "connection"
    tells(failed, ("base_url", "server"))
    assert len(failed.attempts) == 1


@both
def test_where_nobody_was_reached_the_address_is_told_and_nothing_that_may_be_secret(
    call: Call,
) -> None:
    with ClosedPort() as port:
        origin = port.url.partition("://")[2].partition("/")[0]
        url = f"http://{origin}/quiet-path/v1?token=quiet-query"
        with at(url) as orchestrator:
            failed = failure(call, orchestrator)

    assert failed.hint.endswith(f" The address is http://{origin}.")
    assert "quiet" not in str(failed)


@both
def test_a_proxy_that_is_set_is_named_where_nobody_was_reached(call: Call) -> None:
    with ClosedPort() as port:
        place = port.url.partition("://")[2].partition("/")[0]
        proxy = f'proxy = "http://ann:quiet-word-of-ann@{place}"'
        text = text_of({"a": "http://llm.corp.invalid/v1"}, ["a/m"], extra=ONCE)
        with Orchestrator(loads(f"{text}\n{proxy}", environment("a"))) as orchestrator:
            failed = failure(call, orchestrator)

    assert failed.reason == "connection"
    named = f" A proxy is set for this provider: {place} (proxy of the provider)."
    assert failed.hint.endswith(named)
    assert str(failed).count(named) == 1
    assert "quiet-word" not in str(failed)


@both
def test_a_certificate_that_nobody_vouches_for_is_a_connection_that_failed(call: Call) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedProviders({"a": replies.ok()}, ssl_context=context) as providers:
        with Orchestrator(config_of(providers, "a", ["a/m"], extra=ONCE)) as orchestrator:
            failed = failure(call, orchestrator)

        assert providers.received("a") == ()
    assert failed.reason == "connection"
    assert "certificate" in str(failed).lower()
    tells(failed, ())


@both
def test_a_server_that_speaks_no_tls_is_a_connection_that_failed(call: Call) -> None:
    def answer_in_plain_text(connection: socket.socket, _: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with (
        listening(answer_in_plain_text) as port,
        at(f"https://127.0.0.1:{port}/v1") as orchestrator,
    ):
        failed = failure(call, orchestrator)

    assert failed.reason == "connection"
    tells(failed, ())


def test_a_target_too_small_for_the_request_is_named() -> None:
    extra = '[targets."a/model-of-a"]\ncontext = 10'
    long = {"messages": [{"role": "user", "content": "x" * 1000}]}
    with world({"a": replies.ok()}, extra=extra) as (providers, orchestrator):
        failed = failure(run, orchestrator, long)

        assert providers.received("a") == ()
    assert isinstance(failed, library.NoTarget)
    assert failed.reason == "context_overflow"
    assert [each.target for each in failed.skipped] == ["a/model-of-a"]
    tells(failed, ("target",))


def test_every_class_that_can_be_raised_is_public() -> None:
    leaves = {kind.__name__ for kind in CallFailed.__subclasses__()}

    assert leaves <= set(library.__all__)
