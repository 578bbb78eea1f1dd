"""The driver for calls that suspend a task."""

from __future__ import annotations

import asyncio
from typing import assert_never

import httpx

from orchestrator.api.response import Response
from orchestrator.execution.outcome import LARGEST_ANSWER
from orchestrator.execution.performer import Performer
from orchestrator.states import (
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
                read = await _read(performer, response)
            finally:
                await response.aclose()
    except httpx.ConnectTimeout:
        return performer.limit_reached(command, "connect")
    except (httpx.TimeoutException, TimeoutError):
        return performer.limit_reached(command, "total")
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        return performer.broken(error)
    return performer.whole() if read else performer.too_large()


async def _read(performer: Performer, response: httpx.Response) -> bool:
    """Read the whole body; false where it is larger than any answer may be."""
    body = performer.opened(response)
    async for chunk in response.aiter_bytes():
        body.add(chunk)
        if len(body) > LARGEST_ANSWER:
            return False
    return True
