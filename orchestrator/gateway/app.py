"""The application: one request of a client in, one answer out, and never a fault that spreads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from orchestrator.api.errors import CallFailed
from orchestrator.dialects import Operation
from orchestrator.execution.call_log import CALL_ID
from orchestrator.gateway import idempotency, own_pages
from orchestrator.gateway.browser_guard import (
    check_content_encoding,
    check_content_type,
    check_host,
    check_origin,
    cors_headers,
    preflight_headers,
)
from orchestrator.gateway.client_request import ClientRequest, Scope, check_metadata
from orchestrator.gateway.control import PREFIX, Control
from orchestrator.gateway.counting import answer_count
from orchestrator.gateway.idempotency import IdempotentCalls, is_nested_retry
from orchestrator.gateway.inspector import document, endpoints
from orchestrator.gateway.machine_calls import answer_call, headers, request_ids
from orchestrator.gateway.passthrough import AnswerBroke, answer_passthrough
from orchestrator.gateway.served_paths import Kind, ServedPath, served_at
from orchestrator.gateway.state import Gateway, Handling
from orchestrator.gateway.whole_answer import EXTENSION, is_offered
from orchestrator.serving import call_headers
from orchestrator.serving.body_streams import REFUSED, SyncBody
from orchestrator.serving.call_metadata import wants_metadata, with_metadata
from orchestrator.serving.parse import Called, client_dialect
from orchestrator.serving.refusals import NotServed, RequestRefused
from orchestrator.serving.respond import HttpReply, refused

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger("orchestrator")

_ALLOWS = ", which [gateway] max_body allows"


class ClientLeft(Exception):
    """The client hung up before its request was here."""


class GatewayApp:
    """An ASGI application over ``gateway``.

    Args:
        gateway: What is served.
        control: Answers requests of the gateway's own user; without it there are none.
    """

    def __init__(self, gateway: Gateway, control: Control | None = None) -> None:
        self._gateway = gateway
        self._now = gateway.clock.monotonic
        self._control = control
        self._idempotent = IdempotentCalls()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see the ASGI specification."""
        if self._control is not None and scope["path"].startswith(PREFIX):
            await self._obey(self._control, scope, send)
            return
        handling = Handling(ClientRequest.of(scope), self._now())
        reply: HttpReply | None = None
        try:
            reply = await self._answer(handling, receive)
            await self._send(reply, handling, send, in_one=is_offered(scope))
        except (asyncio.CancelledError, ClientLeft, AnswerBroke):
            return  # whoever asked has left, and the call has ended with it, or the other way
        finally:
            if reply is not None and not isinstance(reply.body, bytes | SyncBody):
                await reply.body.aclose()
            self._gateway.end(handling)

    async def _obey(self, control: Control, scope: Scope, send: Send) -> None:
        """Answer a control request; its connection ends with it, so that no drain waits for it."""
        given = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        target = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        answer = control.answer(scope["method"], target, given)
        told = {**answer.headers, "content-type": answer.content_type, "connection": "close"}
        pairs = [(name.encode(), value.encode()) for name, value in told.items()]
        with contextlib.suppress(asyncio.CancelledError):  # its reader has left
            await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
            async for data in answer.body:
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def _answer(self, handling: Handling, receive: Receive) -> HttpReply:
        incoming = handling.incoming
        try:
            self._guard(handling)
            if incoming.method == "OPTIONS" and handling.origin is not None:
                return self._preflight(handling)
            served = served_at(incoming.method, incoming.path)
            self._authenticate(handling, served)
            return await self._serve(served, handling, receive)
        except REFUSED as error:
            return self._refused(error, handling)
        except Exception:  # noqa: BLE001 - one request that fails is one request
            run = handling.call
            _log.exception(
                "a request to %s met a fault of the gateway's own",
                incoming.path,
                extra={CALL_ID: None if run is None else run.recorder.ledger.call},
            )
            fault = RequestRefused(
                500,
                "internal",
                "a fault of the gateway's own, which its log tells of; the call may be made again",
            )
            return self._refused(fault, handling)

    async def _serve(self, served: ServedPath, handling: Handling, receive: Receive) -> HttpReply:
        gateway = self._gateway
        match served.kind:
            case Kind.CALL if served.called is not None:
                check_content_type(handling.incoming.headers.get("content-type"))
                check_content_encoding(handling.incoming.headers.get("content-encoding"))
                check_metadata(handling.incoming.headers)
                gateway.begin(handling)
                await self._read(handling, receive)
                return await self._call(handling, served.called)
            case Kind.PASSTHROUGH:
                gateway.begin(handling)
                await self._read(handling, receive)
                return await answer_passthrough(gateway, handling)
            case Kind.INSPECTOR:
                return await self._inspect(handling, receive)
        return await self._tell(served, handling)

    async def _tell(self, served: ServedPath, handling: Handling) -> HttpReply:
        """Answer with a page about the gateway itself."""
        gateway = self._gateway
        match served.kind:
            case Kind.ALIVE:
                return own_pages.alive(gateway)
            case Kind.READY:
                may_see = gateway.keys is None or handling.key is not None
                return own_pages.ready(gateway, may_see=may_see)
            case Kind.MODELS:
                return own_pages.models(gateway, handling)
            case Kind.CALLS:
                return own_pages.calls(gateway, handling, served.rest)
            case Kind.METRICS:
                return await own_pages.metrics(gateway, handling)
            case Kind.PAGE:
                return document.page()
        raise NotServed(f"{handling.incoming.path} is not served here")

    async def _inspect(self, handling: Handling, receive: Receive) -> HttpReply:
        endpoints.check_page(self._gateway, handling)
        if handling.incoming.method == "POST":
            check_content_type(handling.incoming.headers.get("content-type"))
            await self._read(handling, receive, endpoints.MOST_BODY)
        return await endpoints.answer(self._gateway, handling)

    def _guard(self, handling: Handling) -> None:
        """Turn away web pages of others, which whoever reads them has not asked for."""
        gateway, headers = self._gateway, handling.incoming.headers
        host, origin = headers.get("host"), headers.get("origin")
        check_host(host, is_loopback=gateway.is_loopback)
        if origin is not None:
            handling.origin = check_origin(origin, host, gateway.settings.cors)

    def _authenticate(self, handling: Handling, served: ServedPath) -> None:
        """Find out whose request it is, where that matters."""
        gateway, incoming = self._gateway, handling.incoming
        keys = gateway.keys
        if keys is None or served.kind in (Kind.ALIVE, Kind.PAGE):
            return
        if served.kind is Kind.METRICS and gateway.is_loopback:
            return  # a scraper on this machine, as is usual, has no key
        params = incoming.params if served.takes_key_in_query else {}
        try:
            handling.key = keys.ring.authenticate(incoming.headers, params)
        except RequestRefused:
            # Whether the gateway is well is told to everybody, and more to those who may know.
            if served.kind is not Kind.READY:
                raise

    def _preflight(self, handling: Handling) -> HttpReply:
        headers = handling.incoming.headers
        asked = headers.get("access-control-request-headers")
        private = headers.get("access-control-request-private-network") == "true"
        return HttpReply(204, preflight_headers(handling.origin, asked, is_private=private), b"")

    async def _call(self, handling: Handling, called: Called) -> HttpReply:
        gateway, incoming = self._gateway, handling.incoming
        if is_nested_retry(incoming):
            gateway.metrics.note_nested_retry()
        run = answer_count if called[1] is Operation.COUNT_TOKENS else answer_call
        if idempotency.HEADER not in incoming.headers:
            return self._annotated(await run(gateway, handling, called), handling)
        shared = handling.for_call()
        reply = await self._idempotent.reply(
            handling.key_name or "",
            incoming,
            called[0].name,
            lambda: run(gateway, shared, called),
            lambda: gateway.end(shared),
        )
        return self._annotated(reply, shared)

    def _annotated(self, reply: HttpReply, handling: Handling) -> HttpReply:
        incoming = handling.incoming
        if not wants_metadata(incoming.headers):
            return reply
        spoken = client_dialect(incoming)
        return with_metadata(reply, spoken, lambda: headers(self._gateway, handling))

    async def _read(self, handling: Handling, receive: Receive, own: int | None = None) -> None:
        """Read the body; ``own``: its limit, where that is not the config's."""
        most, said = (self._gateway.settings.max_body, _ALLOWS) if own is None else (own, "")
        incoming = handling.incoming
        length = incoming.headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise _too_large(most, said)
        message = await receive()
        body = message.get("body", b"")
        if message.get("more_body"):
            body = await _rest(body, receive, most, said)
        elif message["type"] == "http.disconnect":
            raise ClientLeft
        if len(body) > most:
            raise _too_large(most, said)
        incoming.content = body

    def _refused(self, error: Exception, handling: Handling) -> HttpReply:
        told = headers(self._gateway, handling) if isinstance(error, CallFailed) else {}
        ids = request_ids(handling)
        reply = refused(error, client_dialect(handling.incoming), {**told, **ids})
        return self._annotated(reply, handling)

    async def _send(
        self, reply: HttpReply, handling: Handling, send: Send, *, in_one: bool = False
    ) -> None:
        headers, body = reply.headers, reply.body
        if handling.origin is not None:
            exposed = [name for name in headers if name.startswith(call_headers.PREFIX)]
            headers = headers | cors_headers(handling.origin, exposed)
        if self._gateway.is_draining:
            headers = headers | {"connection": "close"}
        if in_one and isinstance(body, bytes):
            whole = {"status": reply.status, "headers": headers, "body": body}
            await send({"type": EXTENSION, **whole})
            return
        told = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        if isinstance(body, bytes):
            told.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": reply.status, "headers": told})
            await send({"type": "http.response.body", "body": body})
            return
        if isinstance(body, SyncBody):
            raise TypeError("a gateway writes no stream of a thread")
        await send({"type": "http.response.start", "status": reply.status, "headers": told})
        del told, headers  # 2 kB of each stream, and thousands of them may wait
        async for data in body:
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _rest(begun: bytes, receive: Receive, most: int, said: str) -> bytes:
    """A body of which more than the beginning is still to come."""
    parts, size, more = [begun], len(begun), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        data, more = message.get("body", b""), message.get("more_body", False)
        size += len(data)
        if size > most:
            raise _too_large(most, said)
        parts.append(data)
    return b"".join(parts)


def _too_large(most: int, said: str) -> RequestRefused:
    what = f"the request is larger than {most} bytes{said}"
    return RequestRefused(413, "payload_too_large", what)
