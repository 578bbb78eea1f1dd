"""The front door: what an agent author holds in hand."""

from __future__ import annotations

import atexit
import random
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs
import httpx

from orchestrator import config as configuration
from orchestrator.api.request import Request, RequestError, request_of
from orchestrator.api.response import Response
from orchestrator.api.streams import AsyncChunkStream, ChunkStream
from orchestrator.classification import prepare
from orchestrator.clock import Clock, SystemClock
from orchestrator.config.errors import ConfigError, Problem
from orchestrator.config.records import Config, Provider
from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import StreamEvent
from orchestrator.execution import blocking, tasks
from orchestrator.execution.blocking import BlockingConnection
from orchestrator.execution.call_errors import no_target
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.capabilities import FitnessLog, split, without_credential
from orchestrator.execution.flow import flow
from orchestrator.execution.recorder import Recorder
from orchestrator.execution.runtime import Runtime
from orchestrator.execution.tasks import TaskConnection
from orchestrator.execution.transports import Transports
from orchestrator.health import (
    HealthBoard,
    Pool,
    PoolCredential,
    Store,
    open_store,
)
from orchestrator.ledger import Entry, LedgerFile, Observer
from orchestrator.secrets import guard_logs
from orchestrator.states import Call, Policy


class Orchestrator:
    """Runs calls over the routes of one config. Safe from threads, tasks and sub-agents.

    Args:
        config: What :func:`orchestrator.config.load` read.
        transport: Any httpx transport, in place of the stock one, for :meth:`run`.
        async_transport: The same for :meth:`arun`.
        store: What the health board remembers in; the config's ``health`` by default.
        clock: The time to read, and to sleep by.
        seed: Makes jitter and the pools' ``random`` strategy repeat exactly.

    Raises:
        ConfigError: There is no store such as the config's ``health`` names.
    """

    def __init__(
        self,
        config: Config,
        *,
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
        store: Store | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        self.config = config
        _prepare(config)
        self._clock = clock or SystemClock()
        self._transports = Transports(transport, async_transport)
        dice = random.Random(seed)
        store = _store(config) if store is None else store
        self.board = HealthBoard(_pools(config), store, self._clock.time, dice)
        self.runtime = Runtime(
            config.providers, config.targets, self.board, self._clock, dice.random
        )
        self._fitness_log = FitnessLog()
        guard_logs(self.runtime.masker)
        self._ledger_file = LedgerFile(config.ledger) if config.ledger is not None else None

    @classmethod
    def from_file(cls, path: str | Path | None = None, **options: Any) -> Self:
        """An orchestrator over the config file at ``path``, or the one that is found.

        Raises:
            ConfigError: There is no file, or it cannot be used; all problems are listed.
        """
        return cls(configuration.load(path), **options)

    def run(
        self,
        request: Mapping[str, Any] | Request | str,
        *,
        route: str | None = None,
        timeout: float | None = None,
        require_complete: bool | None = None,
        metadata: Any = None,
        observe: Observer | None = None,
    ) -> Response:
        """Run a call to its end, blocking the thread.

        Args:
            request: A mapping in chat-completions shape, a :class:`Request`, or a text: one
                message of the user.
            route: A route of the config or ``provider/model``; goes before ``model``.
            timeout: The deadline in seconds, in place of the policy's. Like the policy's, it
                is shared: an attempt is left in time for the targets that stand by.
            require_complete: Make an answer that stopped at its length limit a failure.
            metadata: Anything; written to the ledger, never sent. What JSON cannot say is
                written as text, and cut where it is deep.
            observe: Called with each ledger entry as it happens.

        Raises:
            CallFailed: The call failed; catch its leaves to tell who must act.
            RequestError: The request is not one.
            UnknownRoute: There is no such route or target; the text names the nearest.
        """
        asked = request_of(
            request,
            route=route,
            timeout=timeout,
            require_complete=require_complete,
            metadata=metadata,
        )
        connection = BlockingConnection(self._transports.sync(), self._clock)
        return blocking.run(flow(self._call(asked, observe)), connection)

    async def arun(
        self,
        request: Mapping[str, Any] | Request | str,
        *,
        route: str | None = None,
        timeout: float | None = None,
        require_complete: bool | None = None,
        metadata: Any = None,
        observe: Observer | None = None,
    ) -> Response:
        """Run a call to its end, suspending the task; see :meth:`run`."""
        asked = request_of(
            request,
            route=route,
            timeout=timeout,
            require_complete=require_complete,
            metadata=metadata,
        )
        connection = TaskConnection(await self._transports.asynchronous(), self._clock)
        return await tasks.run(flow(self._call(asked, observe)), connection)

    def stream(
        self,
        request: Mapping[str, Any] | Request | str,
        *,
        route: str | None = None,
        timeout: float | None = None,
        require_complete: bool | None = None,
        metadata: Any = None,
        observe: Observer | None = None,
    ) -> ChunkStream:
        """Run a call whose answer comes in chunks; see :meth:`run`.

        ::

            with orchestrator.stream(request) as chunks:
                for chunk in chunks:
                    print(chunk.text, end="")
            print(chunks.response.usage)

        ``timeout`` bounds the time until the first content. Iterating raises what
        :meth:`run` raises, and :class:`StreamInterrupted` where the stream broke after
        content was delivered and the policy's ``on_interrupted`` does not say to go on.
        """
        asked = request_of(
            request,
            route=route,
            timeout=timeout,
            require_complete=require_complete,
            metadata=metadata,
            stream=True,
        )
        return ChunkStream(lambda: self.stream_events(_counted(asked), observe))

    def astream(
        self,
        request: Mapping[str, Any] | Request | str,
        *,
        route: str | None = None,
        timeout: float | None = None,
        require_complete: bool | None = None,
        metadata: Any = None,
        observe: Observer | None = None,
    ) -> AsyncChunkStream:
        """Run a call whose answer comes in chunks, suspending the task; see :meth:`stream`."""
        asked = request_of(
            request,
            route=route,
            timeout=timeout,
            require_complete=require_complete,
            metadata=metadata,
            stream=True,
        )
        return AsyncChunkStream(lambda: self.astream_events(_counted(asked), observe))

    def stream_events(
        self, request: Request, observe: Observer | None = None
    ) -> tuple[CallRun, Generator[StreamEvent, None, None]]:
        """A streamed call as the events that came, for those who write a dialect themselves."""
        call = self._call(request, observe)
        connection = BlockingConnection(self._transports.sync(), self._clock)
        return call, blocking.drive(flow(call), connection)

    def astream_events(
        self, request: Request, observe: Observer | None = None
    ) -> tuple[CallRun, AsyncGenerator[StreamEvent, None]]:
        """The same for tasks."""
        call = self._call(request, observe)
        return call, self._drive(call)

    async def _drive(self, call: CallRun) -> AsyncGenerator[StreamEvent, None]:
        connection = TaskConnection(await self._transports.asynchronous(), self._clock)
        async with aclosing(tasks.drive(flow(call), connection)) as events:
            async for event in events:
                yield event

    def close(self) -> None:
        """Close what :meth:`run` keeps open. A running loop's connections: :meth:`aclose`."""
        self._transports.close()
        self.board.close()

    async def aclose(self) -> None:
        """Close what :meth:`run` and :meth:`arun` keep open in this loop."""
        await self._transports.aclose()
        self.board.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _call(self, request: Request, observe: Observer | None) -> CallRun:
        """A call that nobody drives yet: nothing is taken, and nothing recorded."""
        observers = self._observers(observe)
        fit, unfit = split(self.config.route(request.wants), request, self.config)
        self._fitness_log.tell(unfit)
        if not fit:
            unfit += without_credential(request.wants, self.config)
            raise no_target(unfit, Recorder("", observers), seconds=0.0)
        machine = Call(
            fit, self._policy(request), reasoning=request.reasoning, streamed=request.stream
        )
        return CallRun(self.runtime, request, machine, unfit=unfit, observers=observers)

    def _policy(self, request: Request) -> Policy:
        if request.timeout is None:
            return self.config.policy
        return attrs.evolve(self.config.policy, deadline=request.timeout)

    def _observers(self, observe: Observer | None) -> tuple[Callable[[Entry], None], ...]:
        _check_observer(observe)
        return tuple(each for each in (self._ledger_file, observe) if each is not None)


def _check_observer(observe: object) -> None:
    if observe is not None and not callable(observe):
        kind = type(observe).__name__
        raise RequestError(f"observe is of type {kind}; allowed: a callable, given each entry")


def _counted(request: Request) -> Request:
    payload = dialect(request.dialect).ask_for_usage(request.payload)
    return attrs.evolve(request, payload=payload)


def _store(config: Config) -> Store:
    try:
        return open_store(config.health)
    except ValueError as error:
        raise ConfigError(str(config.path), [Problem("health", str(error))]) from None


def _prepare(config: Config) -> None:
    """Loads rules and dialects: the first call would do so while it holds an event loop."""
    providers = config.providers.values()
    spoken = {one.dialect for one in providers}
    prepare({one.vendor for one in providers}, spoken)
    for name in spoken:
        dialect(name)


def _pools(config: Config) -> tuple[Pool, ...]:
    return tuple(_pool(provider) for provider in config.providers.values())


def _pool(provider: Provider) -> Pool:
    credentials = tuple(
        PoolCredential(credential.label, credential.secret) for credential in provider.credentials
    )
    return Pool(provider.name, provider.base_url, credentials, provider.strategy, provider.accounts)


_lock = threading.Lock()
_default: Orchestrator | None = None


def default() -> Orchestrator:
    """The orchestrator over the config that is found; one for the whole process.

    Threads, tasks and sub-agents share it, so none of them loses its fallback chain.

    Raises:
        ConfigError: There is no config file, or it cannot be used.
    """
    global _default  # noqa: PLW0603 - the one shared thing, and the point of it
    with _lock:
        if _default is None:
            _default = Orchestrator.from_file()
            # Nobody else holds it, so nobody else can close its connections in order.
            atexit.register(_default.close)
        return _default
