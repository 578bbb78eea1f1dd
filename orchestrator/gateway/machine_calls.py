"""Calls of the machine: what a client asks for, run over a route, and answered in its words."""

from __future__ import annotations

import asyncio

from orchestrator.api.request import Request
from orchestrator.config.errors import NotAllowed
from orchestrator.config.scalars import seconds
from orchestrator.dialects import Operation
from orchestrator.execution.call_facts import route_asked
from orchestrator.gateway.echoed_keys import KeylessWriter, without_echo
from orchestrator.gateway.state import Gateway, Handling
from orchestrator.serving import call_headers
from orchestrator.serving.body_streams import AsyncBody, EventWriter
from orchestrator.serving.parse import Called, parse_request
from orchestrator.serving.refusals import RequestRefused
from orchestrator.serving.respond import HttpReply, answer, stream

_LARGE = 256 * 1024
"""Bytes of a request that is read in a thread: to look through more takes over 5 ms (2026-11)."""

_COUNT_SECONDS = 10.0
"""Seconds that a count of tokens may take: there is an estimate, and a call waits for it."""

_LONGEST_ID = 128
"""Characters of a client's own id of a request that are taken: a longer one is not an id."""


async def answer_call(gateway: Gateway, handling: Handling, called: Called) -> HttpReply:
    """Run the call that a client asks for.

    Raises:
        RequestError: The request makes no sense, or names what the config does not know.
        CallFailed: The call failed.
    """
    orchestrator = gateway.orchestrator
    is_large = len(handling.incoming.content) > _LARGE
    request = await read_request(handling, called) if is_large else _parse(handling, called)
    # Whoever wrote the config says who is asked, whatever keys are in the environment.
    orchestrator.config.route(request.wants)
    gateway.admit(handling, request)
    # What a stream costs is known where that is asked for; who did not ask does not see it.
    asking = request.asking_for_usage() if request.stream else request
    call = orchestrator.begin_call(asking, is_traced=False)
    gateway.run(handling, call)
    if not request.stream:
        response = await orchestrator.arun_call(call)
        reply = answer(request, response, headers(gateway, handling, request))
        return without_echo(reply, call)
    # All of it is in the request, and a stream may wait for long.
    handling.incoming.content = b""
    events = await orchestrator.astream_call(call)
    # The first event decides whether this is a stream or an HTTP error.
    first = await anext(events, iter(()))
    writer = EventWriter(request, call, hides_usage=asking is not request)
    body = AsyncBody(KeylessWriter(writer, call), first, events)
    return stream(body, headers(gateway, handling, request) | UNBUFFERED)


UNBUFFERED = {"cache-control": "no-cache", "x-accel-buffering": "no"}
"""What keeps proxies in front, nginx among them, from holding back the pieces of a stream."""


def headers(gateway: Gateway, handling: Handling, request: Request | None = None) -> dict[str, str]:
    """What every answer says of itself, and one of a call of how it was come by."""
    call = handling.call
    said: dict[str, str] = {}
    if call is not None and (call.response is not None or call.call.committed):
        said = call_headers.answered(call)
    if call is not None and call.exchange is not None and call.exchange.body is not None:
        told = call.exchange.body.head.headers
        said |= call_headers.upstream(told, call.runtime.masker.known)
    asked = call.request if request is None and call is not None else request
    if asked is not None:
        said["x-orchestrator-route"] = call_headers.plain(route_asked(asked.wants))
    if call is not None and (facts := gateway.facts(handling)) is not None:
        overhead = facts.overhead + call.origin - handling.began
        said["x-orchestrator-overhead-ms"] = f"{overhead * 1000:.2f}"
    said["x-orchestrator-config"] = gateway.config.digest
    return said | request_ids(handling)


def request_ids(handling: Handling) -> dict[str, str]:
    """The id of a request: the client's own, else that of its call."""
    given = handling.incoming.headers.get("x-request-id", "")
    own = given if given.isprintable() and given.isascii() and len(given) <= _LONGEST_ID else ""
    recorder = getattr(handling.call, "recorder", None)
    known = own or (recorder.ledger.call if recorder is not None else "")
    return {"x-request-id": known, "request-id": known} if known else {}


async def read_request(handling: Handling, called: Called) -> Request:
    """What a client asks for.

    Raises:
        RequestError: It makes no sense.
    """
    if len(handling.incoming.content) > _LARGE:
        return await asyncio.to_thread(_parse, handling, called)
    return _parse(handling, called)


def _parse(handling: Handling, called: Called) -> Request:
    incoming = handling.incoming
    route = incoming.headers.get("x-orchestrator-route") or None
    timeout = named_deadline(handling)
    if timeout is None and called[1] is Operation.COUNT_TOKENS:
        timeout = _COUNT_SECONDS
    return parse_request(incoming, called, route=route, timeout=timeout)


def named_deadline(handling: Handling) -> float | None:
    """The deadline that a client names: seconds, or a duration as in the config.

    Raises:
        RequestRefused: It is neither.
    """
    written = handling.incoming.headers.get("x-orchestrator-deadline")
    if written is None:
        return None
    try:
        given: float | str = float(written)
    except ValueError:
        given = written
    try:
        return seconds(given)
    except NotAllowed as error:
        raise RequestRefused(400, "bad_request", f"x-orchestrator-deadline: {error}") from None
