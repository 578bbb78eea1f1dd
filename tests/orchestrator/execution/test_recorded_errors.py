"""Exceptions that were recorded are classified as they were."""

from __future__ import annotations

import socket
import ssl

import httpx
import msgspec
import pytest

from orchestrator.classification import classify, exceptions
from orchestrator.classification.exceptions import words
from orchestrator.connections.errors import (
    ConnectError,
    PerformerLost,
    ReadError,
    StaleConnection,
    UnsendableRequest,
)
from orchestrator.connections.proxies import UnusableProxy
from orchestrator.connections.tls import UnusableCertificates
from orchestrator.execution.durable_data import RecordedError, read, write_result
from orchestrator.execution.recorded_errors import rebuild_error, record_error


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class Mumbling(Exception):
    def __str__(self) -> str:
        raise ValueError("nobody can print this")


RAISED = (
    ConnectError("[Errno 111] Connection refused"),
    caused(ConnectError("no"), socket.gaierror(-2, "Name or service not known")),
    caused(ReadError("closed"), ConnectionResetError(104, "Connection reset by peer")),
    StaleConnection(),
    PerformerLost("the worker went away"),
    UnsendableRequest("Illegal header value"),
    UnusableProxy("HTTPS_PROXY", "no address"),
    UnusableCertificates("verify", "/nowhere.pem", "no such file"),
    ssl.SSLCertVerificationError("certificate verify failed: self signed certificate"),
    httpx.ConnectTimeout("timed out"),
    TimeoutError("timed out"),
    OSError(28, "No space left on device"),
    Exception("peer closed connection without sending complete message"),
    Mumbling(),
)


@pytest.mark.parametrize("error", RAISED, ids=lambda each: type(each).__name__)
def test_it_is_told_apart_as_before(error: Exception) -> None:
    data = msgspec.json.decode(msgspec.json.encode(write_result(record_error(error, str))))
    again = rebuild_error(read(data, RecordedError))

    assert set(exceptions.names(again)) == set(exceptions.names(error))
    assert words(again) == words(error)
    assert isinstance(again, ConnectError) == isinstance(error, ConnectError)
    found, expected = classify(exception=again), classify(exception=error)
    assert (found.reason, found.rule) == (expected.reason, expected.rule)


def test_its_words_are_masked_with_those_of_its_causes() -> None:
    error = caused(ReadError("key-1 was refused"), OSError("at key-1"))
    recorded = record_error(error, lambda text: text.replace("key-1", "***"))

    assert "key-1" not in repr(recorded)
    assert recorded.cause is not None
    assert recorded.cause.text == "at ***"
