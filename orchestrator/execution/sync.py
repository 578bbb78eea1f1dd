"""The driver for calls that block a thread."""

from __future__ import annotations

from typing import assert_never

import httpx

from orchestrator.api.response import Response
from orchestrator.execution.outcome import LARGEST_ANSWER
from orchestrator.execution.performer import Performer
from orchestrator.execution.transports import reads_end_in
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


def drive(performer: Performer, transport: httpx.BaseTransport) -> Response:
    """Run a call to its end.

    Raises:
        CallFailed: The call failed.
        BaseException: What interrupted the call (KeyboardInterrupt, SystemExit), as it
            was; the machine ends as ``Cancelled`` and the connection is closed.
    """
    try:
        while not isinstance(command := performer.command, Finish):
            performer.advance(_perform(performer, transport, command))
        return performer.finish(command)
    except BaseException:
        performer.cancel()
        raise
    finally:
        performer.close()


def _perform(
    performer: Performer,
    transport: httpx.BaseTransport,
    command: Send | Relay | Diagnose | Rotate | Switch | Wait | Repair,
) -> Event:
    match command:
        case Send():
            return _send(performer, transport, command)
        case Diagnose():
            return performer.diagnose()
        case Rotate():
            return performer.rotate(command)
        case Switch():
            return performer.switch(command)
        case Wait():
            performer.world.clock.sleep(command.until - performer.at)
            return performer.waited(command)
        case Repair():
            return performer.repair(command)
        case Relay():
            raise AssertionError("a call that is not streamed never reports Streaming")
        case _:
            assert_never(command)


def _send(performer: Performer, transport: httpx.BaseTransport, command: Send) -> Event:
    outgoing = performer.outgoing(command)
    left = performer.left(command)
    ends_at = performer.world.clock.monotonic() + left
    try:
        with reads_end_in(left):
            response = transport.handle_request(outgoing)
            try:
                read = _read(performer, response, ends_at)
            finally:
                response.close()
    except httpx.ConnectTimeout:
        return performer.limit_reached(command, "connect")
    except (httpx.TimeoutException, TimeoutError):
        return performer.limit_reached(command, "total")
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        return performer.broken(error)
    return performer.whole() if read else performer.too_large()


def _read(performer: Performer, response: httpx.Response, ends_at: float) -> bool:
    """Read the whole body; false where it is larger than any answer may be."""
    body = performer.opened(response)
    for chunk in response.iter_bytes():
        body.add(chunk)
        if len(body) > LARGEST_ANSWER:
            return False
        # A transport that a user hands in may know nothing of the attempt's end.
        if performer.world.clock.monotonic() >= ends_at:
            raise TimeoutError
    return True
