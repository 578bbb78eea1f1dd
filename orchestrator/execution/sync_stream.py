"""The driver for streamed calls that block a thread."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from typing import assert_never

import httpx

from orchestrator.api.response import Response
from orchestrator.dialects.neutral import StreamEvent
from orchestrator.execution.stream_performer import StreamPerformer
from orchestrator.execution.transports import reads_end_in
from orchestrator.states import (
    Diagnose,
    Event,
    Finish,
    Relay,
    Repair,
    Rotate,
    Send,
    Streaming,
    Succeeded,
    Switch,
    Wait,
)

DRAIN = 0.1
"""Seconds to wait, after the end mark, for the end of the body that lets the connection live."""


class Upstream:
    """The body of one answer while it is read."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._chunks: Iterator[bytes] = response.iter_bytes()

    def read(self, seconds: float) -> bytes | None:
        """The next bytes; ``None`` at the end."""
        with reads_end_in(seconds):
            return next(self._chunks, None)

    def close(self) -> None:
        """Close the connection, unless the body was read to its end."""
        self._response.close()


def drive(
    performer: StreamPerformer, transport: httpx.BaseTransport
) -> Generator[StreamEvent, None, None]:
    """Run a streamed call to its end; yields what may be passed on to the caller.

    The response is ``performer.response`` then.

    Raises:
        CallFailed: The call failed; ``StreamInterrupted`` once content was delivered.
        BaseException: What interrupted the call, as it was (also the caller closing this
            generator); the machine ends as ``Cancelled`` and the connection is closed.
    """
    upstream: Upstream | None = None
    try:
        while not isinstance(command := performer.command, Finish):
            match command:
                case Send():
                    event, upstream = _send(performer, transport, command)
                case Relay():
                    more = None
                    while more is None:
                        yield from performer.deliver()
                        more = _more(performer, upstream, command)
                    event = more
                case _:
                    event = _perform(performer, command)
            _let_go(upstream, event)
            performer.advance(event)
        performer.finish(command)
        yield from performer.leftover
    except BaseException:
        performer.cancel()
        raise
    finally:
        try:
            _close(upstream)
        finally:
            performer.close()


def collect(performer: StreamPerformer, transport: httpx.BaseTransport) -> Response:
    """The response of a streamed call whose caller takes the answer whole.

    Raises:
        CallFailed: The call failed.
        BaseException: What interrupted the call, as it was.
    """
    for _ in drive(performer, transport):
        pass
    if performer.response is None:
        raise AssertionError("a call that did not fail has a response")
    return performer.response


def _perform(
    performer: StreamPerformer, command: Diagnose | Rotate | Switch | Wait | Repair
) -> Event:
    match command:
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
        case _:
            assert_never(command)


def _send(
    performer: StreamPerformer, transport: httpx.BaseTransport, command: Send
) -> tuple[Event, Upstream | None]:
    """Send, and read until content comes or the attempt is over."""
    outgoing = performer.outgoing(command)
    try:
        with reads_end_in(performer.patience(command)[1]):
            response = transport.handle_request(outgoing)
    except httpx.ConnectTimeout:
        return performer.limit_reached(command, "connect"), None
    except (httpx.TimeoutException, TimeoutError):
        return performer.stream_limit_reached(command, performer.patience(command)[0]), None
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        return performer.broken(error), None
    upstream = Upstream(response)
    try:
        performer.opened(response)
        return _first(performer, upstream, command), upstream
    except BaseException:
        _close(upstream)
        raise


def _first(performer: StreamPerformer, upstream: Upstream, command: Send) -> Event:
    """Read an answer until its first content, or its end."""
    while (event := performer.before_content()) is None:
        limit, seconds = performer.patience(command)
        if seconds <= 0:  # a transport of the user's may know nothing of limits
            return performer.stream_limit_reached(command, limit)
        try:
            performer.feed(upstream.read(seconds))
        except (httpx.TimeoutException, TimeoutError):
            return performer.stream_limit_reached(command, limit)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            return performer.interrupted(error)
    return event


def _more(performer: StreamPerformer, upstream: Upstream | None, command: Relay) -> Event | None:
    """Read on after what has come was delivered; ``None`` where there is more to deliver."""
    if (event := performer.after_content()) is not None:
        if isinstance(event, Succeeded):
            _drain(upstream)
        return event
    limit, seconds = performer.patience(command)
    if seconds <= 0:
        return performer.stream_limit_reached(command, limit)
    try:
        performer.feed(upstream.read(seconds) if upstream is not None else None)
    except (httpx.TimeoutException, TimeoutError):
        return performer.stream_limit_reached(command, limit)
    except (httpx.HTTPError, httpx.StreamError, OSError) as error:
        return performer.interrupted(error)
    return None


def _drain(upstream: Upstream | None) -> None:
    """Read the end of the body, which follows the end mark, so that the connection lives."""
    ends_at = time.monotonic() + DRAIN
    try:
        while upstream is not None and (left := ends_at - time.monotonic()) > 0:
            if upstream.read(left) is None:
                return
    except (httpx.HTTPError, httpx.StreamError, OSError):
        return


def _close(upstream: Upstream | None) -> None:
    """Close what is open; what goes wrong then changes nothing about the answer."""
    if upstream is not None:
        with contextlib.suppress(httpx.HTTPError, httpx.StreamError, OSError):
            upstream.close()


def _let_go(upstream: Upstream | None, event: Event) -> None:
    """Close what is not read any more: a wait or another target may come next."""
    if not isinstance(event, Streaming):
        _close(upstream)
