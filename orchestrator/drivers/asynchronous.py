"""The driver for calls that suspend a task."""

from __future__ import annotations

import asyncio
from typing import assert_never

import httpx

from orchestrator.drivers.outcome import LARGEST_ANSWER
from orchestrator.drivers.performer import Performer
from orchestrator.response import Response
from states import (
    Diagnose,
    Event,
    Finish,
    Relay,
    Repair,
    Rotate,
    Send,
    Switch,
    Wait,
)


async def drive(performer: Performer, transport: httpx.AsyncBaseTransport) -> Response:
    """Run a call to its end.

    Raises:
        CallFailed: The call failed.
        BaseException: What interrupted the call (asyncio.CancelledError and the like), as
            it was; the machine ends as ``Cancelled`` and the connection is closed.
    """
    try:
        while not isinstance(command := performer.command, Finish):
            performer.advance(await _perform(performer, transport, command))
        return performer.finish(command)
    except BaseException:
        performer.cancel()
        raise
    finally:
        performer.close()


async def _perform(
    performer: Performer,
    transport: httpx.AsyncBaseTransport,
    command: Send | Relay | Diagnose | Rotate | Switch | Wait | Repair,
) -> Event:
    match command:
        case Send():
            return await _send(performer, transport, command)
        case Diagnose():
            return performer.diagnose()
        case Rotate():
            return performer.rotate(command)
        case Switch():
            return performer.switch(command)
        case Wait():
            await performer.world.clock.sleep_async(command.until - performer.at)
            return performer.waited(command)
        case Repair():
            return performer.repair(command)
        case Relay():
            raise AssertionError("a call that is not streamed never reports Streaming")
        case _:
            assert_never(command)


async def _send(performer: Performer, transport: httpx.AsyncBaseTransport, command: Send) -> Event:
    if not performer.located(command):
        await asyncio.to_thread(performer.locate, command)
    outgoing = performer.outgoing(command)
    try:
        async with asyncio.timeout(performer.left(command)):
            response = await transport.handle_async_request(outgoing)
            try:
                body = await _read(response)
            finally:
                await response.aclose()
    except httpx.ConnectTimeout:
        return performer.limit_reached(command, "connect")
    except (httpx.TimeoutException, TimeoutError):
        return performer.limit_reached(command, "total")
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        return performer.broken(error)
    if body is None:
        return performer.too_large()
    return performer.received(response.status_code, response.headers, body)


async def _read(response: httpx.Response) -> bytes | None:
    """The whole body; ``None`` where it is larger than any answer may be."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes():
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_ANSWER:
            return None
    return b"".join(chunks)
