"""Control requests: what the gateway's own user asks of it, on its own port under ``/control/``.

They bring the token of the instance's file (:mod:`.instance`), never a key of a user of the
gateway; without it they learn nothing, not even which paths there are.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Mapping
from typing import Literal, Protocol
from urllib.parse import parse_qs

import attrs
import msgspec

from orchestrator.clock import Clock, SystemClock
from orchestrator.gateway.handover import LIMIT, HandoverFailed, Successor
from orchestrator.gateway.instance import Instance
from orchestrator.health import AccountBalance
from orchestrator.secrets import Secret

PREFIX = "/control/"

STATUS = "/control/status"
RESTART = "/control/restart"

_METHODS = {STATUS: "GET", RESTART: "POST"}

_PACE = 0.25
"""Seconds from one line of progress to the next."""

_LONGEST_LIMIT = 3600.0

_ENCODER = msgspec.json.Encoder()


class ControlledGateway(Protocol):
    """What control requests need of a gateway."""

    @property
    def instance(self) -> Instance:
        """This start of it."""

    @property
    def keys_file(self) -> str:
        """The file of the keys that it asks for; empty where it asks for none."""

    @property
    def balances(self) -> Mapping[str, AccountBalance]:
        """What is known of the money of each provider, of those of whom anything is."""

    @property
    def audited(self) -> Mapping[str, int] | None:
        """How many calls were audited, by what came of it; ``None`` where none are."""

    @property
    def config_hash(self) -> str:
        """Of the config that new calls get."""

    @property
    def in_flight(self) -> int:
        """Calls that are under way, streams among them; control requests are none."""

    @property
    def streams(self) -> int:
        """Of those, the ones that are streamed."""

    @property
    def draining(self) -> bool:
        """Whether it accepts no more."""

    async def start_successor(self, limit: float) -> Successor:
        """See :func:`.handover.start_successor`."""

    async def drain(self) -> int:
        """Accept no more, let calls end up to the config's limit; how many were cut off then.

        The process ends after that; see :meth:`Control.finished`.
        """


@attrs.frozen
class GatewayStatus:
    """What a gateway says of itself.

    Attributes:
        instance: This start of it.
        now: Its wall clock (epoch).
        config: The hash of its config.
        in_flight: Calls under way.
        streams: Streams among them.
        draining: Whether it accepts no more.
        keys_file: The file of the keys that it asks for, empty where it asks for none; ``None``
            of an older gateway, which does not say.
        balances: What it knows of the money of each provider.
        audited: How many calls were audited, by what came of it (``held``, ``failed``,
            ``left_out``); ``None`` without ``serve --audit``.
    """

    instance: Instance
    now: float
    config: str
    in_flight: int
    streams: int
    draining: bool
    keys_file: str | None = None
    balances: Mapping[str, AccountBalance] = attrs.field(factory=dict)
    audited: Mapping[str, int] | None = None

    @property
    def uptime(self) -> float:
        """Seconds since it was started."""
        return max(0.0, self.now - self.instance.started)


@attrs.frozen
class RestartProgress:
    """One line of a restart's progress.

    Attributes:
        event: ``starting`` and ``draining`` come again while they last; ``ready`` ends the
            first, ``drained`` the second; ``failed``: nobody took over, and this one goes on.
        seconds: Since the phase began.
        instance: The new process's instance.
        pid: The new process.
        in_flight: Calls left.
        streams: Streams among them.
        cut: Calls that were cut off at the drain's limit.
        message: Why it failed.
    """

    event: Literal["starting", "ready", "draining", "drained", "failed"]
    seconds: float = 0.0
    instance: str = ""
    pid: int = 0
    in_flight: int = 0
    streams: int = 0
    cut: int = 0
    message: str = ""


@attrs.frozen
class ControlAnswer:
    """The answer to a control request.

    Attributes:
        status: The HTTP status.
        content_type: Of the body.
        body: Its parts, each to be sent as it comes.
        headers: Others.
    """

    status: int
    content_type: str
    body: AsyncIterator[bytes]
    headers: Mapping[str, str] = attrs.field(factory=dict)


class Control:
    """Answers control requests. Use it within one event loop.

    Args:
        gateway: What is controlled.
        token: What a request must bring.
        clock: Times a restart; the machine's own unless given.
    """

    def __init__(
        self, gateway: ControlledGateway, token: Secret, clock: Clock | None = None
    ) -> None:
        self._gateway = gateway
        self._token = token
        self._clock = SystemClock() if clock is None else clock
        self._restart: _Restart | None = None

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> ControlAnswer:
        """The answer to one request.

        Args:
            method: ``GET`` or ``POST``.
            target: The path, with its query.
            headers: Of the request, by lower-case name.
        """
        if not self._is_allowed(headers.get("authorization", "")):
            challenge = {"www-authenticate": 'Bearer realm="control"'}
            return _refused(401, "control requests bring the token of the instance", challenge)
        path, _, query = target.partition("?")
        if path not in _METHODS:
            return _refused(404, f"unknown path; allowed: {', '.join(_METHODS)}")
        if method != _METHODS[path]:
            allowed = {"allow": _METHODS[path]}
            return _refused(405, f"found {method}; allowed: {_METHODS[path]}", allowed)
        return self._status() if path == STATUS else self._begin(query)

    async def finished(self) -> None:
        """Wait until a restart has come to its end, and its last line was taken to be sent.

        Call it after a drain and before the process ends, with a time limit: a reader may be gone.
        """
        if self._restart is not None:
            await self._restart.finished()

    def _is_allowed(self, given: str) -> bool:
        scheme, _, token = given.partition(" ")
        # In constant time, and so as bytes: texts are compared so only where they are ASCII.
        is_token = hmac.compare_digest(token.strip().encode(), self._token.reveal().encode())
        return is_token and scheme.lower() == "bearer"

    def _status(self) -> ControlAnswer:
        gateway = self._gateway
        status = GatewayStatus(
            gateway.instance,
            self._clock.time(),
            gateway.config_hash,
            gateway.in_flight,
            gateway.streams,
            gateway.draining,
            gateway.keys_file,
            gateway.balances,
            gateway.audited,
        )
        return _whole(200, status)

    def _begin(self, query: str) -> ControlAnswer:
        limit = _limit(query)
        if limit is None:
            return _refused(400, f"limit: found {query!r}; allowed: seconds above 0")
        own = self._gateway.instance
        if own.supervisor:
            return _refused(409, f"its exit would end the service: {own.supervisor}; {own.instead}")
        if self._gateway.draining:
            return _refused(409, "the gateway is being stopped already")
        if self._restart is not None and not self._restart.has_failed:
            return _refused(409, "the gateway is being restarted already")
        self._restart = _Restart(self._gateway, limit, self._clock)
        return ControlAnswer(200, "application/x-ndjson", self._restart.lines())


class _Restart:
    """One restart. It goes on where nobody watches it any more."""

    def __init__(self, gateway: ControlledGateway, limit: float, clock: Clock) -> None:
        self._gateway = gateway
        self._limit = limit
        self._clock = clock
        self._began = clock.monotonic()
        self._drains = False
        self._told = asyncio.Event()
        self._ready: RestartProgress | None = None
        self.has_failed = False
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def lines(self) -> AsyncIterator[bytes]:
        """Its progress, line by line, to the end."""
        is_ready_told = False
        try:
            while not self._task.done():
                if self._ready is not None and not is_ready_told:
                    is_ready_told = True
                    yield _line(self._ready)
                yield _line(self._now())
                await asyncio.wait({self._task}, timeout=_PACE)
            if self._ready is not None and not is_ready_told:
                yield _line(self._ready)
            yield _line(self._task.result())
        finally:
            self._told.set()

    async def finished(self) -> None:
        """Wait for its end, and for the last line to be taken."""
        await asyncio.wait({self._task})
        await self._told.wait()

    async def _run(self) -> RestartProgress:
        try:
            successor = await self._gateway.start_successor(self._limit)
        except HandoverFailed as error:
            self.has_failed = True
            return RestartProgress("failed", self._passed(), message=str(error))
        self._ready = RestartProgress("ready", successor.seconds, successor.instance, successor.pid)
        self._began, self._drains = self._clock.monotonic(), True
        cut = await self._gateway.drain()
        return RestartProgress("drained", self._passed(), cut=cut)

    def _now(self) -> RestartProgress:
        if not self._drains:
            return RestartProgress("starting", self._passed())
        gateway = self._gateway
        passed = self._passed()
        return RestartProgress(
            "draining", passed, in_flight=gateway.in_flight, streams=gateway.streams
        )

    def _passed(self) -> float:
        return self._clock.monotonic() - self._began


def _limit(query: str) -> float | None:
    """The seconds that a new process has, ``None`` where they are none."""
    try:
        limit = float(parse_qs(query).get("limit", [str(LIMIT)])[-1])
    except ValueError:
        return None
    return min(limit, _LONGEST_LIMIT) if limit > 0 else None


def _refused(status: int, message: str, headers: Mapping[str, str] | None = None) -> ControlAnswer:
    return _whole(status, {"error": {"type": "control", "message": message}}, headers)


def _whole(status: int, value: object, headers: Mapping[str, str] | None = None) -> ControlAnswer:
    return ControlAnswer(status, "application/json", _once(_ENCODER.encode(value)), headers or {})


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _line(progress: RestartProgress) -> bytes:
    return _ENCODER.encode(progress) + b"\n"
