"""The front door: what an agent author holds in hand."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator, Generator, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

import attrs

from orchestrator.api.embeddings import (
    Embeddings,
    EmbedInput,
    EmbedOptions,
    embeddings_of,
    read_embed,
)
from orchestrator.api.given_config import (
    config_of,
    meant,
    prepare_config,
    store_of,
    warned_of,
)
from orchestrator.api.options import (
    CallOptions,
    OrchestratorOptions,
    RequestLike,
    check_names,
    check_observer,
    check_transports,
    read_call,
)
from orchestrator.api.request import Request, listed_route
from orchestrator.api.response import Response
from orchestrator.api.routing import Routing, Wanted
from orchestrator.api.streams import AsyncChunkStream, ChunkStream
from orchestrator.clock import SystemClock
from orchestrator.config import loading as configuration
from orchestrator.config.config import Config
from orchestrator.connections.transports import Transports
from orchestrator.dialects.neutral import StreamEvent
from orchestrator.execution import blocking, tasks
from orchestrator.execution.balances import BalanceQuestions
from orchestrator.execution.blocking import BlockingConnection
from orchestrator.execution.call_errors import no_target
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.capabilities import (
    FitnessLog,
    partition_by_capability,
    without_key,
)
from orchestrator.execution.flow import flow
from orchestrator.execution.recorder import Recorder
from orchestrator.execution.runtime import Runtime, board_pool
from orchestrator.execution.tasks import TaskConnection
from orchestrator.health import AccountBalance, HealthBoard
from orchestrator.ledger import LedgerFile, Observer
from orchestrator.secrets import guard_logs
from orchestrator.states import Call, Policy, Target
from orchestrator.tracing import activation
from orchestrator.tracing.activation import TRACE_API

if TYPE_CHECKING:
    from orchestrator.execution.passthrough import PassthroughMessage

_TABLES = 'a whole config, such as {"health": "memory", …}, goes into Orchestrator.from_dict'


class Orchestrator:
    """Runs calls over the routes of one config. Safe from threads, tasks and sub-agents.

    Without a file: ``Orchestrator(routes={"default": ["deepseek/deepseek-v4-pro"]})``. Where
    nothing is said, each call names its own: ``Orchestrator().run("hi", route=["openai/…"])``.

    Args:
        config: What was read from a file (see :meth:`from_file`); else the rest says it.
        routes, providers, policy: What the tables of those names in a file would hold.
        options: ``transport``, ``async_transport``, ``store``, ``clock``, ``seed`` and
            ``observe``; see :class:`.OrchestratorOptions`.

    Raises:
        ConfigError: What the tables say cannot be used, or there is no store such as the config's
            ``health`` names.
        TypeError: There is no such option, what is given is no config, or both a config and
            tables are given.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        routes: Mapping[str, Sequence[str]] | None = None,
        providers: Mapping[str, Mapping[str, Any]] | None = None,
        policy: Mapping[str, Any] | None = None,
        **options: Unpack[OrchestratorOptions],
    ) -> None:
        tables = ("config", "routes", "providers", "policy")
        check_names("Orchestrator", options, OrchestratorOptions, tables, _TABLES)
        check_transports(options)
        check_observer(observe := options.get("observe"))
        handed_in = {"routes": routes, "providers": providers, "policy": policy}
        self.config = config = config_of(config, handed_in)
        # Before anything else, and here: the first call would do it while it holds an event loop.
        prepare_config(config)
        activation.prepare()
        self._clock = options.get("clock") or SystemClock()
        self._transports = Transports(
            options.get("transport"), options.get("async_transport"), self._clock
        )
        # One source of chance for jitter and pools, so that a seed repeats both, in their order.
        seed = options.get("seed")
        dice = None if seed is None else random.Random(seed)
        # Made here at the latest: the board asks it for the salt of this machine's hashes, which
        # all that follows is known by.
        given = options.get("store")
        store = store_of(config) if given is None else given
        pools = map(board_pool, config.providers.values())
        self.board = HealthBoard(pools, store, self._clock.time, dice)
        self.runtime = Runtime(
            dict(config.providers),  # a call may name known ones besides
            config.targets,
            self.board,
            self._clock,
            random.random if dice is None else dice.random,
        )
        self._routing = Routing(config, self.runtime)
        self.balance_questions = BalanceQuestions(self.runtime)
        self._fitness_log = FitnessLog()
        # httpx writes each address to its log, and the query of one may be a token.
        guard_logs(self.runtime.masker)
        ledger = None
        if config.ledger is not None:
            ledger = LedgerFile(config.ledger, config.ledger_max)
        self._observers = tuple(each for each in (ledger, observe) if each is not None)

    @classmethod
    def from_file(
        cls, path: str | Path | None = None, **options: Unpack[OrchestratorOptions]
    ) -> Self:
        """An orchestrator over the config file at ``path``, or the one that is found.

        Args:
            path: The file; where none is given, the one that :func:`orchestrator.run` would use.
            options: As for the class.

        Raises:
            ConfigError: There is no file, or it cannot be used; all problems are listed.
            TypeError: It is no path, or there is no such option.
        """
        check_names("from_file", options, OrchestratorOptions)
        if not isinstance(path, str | os.PathLike | None):
            raise TypeError(meant(path, "path", "a path"))
        return cls(warned_of(configuration.load(path)), **options)

    @classmethod
    def from_dict(cls, config: Mapping[str, Any], **options: Unpack[OrchestratorOptions]) -> Self:
        """An orchestrator over a mapping that holds what a config file would.

        Args:
            config: The tables and keys of the file, by their names.
            options: As for the class.

        Raises:
            ConfigError: It cannot be used; all problems are listed.
            TypeError: It is no mapping, or there is no such option.
        """
        check_names("from_dict", options, OrchestratorOptions)
        if not isinstance(config, Mapping):
            raise TypeError(meant(config, "config", "a mapping"))
        return cls(warned_of(configuration.from_mapping(config)), **options)

    def run(self, request: RequestLike, **options: Unpack[CallOptions]) -> Response:
        """Run a call to its end, blocking the thread.

        Args:
            request: A text (one message of the user), a mapping in chat-completions shape
                (``messages``, ``model``, ``tools``, …; unknown fields are passed through), or a
                :class:`Request`.
            route: A route of the config, ``provider/model``, or a list of targets to ask in
                that order; goes before ``model`` in the request. Without either: the route
                ``default``. A known provider needs no config but its key in the environment.
            timeout: The deadline in seconds, in place of the policy's.
            require_complete: True makes an answer that stopped at its length limit, and tool
                arguments that are no JSON, a failure.
            metadata: Anything; written to the ledger, never sent.
            observe: Called with each ledger entry as it happens.

        Raises:
            CallFailed: The call failed; catch its leaves to tell who must act.
            RequestError: The request is not one.
            ConfigError: No route is named, and there is none; or :class:`UnknownRoute`: there
                is no such route or target, and the text names the nearest.
            TypeError: There is no such option.
        """
        return self.run_request(*read_call("run", request, options))

    def run_request(self, request: Request, observe: Observer | None = None) -> Response:
        """Run a call for whatever ``request`` asks for, for those who read its answer themselves.

        Vectors and counts stand in ``raw`` of what it gives.
        """
        return self.run_call(self.begin_call(request, observe))

    def run_call(self, call: CallRun) -> Response:
        """Run ``call``, which :meth:`begin_call` gave, blocking the thread."""
        # A connection is one call's: it holds the answer that is open, and the transport what is
        # kept alive for others.
        connection = BlockingConnection(self._transports.blocking(), self._clock)
        return blocking.run(flow(call), connection)

    async def arun(self, request: RequestLike, **options: Unpack[CallOptions]) -> Response:
        """Run a call to its end, suspending the task; see :meth:`run`.

        Args:
            request: As for :meth:`run`.
            options: As for :meth:`run`.

        Raises:
            CallFailed: The call failed; catch its leaves to tell who must act.
        """
        return await self.arun_request(*read_call("arun", request, options))

    async def arun_request(self, request: Request, observe: Observer | None = None) -> Response:
        """The same as :meth:`run_request` for tasks."""
        return await self.arun_call(await self.abegin_call(request, observe))

    async def arun_call(self, call: CallRun) -> Response:
        """Run ``call``, which :meth:`begin_call` gave, suspending the task."""
        return await tasks.run(flow(call), await self.connect())

    async def connect(self) -> TaskConnection:
        """What performs the effects of one call in the running event loop."""
        return TaskConnection(await self._transports.asynchronous(), self._clock)

    def embed(self, texts: EmbedInput, **options: Unpack[EmbedOptions]) -> Embeddings:
        """Run a call for the vectors of texts, blocking the thread.

        Targets of another model than the route's first are passed over: their vectors lie in
        another space. A model is the same whatever stands before the last slash of its name.

        Args:
            texts: A text, a list of texts, or a mapping in the shape of OpenAI's request:
                ``{"input": …, "model": …, "dimensions": …}``.
            route: A route of the config, ``provider/model``, or a list of targets to ask in
                that order; goes before ``model`` in a mapping. Without either: the route
                ``default``.
            timeout: The deadline in seconds, in place of the policy's.
            metadata: Anything; written to the ledger, never sent.
            observe: Called with each ledger entry as it happens.

        Raises:
            CallFailed: The call failed, as for :meth:`run`.
            RequestError: The request is not one.
            UnknownRoute: There is no such route or target; the text names the nearest.
            TypeError: There is no such option.
        """
        return embeddings_of(self.run_request(*read_embed("embed", texts, options)))

    async def aembed(self, texts: EmbedInput, **options: Unpack[EmbedOptions]) -> Embeddings:
        """Run a call for the vectors of texts, suspending the task; see :meth:`embed`."""
        return embeddings_of(await self.arun_request(*read_embed("aembed", texts, options)))

    def stream(self, request: RequestLike, **options: Unpack[CallOptions]) -> ChunkStream:
        """Run a call whose answer comes in chunks; see :meth:`run`.

        ::

            with orchestrator.stream(request) as chunks:
                for chunk in chunks:
                    print(chunk.text, end="")
            print(chunks.response.usage)

        ``timeout`` bounds the time until the first content. Iterating raises what
        :meth:`run` raises, and :class:`StreamInterrupted` where the stream broke after
        content was delivered and the policy's ``on_interrupted`` does not say to go on.

        Args:
            request: As for :meth:`run`.
            options: As for :meth:`run`.
        """
        asked, observe = read_call("stream", request, options, stream=True)
        context = activation.caller_context()
        return ChunkStream(lambda: self.stream_events(asked, observe, context))

    def astream(self, request: RequestLike, **options: Unpack[CallOptions]) -> AsyncChunkStream:
        """Run a call whose answer comes in chunks, suspending the task; see :meth:`stream`.

        Args:
            request: As for :meth:`run`.
            options: As for :meth:`run`.
        """
        asked, observe = read_call("astream", request, options, stream=True)
        context = activation.caller_context()
        # Not before the first chunk is asked for: a stream that is never iterated is no call.
        return AsyncChunkStream(lambda: self.astream_events(asked, observe, context))

    def stream_events(
        self, request: Request, observe: Observer | None = None, context: object = None
    ) -> tuple[CallRun, Generator[Iterator[StreamEvent], None, None]]:
        """A streamed call as the events that came, for those who write a dialect themselves."""
        call = self.begin_call(request, observe, context)
        connection = BlockingConnection(self._transports.blocking(), self._clock)
        return call, blocking.drive(flow(call), connection)

    async def astream_events(
        self, request: Request, observe: Observer | None = None, context: object = None
    ) -> tuple[CallRun, AsyncGenerator[Iterator[StreamEvent], None]]:
        """The same for tasks."""
        call = await self.abegin_call(request, observe, context)
        return call, await self.astream_call(call)

    async def astream_call(
        self, call: CallRun, *, waits: bool = True
    ) -> AsyncGenerator[Iterator[StreamEvent], None]:
        """The events of ``call``, which :meth:`begin_call` gave, as they come.

        Args:
            call: The call.
            waits: False where it is to fail, by :class:`.WaitRefused`, before it waits.
        """
        transport = await self._transports.asynchronous()
        connection = TaskConnection(transport, self._clock, waits=waits)
        return tasks.drive(flow(call), connection)

    def balances(self, providers: Iterable[str] | None = None) -> Mapping[str, AccountBalance]:
        """Ask vendors how much money is left, one after the other, blocking the thread.

        Only those are asked that nobody of all processes has asked of late: every ``balance`` of
        the provider's config, each half minute while money keeps calls from it. No question
        costs anything, and none raises: what came of it stands in what is given. An account that
        its vendor calls empty is benched, and a top-up ends that.

        Args:
            providers: Their names; all whose vendor can be asked where none are given.

        Returns:
            What is known of the money of each: ``.said`` (``.amounts``, ``.usable``), ``.at``
            (epoch), ``.trouble``.
        """
        connection = BlockingConnection(self._transports.blocking(), self._clock)
        for asking in self.balance_questions.ask_due(providers):
            blocking.run(asking, connection)
        return self.balance_questions.known(providers)

    async def abalances(
        self, providers: Iterable[str] | None = None
    ) -> Mapping[str, AccountBalance]:
        """The same for tasks, some vendors at a time; see :meth:`balances`.

        Args:
            providers: As for :meth:`balances`.
        """
        if due := self.balance_questions.ask_due(providers):
            transport = await self._transports.asynchronous()
            await tasks.run_all(due, lambda: TaskConnection(transport, self._clock))
        return self.balance_questions.known(providers)

    def close(self) -> None:
        """Close what :meth:`run` keeps open. A running loop's connections: :meth:`aclose`."""
        # No end: a later call opens new ones.
        self._transports.close()
        self.board.close()

    async def aclose(self) -> None:
        """Close what :meth:`run` and :meth:`arun` keep open in this loop."""
        await self._transports.aclose()
        self.board.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def targets(self, wanted: str | Sequence[str] | None = None) -> tuple[Target, ...]:
        """The targets that a call asks, in order, where its request names ``wanted``.

        Args:
            wanted: A route of the config, ``provider/model``, or a list of those.

        Raises:
            ConfigError: Nothing is named, and there is no config; or what the environment says
                of a known provider cannot be used.
            UnknownRoute: There is no such route or target.
            RequestError: It is no route.
        """
        return self._routing.route(listed_route(wanted))

    async def _admit_in_task(self, wanted: Wanted) -> None:
        if unknown := self._routing.unknown(wanted):
            # Their modules are loaded, and a converter made: too long for an event loop.
            await asyncio.to_thread(self._routing.admit, unknown)

    def begin_call(
        self,
        request: Request,
        observe: Observer | None = None,
        context: object = None,
        *,
        is_traced: bool = True,
    ) -> CallRun:
        """A call that nobody runs yet, for a pump: nothing is taken, and nothing recorded.

        Args:
            request: What is asked for.
            observe: Called with each ledger entry.
            context: OpenTelemetry's, that its span belongs to; the current one unless given.
            is_traced: False where the caller sees to its spans.

        Raises:
            NoTarget: Nobody on the route can be asked.
            UnknownRoute: There is no such route or target.
        """
        observers = self._observers if observe is None else (*self._observers, observe)
        # In this order: the route may name who is admitted for it.
        route, config = self._routing.route(request.wants), self._routing.config
        fit, unfit = partition_by_capability(route, request, config)
        self._fitness_log.tell(unfit)
        # Told of on success too: a fallback that nobody can ask is found out before it is needed.
        unfit += self._routing.without_credential(request.wants)
        if not fit:
            # No machine was begun, so there is no record to close, and nothing to give back.
            raise no_target(unfit, Recorder("", observers), seconds=0.0)
        # Those that are not fit are none of the machine's: it would have to ask nobody about them.
        machine = Call(
            fit, self._policy(request), reasoning=request.reasoning, streamed=request.stream
        )
        runtime = self.runtime.of(request.operation)
        run = CallRun(runtime, request, machine, unfit=unfit, observers=observers)
        if is_traced and TRACE_API in sys.modules:  # else there is nobody to tell
            activation.trace_call(run, self.config.otel, context)
        return run

    def begin_passthrough(self, request: Request, message: PassthroughMessage) -> CallRun:
        """A call that passes ``message`` through to one provider; the caller sees to its spans.

        Args:
            request: What :func:`.passthrough_request` made.
            message: What is said.

        Raises:
            NoTarget: The provider has no credential.
        """
        from orchestrator.execution import passthrough

        route = self._routing.route(request.wants)
        if unfit := without_key(route, self._routing.config):
            raise no_target(unfit, Recorder("", self._observers), seconds=0.0)
        machine = Call(route, passthrough.passthrough_policy(self._policy(request)), streamed=True)
        runtime = self.runtime.of(request.operation)
        return passthrough.PassthroughRun(runtime, request, message, machine, self._observers)

    async def abegin_call(
        self,
        request: Request,
        observe: Observer | None = None,
        context: object = None,
        *,
        is_traced: bool = True,
    ) -> CallRun:
        """The same as :meth:`begin_call` for tasks."""
        await self._admit_in_task(request.wants)
        return self.begin_call(request, observe, context, is_traced=is_traced)

    @property
    def observers(self) -> tuple[Observer, ...]:
        """Who is told of each entry of every call: the ledger file, and who was handed in."""
        return self._observers

    def _policy(self, request: Request) -> Policy:
        if request.timeout is None:
            return self.config.policy
        return attrs.evolve(self.config.policy, deadline=request.timeout)
