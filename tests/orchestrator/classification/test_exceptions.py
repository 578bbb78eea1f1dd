"""Failures that arrive as exceptions: objects, names, and chains of them."""

import asyncio
import socket
import ssl

import httpx
import pytest

from orchestrator.classification import classify
from orchestrator.connections.errors import ProxyError
from orchestrator.connections.proxies import UnusableProxy
from orchestrator.connections.tls import UnusableCertificates
from orchestrator.states.reasons import Reason, Scope


def caused(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


CUT = "peer closed connection without sending complete message body (incomplete chunked read)"
OBJECTS: list[tuple[BaseException, Reason, str]] = [
    (httpx.ConnectTimeout("slow"), Reason.TIMEOUT, "timeout.connect-httpx"),
    (httpx.ReadTimeout(""), Reason.TIMEOUT, "timeout.read"),
    (httpx.WriteTimeout(""), Reason.TIMEOUT, "timeout.write"),
    (httpx.PoolTimeout(""), Reason.TIMEOUT, "timeout.pool"),
    (TimeoutError(), Reason.TIMEOUT, "transport.timed-out-type"),
    (asyncio.CancelledError(), Reason.CANCELLED, "transport.cancelled"),
    (
        httpx.ConnectError("[Errno 111] Connection refused"),
        Reason.CONNECTION,
        "transport.unreached-type",
    ),
    (httpx.ReadError(""), Reason.CONNECTION, "transport.closed-type"),
    (
        caused(httpx.ConnectError("x"), socket.gaierror(-2, "Name or service not known")),
        Reason.CONNECTION,
        "transport.dns",
    ),
    (
        caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError("bad")),
        Reason.CONNECTION,
        "transport.tls",
    ),
    (httpx.RemoteProtocolError(CUT), Reason.STREAM_INTERRUPTED, "transport.broken-stream"),
    (
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        Reason.CONNECTION,
        "transport.closed-type",
    ),
    (httpx.UnsupportedProtocol("no scheme"), Reason.CONNECTION, "transport.bad-url"),
    (httpx.DecodingError("gzip"), Reason.INVALID_RESPONSE, "transport.decoding"),
    (
        ConnectionResetError(104, "Connection reset by peer"),
        Reason.CONNECTION,
        "transport.closed-type",
    ),
    (OSError(28, "No space left on device"), Reason.CONNECTION, "transport.os-error"),
    (
        UnusableCertificates("SSL_CERT_FILE", "/corp.pem", "No such file or directory"),
        Reason.CONNECTION,
        "transport.unusable-route",
    ),
    (
        UnusableProxy("ALL_PROXY", "has a port that cannot be"),
        Reason.CONNECTION,
        "transport.unusable-route",
    ),
    (ValueError("a bug of the caller"), Reason.UNKNOWN, "none"),
]
NAMES = [repr(one[0]) for one in OBJECTS]


@pytest.mark.parametrize(("exception", "reason", "rule"), OBJECTS, ids=NAMES)
def test_an_exception_object(exception: BaseException, reason: Reason, rule: str) -> None:
    error = classify(exception=exception, where="exception")

    assert (error.reason, error.rule) == (reason, rule)


@pytest.mark.parametrize("limit", ["connect", "first_token", "idle", "total"])
def test_a_limit_of_ours_by_its_name(limit: str) -> None:
    error = classify(exception=f"timeout.{limit}", where="exception")

    assert (error.reason, error.rule) == (Reason.TIMEOUT, f"timeout.{limit}")


def test_dns_and_tls_say_what_to_look_at() -> None:
    dns = classify(exception="httpx.ConnectError", message="[Errno -2] Name or service not known")
    tls = classify(exception="httpx.ConnectError", message="[SSL: CERTIFICATE_VERIFY_FAILED]")

    assert "DNS" in dns.hint
    assert "certificate" in tls.hint


class Unprintable(RuntimeError):
    def __str__(self) -> str:
        raise ZeroDivisionError


def test_an_exception_that_cannot_be_printed_is_classified_all_the_same() -> None:
    assert classify(exception=Unprintable(), where="exception").reason is Reason.UNKNOWN


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first

    assert classify(exception=first, where="exception").message == "a: b"


def test_with_an_answer_the_answer_decides() -> None:
    error = classify(status=402, exception=TimeoutError(), body="Insufficient Balance")

    assert error.reason is Reason.BILLING


CLOSED: list[BaseException] = [
    httpx.ReadError("[Errno 104] Connection reset by peer"),
    httpx.WriteError("[Errno 32] Broken pipe"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    ConnectionResetError(104, "Connection reset by peer"),
    BrokenPipeError(32, "Broken pipe"),
    RuntimeError("socket hang up"),
    OSError("[WinError 10054] closed by the remote host"),
]
UNREACHED: list[BaseException] = [
    httpx.ConnectError("[Errno 111] Connection refused"),
    caused(httpx.ConnectError("reset"), ConnectionResetError(104, "Connection reset by peer")),
    caused(httpx.ConnectError("x"), socket.gaierror(-2, "Name or service not known")),
    caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError("bad")),
    ConnectionRefusedError(111, "Connection refused"),
    OSError(101, "Network is unreachable"),
]


@pytest.mark.parametrize("exception", CLOSED, ids=repr)
def test_who_closes_a_connection_with_a_request_on_it_was_reached(exception: BaseException) -> None:
    error = classify(exception=exception, where="exception")

    assert (error.reason, error.scope) == (Reason.CONNECTION, Scope.MODEL)
    assert "base_url" not in error.hint
    assert "reached" not in error.hint


@pytest.mark.parametrize("exception", UNREACHED, ids=repr)
def test_who_was_not_reached_is_the_whole_entry(exception: BaseException) -> None:
    error = classify(exception=exception, where="exception")

    assert (error.reason, error.scope) == (Reason.CONNECTION, None)


def test_bytes_that_an_exception_quotes_may_be_an_answers_own() -> None:
    said = "illegal status line: bytearray(b'the model said: Insufficient Balance, 402')"

    error = classify(exception=httpx.RemoteProtocolError(said), where="exception")

    assert error.reason is Reason.CONNECTION
    assert "Balance" not in error.message


@pytest.mark.parametrize("hidden", [True, False])
def test_what_an_exception_was_raised_from_none_of_is_no_evidence(*, hidden: bool) -> None:
    refused = ConnectionRefusedError(111, "Connection refused")
    refused.__context__, refused.__suppress_context__ = TimeoutError(), hidden

    error = classify(exception=refused, where="exception")

    assert error.reason is (Reason.CONNECTION if hidden else Reason.TIMEOUT)


@pytest.mark.parametrize("status", [402, 403, 404, 407, 429, 500])
@pytest.mark.parametrize("words", ["the proxy answered {}", "{0}", "Tunnel failed: {0} No"])
def test_what_a_proxy_answers_is_about_no_key_and_no_account(status: int, words: str) -> None:
    for kind in (ProxyError, httpx.ProxyError):
        error = classify(exception=kind(words.format(status)), where="exception")

        assert (error.reason, error.scope) == (Reason.CONNECTION, None)


def test_a_proxy_that_asks_for_a_login_asks_for_no_key_of_ours() -> None:
    said = "407 Proxy Authentication Required"

    for error in (
        classify(exception=httpx.ProxyError(said), where="exception"),
        classify(status=407, body=f"<html><title>{said}</title></html>"),
    ):
        assert error.reason is Reason.CONNECTION
        assert "login" in error.hint
