"""The transport: one HTTP request in, one call of the machine, one HTTP answer out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from orchestrator.api.client import Orchestrator
from orchestrator.api.default import default, default_in_task
from orchestrator.api.errors import CallFailed
from orchestrator.api.options import check_observer
from orchestrator.api.request import Request, listed_route
from orchestrator.api.response import Response
from orchestrator.clock import SystemClock
from orchestrator.dialects import DIALECTS
from orchestrator.execution.call_run import CallRun
from orchestrator.ledger import Observer
from orchestrator.serving import call_headers
from orchestrator.serving.body_streams import REFUSED, AsyncBody, EventWriter, SyncBody
from orchestrator.serving.httpx_compat import library_of
from orchestrator.serving.model_list import is_model_list, model_list
from orchestrator.serving.parse import (
    HttpRequest,
    called_at,
    client_dialect,
    client_patience,
    parse_request,
)
from orchestrator.serving.respond import (
    NO_RETRY,
    HttpReply,
    answer,
    json,
    refused,
    request_ids,
    stream,
)

if TYPE_CHECKING:
    # A type checker lets clients of both libraries take it; only one of them is needed.
    import httpx2

    class _Transport(
        httpx.BaseTransport,
        httpx.AsyncBaseTransport,
        httpx2.BaseTransport,
        httpx2.AsyncBaseTransport,
    ):
        def __enter__(self) -> Self: ...

        def __exit__(
            self,
            exc_type: type[BaseException] | None = None,
            exc_value: BaseException | None = None,
            traceback: TracebackType | None = None,
        ) -> None: ...

        async def __aenter__(self) -> Self: ...

        async def __aexit__(
            self,
            exc_type: type[BaseException] | None = None,
            exc_value: BaseException | None = None,
            traceback: TracebackType | None = None,
        ) -> None: ...

        def handle_request(self, request: Any) -> Any: ...

        async def handle_async_request(self, request: Any) -> Any: ...

else:

    class _Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
        pass


_log = logging.getLogger("orchestrator")


def transport(
    orchestrator: Orchestrator | None = None,
    *,
    route: str | Sequence[str] | None = None,
    observe: Observer | None = None,
) -> OrchestratorTransport:
    """A transport for a client of httpx or of httpx2, blocking or not.

    ::

        OpenAI(http_client=httpx2.Client(transport=orchestrator.transport()), max_retries=0)

    Args:
        orchestrator: Whose routes to use; the default one if left out. It stays open when
            the client is closed.
        route: A route, ``provider/model`` or a list of those for every request, whatever
            ``model`` says. Known providers need no config but their key in the environment.
        observe: Called with each ledger entry of every call as it happens.

    Raises:
        UnknownRoute: There is no such route or target.
        ConfigError: ``route`` is given, and the config cannot be used.
        TypeError: ``orchestrator`` is none.
        RequestError: ``route`` is no route, or ``observe`` cannot be called.
    """
    return OrchestratorTransport(orchestrator, route=route, observe=observe)


class OrchestratorTransport(_Transport):
    """See :func:`transport`. Safe from threads and tasks."""

    def __init__(
        self,
        orchestrator: Orchestrator | None = None,
        *,
        route: str | Sequence[str] | None = None,
        observe: Observer | None = None,
    ) -> None:
        if not isinstance(orchestrator, Orchestrator | None):
            raise TypeError(
                f"orchestrator is of type {type(orchestrator).__name__}; allowed: an Orchestrator, "
                "such as Orchestrator.from_file(path), or none for the default one"
            )
        check_observer(observe)
        self._orchestrator = orchestrator
        self._route = listed_route(route)
        self._observe = observe
        self._warned = False
        self._since = 0
        if self._route is not None:
            # Refused here, where it was written: a client would report each request as not found.
            self._inner().targets(self._route)
        # A client may speak any; the first request would load them while it holds a loop.
        tuple(DIALECTS.values())

    def handle_request(self, request: Any) -> Any:
        """Run the call, blocking the thread; the answer is of the library of ``request``.

        Raises:
            TypeError: ``request`` is neither httpx's nor httpx2's.
        """
        library = library_of(request)
        request.read()
        return library.answer(self._respond(request))

    async def handle_async_request(self, request: Any) -> Any:
        """Run the call, suspending the task; see :meth:`handle_request`."""
        library = library_of(request)
        await request.aread()
        return library.answer(await self._respond_async(request))

    def _respond(self, incoming: HttpRequest) -> HttpReply:
        try:
            request = self._parse(incoming)
            if isinstance(request, HttpReply):
                return request
            if request.stream:
                return self._streamed(request)
            inner = self._inner()
            call = inner.begin_call(request, self._observe)
            return _answered(request, inner.run_call(call), call)
        except REFUSED as error:
            return _refused(error, incoming)

    async def _respond_async(self, incoming: HttpRequest) -> HttpReply:
        try:
            if self._orchestrator is None:
                await default_in_task()
            request = self._parse(incoming)
            if isinstance(request, HttpReply):
                return request
            if request.stream:
                return await self._streamed_async(request)
            inner = self._inner()
            call = await inner.abegin_call(request, self._observe)
            return _answered(request, await inner.arun_call(call), call)
        except REFUSED as error:
            return _refused(error, incoming)

    def _parse(self, incoming: HttpRequest) -> Request | HttpReply:
        """What is asked for, or the answer where that takes no call."""
        self._warn_of_retries(incoming)
        config = self._inner().config
        path = incoming.url.path
        if is_model_list(incoming.method, path):
            self._since = self._since or int(SystemClock().time())
            models = model_list(path, config, client_dialect(incoming), self._since)
            return json(200, models, {})
        called = called_at(incoming)
        timeout = client_patience(incoming, config.policy.deadline)
        request = parse_request(incoming, called, route=self._route, timeout=timeout)
        if self._route is None and (config.routes or config.providers):
            # Whoever wrote the config says who is asked: a model that a client has built in may
            # be one of a provider whose key happens to be in the environment.
            config.route(request.wants)
        return request

    def _streamed(self, request: Request) -> HttpReply:
        run, events = self._inner().stream_events(request, self._observe)
        # The first event decides whether this is a stream or an HTTP error.
        first = next(events, iter(()))
        return _streamed(run, SyncBody(EventWriter(request, run), first, events))

    async def _streamed_async(self, request: Request) -> HttpReply:
        run, events = await self._inner().astream_events(request, self._observe)
        first = await anext(events, iter(()))
        return _streamed(run, AsyncBody(EventWriter(request, run), first, events))

    def _inner(self) -> Orchestrator:
        return self._orchestrator or default()

    def _warn_of_retries(self, incoming: HttpRequest) -> None:
        if self._warned or incoming.headers.get("x-stainless-retry-count", "0") == "0":
            return
        self._warned = True
        _log.warning(
            "the client retries by itself on top of the orchestrator: set max_retries=0 in it, "
            "or each of its retries runs the whole chain again"
        )


def _answered(request: Request, response: Response, call: CallRun) -> HttpReply:
    ids = request_ids(response.attempts[-1].request_id)
    return answer(request, response, {**call_headers.answered(call), **NO_RETRY, **ids})


def _streamed(call: CallRun, body: SyncBody | AsyncBody) -> HttpReply:
    return stream(body, {**call_headers.answered(call), **NO_RETRY})


def _refused(error: Exception, incoming: HttpRequest) -> HttpReply:
    last = error.attempts[-1].request_id if isinstance(error, CallFailed) and error.attempts else ""
    return refused(error, client_dialect(incoming), request_ids(last))
