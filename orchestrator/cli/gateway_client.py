"""Client of a running gateway's control requests."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from orchestrator.gateway.control import RESTART, STATUS, GatewayStatus, RestartProgress
from orchestrator.gateway.instance import RunningInstance

SILENCE = 15.0
"""Seconds without a word after which a gateway is taken to hang: in a restart it speaks four
times a second."""

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked, not bound to
"""Where to ask who is bound to every address."""

T = TypeVar("T")

_CONFLICT = 409


class ControlFailed(Exception):
    """The gateway cannot be asked, or refuses; the text says why."""


class ControlRefused(ControlFailed):
    """The gateway is doing what keeps it from doing this too; the text says what."""


def read_status(running: RunningInstance) -> GatewayStatus:
    """What the gateway says of itself.

    Raises:
        ControlFailed: It says nothing.
    """
    with _asked("GET", STATUS, running) as response:
        return _read(response.read(), GatewayStatus)


def restart_gateway(running: RunningInstance, limit: float) -> Iterator[RestartProgress]:
    """Have a gateway restarted, and watch it.

    Args:
        running: The gateway.
        limit: Seconds that the new process has until it is ready.

    Raises:
        ControlFailed: It refuses, or falls silent.
    """
    silence = min(SILENCE, limit)
    with _asked("POST", f"{RESTART}?limit={limit:g}", running, silence) as response:
        while line := response.readline():
            yield _read(line, RestartProgress)


@contextmanager
def _asked(
    method: str, target: str, running: RunningInstance, silence: float = SILENCE
) -> Iterator[http.client.HTTPResponse]:
    instance = running.instance
    connection = http.client.HTTPConnection(
        _ANY.get(instance.host, instance.host), instance.port, timeout=silence
    )
    headers = {"Authorization": f"Bearer {running.token.reveal()}", "Connection": "close"}
    try:
        connection.request(method, target, headers=headers)
        response = connection.getresponse()
        if response.status == _CONFLICT:
            raise ControlRefused(_message(response.read()))
        if response.status != 200:
            raise ControlFailed(f"HTTP {response.status}: {_message(response.read())}")
        yield response
    except TimeoutError:
        raise ControlFailed(f"it said nothing for {silence:g} s") from None
    except (OSError, http.client.HTTPException) as error:
        words = getattr(error, "strerror", None) or type(error).__name__
        raise ControlFailed(f"its port {instance.port} cannot be asked: {words}") from None
    finally:
        connection.close()


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError):
        raise ControlFailed("what it says is not what a gateway says") from None


def _message(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return "no reason is given"
