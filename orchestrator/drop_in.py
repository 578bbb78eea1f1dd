"""A transport that makes an existing client fail over, with one line changed.

::

    client = OpenAI(http_client=httpx.Client(transport=orchestrator.transport()), max_retries=0)

Whatever the client sends in a dialect that is known here (chat completions, responses,
Messages, Gemini) runs as a call of the machine: ``model`` names a route or
``provider/model``. The answer comes back in the client's own dialect, streamed or not. A
failed call is an HTTP error with the real cause, which the client raises in its own way.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing
from typing import Any

import attrs
import httpx
import msgspec

from orchestrator.config.errors import ConfigError
from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import Broke, StreamEvent
from orchestrator.drivers.stream_performer import StreamPerformer
from orchestrator.errors import CallFailed
from orchestrator.front_door import Orchestrator, default
from orchestrator.refusals import refusal
from orchestrator.request import Request, RequestError
from orchestrator.response import Response

_log = logging.getLogger("orchestrator")

_PATHS = {
    "/chat/completions": "openai-chat",
    "/responses": "openai-responses",
    "/messages": "anthropic-messages",
    ":generateContent": "gemini",
    ":streamGenerateContent": "gemini",
}
"""How a request's path ends, by the dialect that it is written in."""

_PASSED_ON = ("anthropic-beta", "openai-beta")
"""Headers of the client that change what its own vendor answers; nothing else is sent on."""


def transport(
    orchestrator: Orchestrator | None = None, *, route: str | None = None
) -> OrchestratorTransport:
    """A transport for an existing client; see the module.

    Args:
        orchestrator: Whose routes to use; the default one if left out.
        route: A route or ``provider/model`` for every request, whatever ``model`` says.
    """
    return OrchestratorTransport(orchestrator, route=route)


class OrchestratorTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """See :func:`transport`."""

    def __init__(self, orchestrator: Orchestrator | None, *, route: str | None = None) -> None:
        self._orchestrator = orchestrator
        self._route = route
        self._warned = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Run the call, blocking the thread."""
        request.read()
        try:
            asked = self._asked(request)
            if not asked.stream:
                return _answer(asked, self._inner().run(asked))
            return self._streamed(asked)
        except _REFUSED as error:
            return _refused(request, error)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Run the call, suspending the task."""
        await request.aread()
        try:
            asked = self._asked(request)
            if not asked.stream:
                return _answer(asked, await self._inner().arun(asked))
            return await self._streamed_async(asked)
        except _REFUSED as error:
            return _refused(request, error)

    def _inner(self) -> Orchestrator:
        return self._orchestrator or default()

    def _streamed(self, asked: Request) -> httpx.Response:
        performer, events = self._inner().stream_events(asked)
        body = _Writer(asked, performer)
        # The first event decides whether this is a stream or an HTTP error.
        first = next(events, None)
        return _stream(performer, _SyncBody(body, first, events))

    async def _streamed_async(self, asked: Request) -> httpx.Response:
        performer, events = self._inner().astream_events(asked)
        body = _Writer(asked, performer)
        first = await anext(events, None)
        return _stream(performer, _AsyncBody(body, first, events))

    def _asked(self, request: httpx.Request) -> Request:
        self._warn_of_retries(request)
        name = _dialect_of(request)
        payload = _payload(request)
        model = payload.pop("model", None) or _model_in_path(request)
        stream = bool(payload.pop("stream", False)) or "streamGenerateContent" in request.url.path
        passed = {key: request.headers[key] for key in _PASSED_ON if key in request.headers}
        return Request(
            payload, route=self._route or model, dialect=name, stream=stream, headers=passed
        )

    def _warn_of_retries(self, request: httpx.Request) -> None:
        if self._warned or request.headers.get("x-stainless-retry-count", "0") == "0":
            return
        self._warned = True
        _log.warning(
            "the client retries by itself on top of the orchestrator: set max_retries=0 in it, "
            "or each of its retries runs the whole chain again"
        )


_REFUSED = (CallFailed, RequestError, ConfigError)


def _dialect_of(request: httpx.Request) -> str:
    for ending, name in _PATHS.items():
        if request.url.path.endswith(ending):
            return name
    raise RequestError(
        f"{request.method} {request.url.path} is no call of a model; known are paths that end "
        f"with {', '.join(_PATHS)}"
    )


def _payload(request: httpx.Request) -> dict[str, Any]:
    try:
        payload = msgspec.json.decode(request.content)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise RequestError(f"the request's body is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise RequestError("the request's body is JSON, but no object")
    return payload


def _model_in_path(request: httpx.Request) -> str | None:
    """Gemini names the model in the path: ``/models/NAME:generateContent``."""
    before, _, after = request.url.path.rpartition("/models/")
    return after.rpartition(":")[0] or None if before or after else None


def _told(attempts: int, target: str, reason: str | None) -> dict[str, str]:
    headers = {"x-orchestrator-attempts": str(attempts), "x-orchestrator-target": target}
    # The official clients retry some statuses unless they are told not to.
    return {**headers, "x-orchestrator-reason": reason or "none", "x-should-retry": "false"}


def _answer(asked: Request, response: Response) -> httpx.Response:
    reason = next((each.reason for each in response.attempts if each.reason), None)
    target = f"{response.provider}/{response.model}"
    body = response.in_dialect(asked.dialect)
    return httpx.Response(
        200,
        headers={
            **_told(len(response.attempts), target, reason),
            "content-type": "application/json",
        },
        content=msgspec.json.encode(body),
    )


def _refused(request: httpx.Request, error: Exception) -> httpx.Response:
    name = next((name for end, name in _PATHS.items() if request.url.path.endswith(end)), None)
    status, body = refusal(error, name or "openai-chat")
    told = _told(0, "", type(error).__name__)
    if isinstance(error, CallFailed):
        told = _told(len(error.attempts), error.target, error.reason)
    return httpx.Response(
        status,
        headers={**told, "content-type": "application/json"},
        content=msgspec.json.encode(body),
    )


def _stream(performer: StreamPerformer, body: _SyncBody | _AsyncBody) -> httpx.Response:
    attempts = performer.recorder.ledger.attempts
    reason = next((each.reason for each in attempts if each.reason), None)
    target = str(performer.call.target or "")
    kind = "text/event-stream; charset=utf-8"
    return httpx.Response(
        200,
        headers={**_told(performer.call.number, target, reason), "content-type": kind},
        stream=body,
    )


class _Writer:
    """Turns events into the bytes that the client expects."""

    def __init__(self, asked: Request, performer: StreamPerformer) -> None:
        self._asked = asked
        self._performer = performer
        self._writer: Any = None

    def write(self, event: StreamEvent) -> bytes:
        """The bytes for ``event``: those of the provider where it speaks the same dialect."""
        if event.raw and self._writer is None and self._performer.dialect == self._asked.dialect:
            return event.raw
        return b"".join(self._own().write(delta) for delta in event.deltas)

    def broke(self, error: CallFailed) -> bytes:
        """The client's own form of an error inside a stream."""
        _, body = refusal(error, self._asked.dialect)
        written: bytes = self._own().write(Broke(body))
        return written

    def _own(self) -> Any:
        if self._writer is None:
            target = self._performer.call.target
            model = target.model if target is not None else ""
            self._writer = dialect(self._asked.dialect).stream_writer(model)
        return self._writer


@attrs.define(eq=False)
class _SyncBody(httpx.SyncByteStream):
    _writer: _Writer
    _first: StreamEvent | None
    _events: Generator[StreamEvent, None, None]

    def __iter__(self) -> Iterator[bytes]:
        try:
            if self._first is not None:
                yield self._writer.write(self._first)
            for event in self._events:
                yield self._writer.write(event)
        except CallFailed as error:
            yield self._writer.broke(error)

    def close(self) -> None:
        self._events.close()


@attrs.define(eq=False)
class _AsyncBody(httpx.AsyncByteStream):
    _writer: _Writer
    _first: StreamEvent | None
    _events: AsyncGenerator[StreamEvent, None]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async with aclosing(self._events) as events:
                if self._first is not None:
                    yield self._writer.write(self._first)
                async for event in events:
                    yield self._writer.write(event)
        except CallFailed as error:
            yield self._writer.broke(error)

    async def aclose(self) -> None:
        await self._events.aclose()


__all__ = ["OrchestratorTransport", "transport"]
