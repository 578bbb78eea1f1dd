"""The application: one request of a client in, one answer out, and never a fault that spreads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from orchestrator.api.errors import CallFailed
from orchestrator.dialects import Operation
from orchestrator.gateway import idempotency, own_pages
from orchestrator.gateway.client_request import ClientRequest, Scope
from orchestrator.gateway.counting import answer_count
from orchestrator.gateway.idempotency import IdempotentCalls, is_nested_retry
from orchestrator.gateway.machine_calls import answer_call, headers, request_ids
from orchestrator.gateway.served_paths import Kind, ServedPath, served_at
from orchestrator.gateway.state import Gateway, Handling
from orchestrator.serving.body_streams import REFUSED, SyncBody
from orchestrator.serving.call_metadata import wants_metadata, with_metadata
from orchestrator.serving.parse import Called, client_dialect
from orchestrator.serving.refusals import NotServed, RequestRefused
from orchestrator.serving.respond import HttpReply, refused

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_log = logging.getLogger("orchestrator")


class ClientLeft(Exception):
    """The client hung up before its request was here."""


class GatewayApp:
    """An ASGI application over ``gateway``."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._idempotent = IdempotentCalls()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see the ASGI specification."""
        handling = Handling(ClientRequest.of(scope))
        reply: HttpReply | None = None
        try:
            reply = await self._answer(handling, receive)
            await self._send(reply, send)
        except (asyncio.CancelledError, ClientLeft):
            return  # whoever asked has left, and the call has ended with it
        finally:
            if reply is not None and not isinstance(reply.body, bytes | SyncBody):
                await reply.body.aclose()
            self._gateway.end(handling)

    async def _answer(self, handling: Handling, receive: Receive) -> HttpReply:
        incoming = handling.incoming
        try:
            endpoint = served_at(incoming.method, incoming.path)
            return await self._serve(endpoint, handling, receive)
        except REFUSED as error:
            return self._refused(error, handling)
        except Exception:  # noqa: BLE001 - one request that fails is one request
            _log.exception("a request to %s met a fault of the gateway's own", incoming.path)
            fault = RequestRefused(
                500,
                "internal",
                "a fault of the gateway's own, which its log tells of; the call may be made again",
            )
            return self._refused(fault, handling)

    async def _serve(self, endpoint: ServedPath, handling: Handling, receive: Receive) -> HttpReply:
        gateway = self._gateway
        match endpoint.kind:
            case Kind.ALIVE:
                return own_pages.alive(gateway)
            case Kind.READY:
                return own_pages.ready(gateway, may_see=True)
            case Kind.MODELS:
                return own_pages.models(gateway, handling)
            case Kind.CALL if endpoint.called is not None:
                gateway.begin(handling)
                await self._read(handling, receive)
                return await self._call(handling, endpoint.called)
        raise NotServed(f"{handling.incoming.path} is not served yet")

    async def _call(self, handling: Handling, called: Called) -> HttpReply:
        gateway, incoming = self._gateway, handling.incoming
        gateway.nested_retries += is_nested_retry(incoming)
        run = answer_count if called[1] is Operation.COUNT_TOKENS else answer_call
        if idempotency.HEADER not in incoming.headers:
            return self._annotated(await run(gateway, handling, called), handling)
        reply = await self._idempotent.reply(
            handling.caller,
            incoming,
            called[0].name,
            lambda: run(gateway, handling, called),
            lambda: handling.call is not None and handling.call.response is not None,
        )
        return self._annotated(reply, handling)

    def _annotated(self, reply: HttpReply, handling: Handling) -> HttpReply:
        incoming = handling.incoming
        if not wants_metadata(incoming.headers):
            return reply
        spoken = client_dialect(incoming)
        return with_metadata(reply, spoken, lambda: headers(self._gateway, handling))

    async def _read(self, handling: Handling, receive: Receive) -> None:
        """Read the body."""
        most, incoming = self._gateway.settings.max_body, handling.incoming
        length = incoming.headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            raise _too_large(most)
        message = await receive()
        body = message.get("body", b"")
        if message.get("more_body"):
            body = await _rest(body, receive, most)
        elif message["type"] == "http.disconnect":
            raise ClientLeft
        if len(body) > most:
            raise _too_large(most)
        incoming.content = body

    def _refused(self, error: Exception, handling: Handling) -> HttpReply:
        told = headers(self._gateway, handling) if isinstance(error, CallFailed) else {}
        ids = request_ids(handling)
        reply = refused(error, client_dialect(handling.incoming), {**told, **ids})
        return self._annotated(reply, handling)

    async def _send(self, reply: HttpReply, send: Send) -> None:
        told = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers.items()]
        if self._gateway.is_draining:
            told.append((b"connection", b"close"))
        body = reply.body
        if isinstance(body, bytes):
            told.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": reply.status, "headers": told})
            await send({"type": "http.response.body", "body": body})
            return
        if isinstance(body, SyncBody):
            raise TypeError("a gateway writes no stream of a thread")
        await send({"type": "http.response.start", "status": reply.status, "headers": told})
        async for data in body:
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _rest(begun: bytes, receive: Receive, most: int) -> bytes:
    """A body of which more than the beginning is still to come."""
    parts, size, more = [begun], len(begun), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        data, more = message.get("body", b""), message.get("more_body", False)
        size += len(data)
        if size > most:
            raise _too_large(most)
        parts.append(data)
    return b"".join(parts)


def _too_large(most: int) -> RequestRefused:
    return RequestRefused(
        413,
        "payload_too_large",
        f"the request is larger than {most} bytes, which [gateway] max_body allows",
    )
