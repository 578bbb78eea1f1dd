"""The transport: one HTTP request in, one call of the machine, one HTTP answer out."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from orchestrator.api.client import Orchestrator, default
from orchestrator.api.request import Request
from orchestrator.serving.asked import Incoming, asked_by, dialect_of
from orchestrator.serving.bodies import REFUSED, AsyncBody, EventWriter, SyncBody
from orchestrator.serving.catalogue import asks_for_models, listing
from orchestrator.serving.libraries import library_of
from orchestrator.serving.told import Told, answer, json, refused, stream

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
    orchestrator: Orchestrator | None = None, *, route: str | None = None
) -> OrchestratorTransport:
    """A transport for a client of httpx or of httpx2, blocking or not.

    ::

        OpenAI(http_client=httpx2.Client(transport=orchestrator.transport()), max_retries=0)

    Args:
        orchestrator: Whose routes to use; the default one if left out. It stays open when
            the client is closed.
        route: A route or ``provider/model`` for every request, whatever ``model`` says.
    """
    return OrchestratorTransport(orchestrator, route=route)


class OrchestratorTransport(_Transport):
    """See :func:`transport`. Safe from threads and tasks."""

    def __init__(
        self, orchestrator: Orchestrator | None = None, *, route: str | None = None
    ) -> None:
        self._orchestrator = orchestrator
        self._route = route
        self._warned = False

    def handle_request(self, request: Any) -> Any:
        """Run the call, blocking the thread; the answer is of the library of ``request``.

        Raises:
            TypeError: ``request`` is neither httpx's nor httpx2's.
        """
        library = library_of(request)
        request.read()
        return library.answer(self._told(request))

    async def handle_async_request(self, request: Any) -> Any:
        """Run the call, suspending the task; see :meth:`handle_request`."""
        library = library_of(request)
        await request.aread()
        return library.answer(await self._told_async(request))

    def _told(self, incoming: Incoming) -> Told:
        try:
            asked = self._asked(incoming)
            if isinstance(asked, Told):
                return asked
            if asked.stream:
                return self._streamed(asked)
            return answer(asked, self._inner().run(asked))
        except REFUSED as error:
            return refused(error, dialect_of(incoming))

    async def _told_async(self, incoming: Incoming) -> Told:
        try:
            asked = self._asked(incoming)
            if isinstance(asked, Told):
                return asked
            if asked.stream:
                return await self._streamed_async(asked)
            return answer(asked, await self._inner().arun(asked))
        except REFUSED as error:
            return refused(error, dialect_of(incoming))

    def _asked(self, incoming: Incoming) -> Request | Told:
        """What is asked for, or the answer where that takes no call."""
        self._warn_of_retries(incoming)
        config = self._inner().config
        path = incoming.url.path
        if asks_for_models(incoming.method, path):
            return json(200, listing(path, config, dialect_of(incoming)), {})
        return asked_by(incoming, route=self._route, deadline=config.policy.deadline)

    def _streamed(self, asked: Request) -> Told:
        run, events = self._inner().stream_events(asked)
        # The first event decides whether this is a stream or an HTTP error.
        first = next(events, None)
        return stream(run, SyncBody(EventWriter(asked, run), first, events))

    async def _streamed_async(self, asked: Request) -> Told:
        run, events = self._inner().astream_events(asked)
        first = await anext(events, None)
        return stream(run, AsyncBody(EventWriter(asked, run), first, events))

    def _inner(self) -> Orchestrator:
        return self._orchestrator or default()

    def _warn_of_retries(self, incoming: Incoming) -> None:
        if self._warned or incoming.headers.get("x-stainless-retry-count", "0") == "0":
            return
        self._warned = True
        _log.warning(
            "the client retries by itself on top of the orchestrator: set max_retries=0 in it, "
            "or each of its retries runs the whole chain again"
        )
