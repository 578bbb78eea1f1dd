"""httpx as a way to send: for HTTP/2, for proxies of other kinds, and for what a user hands in.

HTTP is spoken at httpx's transport seam, without a client in between. Redirects are not
followed there, and nothing retries. httpx is loaded when something is sent by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from orchestrator.clock import Clock
from orchestrator.connections import errors
from orchestrator.connections.decoders import BodyDecoder, new_decoder
from orchestrator.connections.errors import LimitPassed, TransportError
from orchestrator.http_messages import OutgoingRequest, ResponseHead, ResponseHeaders
from orchestrator.states.limits import CLOCK_GRAIN

if TYPE_CHECKING:
    import httpx


class _Body:
    """The body of an answer of httpx, unpacked as our own connections do it."""

    def __init__(self, response: httpx.Response, asked: str) -> None:
        self.head = ResponseHead(response.status_code, ResponseHeaders(response.headers.raw))
        # Whoever makes a response of a whole body has it unpacked already.
        self._whole = response.content if response.is_stream_consumed else None
        self._coding = response.headers.get("content-encoding", "").lower()
        self._asked = asked
        self._decoder: BodyDecoder | None = None
        self._begun = False

    def take(self) -> bytes | None:
        """What is here already; empty where more must come, ``None`` at the end."""
        if self._whole is not None:
            whole, self._whole = self._whole, b""
            self._coding = ""
            return whole or None
        if not self._begun:
            self._begun, self._decoder = True, new_decoder(self._coding, self._asked)
        return self._decoder.take() if self._decoder is not None else b""

    def add(self, data: bytes | None) -> bytes | None:
        """What ``data`` adds to the body; empty where more must come, ``None`` at the end."""
        if self._decoder is None:
            return data
        if data is None:
            self._decoder.end()
            return None
        self._decoder.feed(data)
        return self._decoder.take()


class HttpxAnswer:
    """An answer that is open.

    Attributes:
        head: Its head.
    """

    def __init__(self, response: httpx.Response, asked: str, clock: Clock) -> None:
        self._response, self._body, self._clock = response, _Body(response, asked), clock
        self.head = self._body.head
        self._raw: Iterator[bytes] | None = None

    def read(self, seconds: float) -> bytes | None:
        """The next bytes of the body; ``None`` at its end.

        Of the limit httpx was told beforehand; here it is only known again.
        """
        piece = self._body.take()
        with translated_errors(self._clock, seconds):
            while piece == b"":
                self._raw = self._raw or self._response.iter_raw()
                piece = self._body.add(next(self._raw, None))
        return piece

    def close(self) -> None:
        """The answer is not read any further."""
        self._response.close()


class HttpxTransport:
    """Sends by an httpx transport for threads.

    Args:
        inner: The transport.
        clock: What limits are measured by, beside the time that sockets wait in.
    """

    def __init__(self, inner: httpx.BaseTransport, clock: Clock) -> None:
        self.inner, self._clock = inner, clock

    def open(self, request: OutgoingRequest, seconds: float, connect: float) -> HttpxAnswer:
        """Send ``request``; gives the answer once its head is here.

        Raises:
            TransportError: The exchange broke; what a handed-in transport raises besides.
        """
        with translated_errors(self._clock, seconds, connect):
            response = self.inner.handle_request(httpx_request(request, seconds, connect))
        return self._answer(response, request.headers.get("accept-encoding", ""))

    def _answer(self, response: httpx.Response, asked: str) -> HttpxAnswer:
        return HttpxAnswer(response, asked, self._clock)


class AsyncHttpxAnswer:
    """The same for tasks."""

    def __init__(self, response: httpx.Response, asked: str, clock: Clock) -> None:
        self._response, self._body, self._clock = response, _Body(response, asked), clock
        self.head = self._body.head
        self._raw: AsyncIterator[bytes] | None = None

    async def read(self, seconds: float) -> bytes | None:
        """The next bytes of the body; ``None`` at its end."""
        piece = self._body.take()
        async with within(self._clock, seconds):
            while piece == b"":
                self._raw = self._raw or self._response.aiter_raw()
                piece = self._body.add(await anext(self._raw, None))
        return piece

    async def aclose(self) -> None:
        """The answer is not read any further."""
        await self._response.aclose()


class AsyncHttpxTransport:
    """Sends by an httpx transport for tasks; see :class:`HttpxTransport`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, clock: Clock) -> None:
        self.inner, self._clock = inner, clock

    async def open(
        self, request: OutgoingRequest, seconds: float, connect: float
    ) -> AsyncHttpxAnswer:
        """See :meth:`HttpxTransport.open`."""
        async with within(self._clock, seconds, connect):
            outgoing = httpx_request(request, seconds, connect)
            response = await self.inner.handle_async_request(outgoing)
        return self._answer(response, request.headers.get("accept-encoding", ""))

    def _answer(self, response: httpx.Response, asked: str) -> AsyncHttpxAnswer:
        return AsyncHttpxAnswer(response, asked, self._clock)


def httpx_request(request: OutgoingRequest, seconds: float, connect: float) -> httpx.Request:
    """``request`` as httpx has it, with the limits that it keeps."""
    import httpx

    longest = max(seconds, request.longest_silence)
    return httpx.Request(
        request.method,
        str(request.url),
        headers=[(n.encode("latin-1"), v.encode("latin-1")) for n, v in request.headers.items()],
        content=request.content,
        extensions={
            "timeout": {"connect": connect, "read": longest, "write": seconds, "pool": seconds}
        },
    )


@contextlib.asynccontextmanager
async def within(clock: Clock, seconds: float, connect: float = math.inf) -> AsyncIterator[None]:
    """Keep a limit of ours, which a transport may know nothing of; see :func:`translated_errors`.

    Raises:
        LimitPassed: It has passed.
    """
    limit = asyncio.timeout(seconds)
    try:
        with translated_errors(clock, seconds, connect):
            async with limit:
                yield
    except Exception as error:
        if limit.expired():
            raise LimitPassed from error.with_traceback(None)
        raise


_Ours = type[TransportError | errors.DecodingError]

_WITHOUT_LIMITS: dict[_Ours, _Ours] = {
    errors.ConnectTimeout: errors.ConnectError,
    errors.ReadTimeout: errors.ReadError,
}

_NAMES: dict[str, _Ours] = {
    "ConnectError": errors.ConnectError,
    "ConnectTimeout": errors.ConnectTimeout,
    "PoolTimeout": errors.ConnectTimeout,
    "ReadTimeout": errors.ReadTimeout,
    "WriteTimeout": errors.ReadTimeout,  # a limit of the exchange, as opposed to its connection
    "ProxyError": errors.ProxyError,
    "LocalProtocolError": errors.UnsendableRequest,
    "UnsupportedProtocol": errors.UnsupportedProtocol,
    "InvalidURL": errors.UnsupportedProtocol,
    "ReadError": errors.ReadError,
    "WriteError": errors.WriteError,
    "RemoteProtocolError": errors.RemoteProtocolError,
    "DecodingError": errors.DecodingError,
}


@contextlib.contextmanager
def translated_errors(clock: Clock, seconds: float, connect: float = math.inf) -> Iterator[None]:
    """Give what a transport raises the name that our own connections have for it.

    That a limit has passed is believed where its time has: who refuses at once and calls it a
    timeout has refused.

    Args:
        clock: What limits are measured by.
        seconds: The limit of all of it.
        connect: The limit of the connection.

    Raises:
        LimitPassed: In place of a timeout.
        TransportError: In place of another error of httpx's.
    """
    began, virtual = time.monotonic(), clock.monotonic()
    try:
        yield
    except Exception as error:
        ours = _NAMES.get(type(error).__name__)
        if not type(error).__module__.startswith("httpx"):
            ours = errors.ReadTimeout if isinstance(error, TimeoutError) else None
        # Sockets wait in real time, whatever clock the call was given.
        passed = max(time.monotonic() - began, clock.monotonic() - virtual) + CLOCK_GRAIN
        if ours is errors.ConnectTimeout and passed >= connect:
            raise LimitPassed(connect=True) from None
        if ours in (errors.ConnectTimeout, errors.ReadTimeout) and passed >= seconds:
            raise LimitPassed from None
        if ours is None:
            raise
        words = str(error) or type(error).__name__
        if ours in _WITHOUT_LIMITS:
            # A limit of somebody else's: what it is in truth, and why it is not called one.
            ours = _WITHOUT_LIMITS[ours]
            gave_up = f"the transport gave up after {passed:.1f} s, before a limit had passed"
            words = f"{gave_up}: {words}"
        raise ours(words) from None
