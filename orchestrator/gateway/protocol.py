"""The HTTP protocol of a connection: uvicorn's over llhttp, with limits, and an end without loss.

What uvicorn leaves open is decided here: how long a client may take to say what it wants, how
much of it there may be, how long it may read nothing, and that a call ends with its caller. A
gateway that is to stop tells so in the answer (``Connection: close``), since a connection that is
closed between two requests loses the one that is on its way.
"""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from orchestrator.gateway.control import PREFIX
from orchestrator.gateway.served_paths import EVENTS
from orchestrator.gateway.whole_answer import EXTENSION, OFFERED, header_lines


@attrs.frozen
class Limits:
    """What a connection may take.

    Attributes:
        head: Bytes of the first line and the headers together.
        head_seconds: From the first byte of a request until the last of its headers.
        body_seconds: From there until its body is here.
        idle_seconds: Between two requests. Clients drop theirs sooner: httpx after 5 s, undici
            after 4, aiohttp after 15, Go after 90, so that none meets a connection that is closed.
        write_seconds: While the client takes nothing of an answer.
        drain_seconds: Between two requests, once the gateway is to stop.
        pipelined: Requests that may wait behind the one that is answered.
    """

    head: int = 64 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    idle_seconds: float = 120.0
    write_seconds: float = 60.0
    drain_seconds: float = 1.0
    pipelined: int = 128


class Connections(ServerState):
    """The connections of a gateway.

    Attributes:
        limits: Of each.
        is_empty: Set once there is none any more, and none is to come.
        draining: True once no connection is to serve more than one further request, whose answer
            says so.
        refusal: Makes the answer to what is no request, of a status and words.
    """

    connections: set[Any]

    def __init__(self, limits: Limits, refusal: Callable[[int, str], tuple[str, bytes]]) -> None:
        super().__init__()
        self.limits, self.refusal = limits, refusal
        self.draining = False
        self.is_empty = asyncio.Event()

    def drain(self) -> None:
        """Let every connection end, as soon as that loses nothing."""
        self.draining = True
        for connection in list(self.connections):
            connection.drain()
        self.note_end()

    def note_end(self) -> None:
        """A connection has ended."""
        if self.draining and all(each.is_controlling for each in self.connections):
            self.is_empty.set()

    @property
    def streams(self) -> int:
        """Answers of calls that have begun and not ended."""
        return sum(each.is_streaming and not each.is_watching for each in self.connections)

    def abort(self) -> None:
        """End every connection now, and the calls with them."""
        for connection in list(self.connections):
            connection.transport.abort()


_ASGI: Any = {"version": "3.0", "spec_version": "2.3"}


class AnswerCycle(RequestResponseCycle):
    """One request and its answer; takes answers in one message too, see :mod:`.whole_answer`."""

    def send(self, message: Any) -> Awaitable[None]:  # type: ignore[override]
        """See the ASGI specification."""
        # A function, so that what streams does not go through one more coroutine an event.
        return self._send_whole(message) if message["type"] == EXTENSION else super().send(message)

    async def _send_whole(self, message: Any) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            raise RuntimeError("an answer was sent after another")
        written = self._written(message["status"], message["headers"], message["body"])
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(written)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _written(self, status: int, headers: dict[str, str], body: bytes) -> bytes:
        """An answer as it goes over the connection."""
        parts = [STATUS_LINE[status]]
        for name, value in self.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts.append(header_lines(headers))
        if headers.get("connection") == "close":
            self.keep_alive = False
        elif not self.keep_alive:
            parts.append(b"connection: close\r\n")
        parts.append(b"content-length: %d\r\n\r\n" % len(body))
        if self.scope["method"] != "HEAD":
            parts.append(body)
        return b"".join(parts)


class GatewayProtocol(HttpToolsProtocol):
    """One connection of a client."""

    server_state: Connections
    # uvicorn says that there always is one; there is none before the first request.
    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    def __init__(
        self,
        config: Config,
        server_state: Connections,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(config, server_state, {}, loop)
        self._limits = server_state.limits
        # What is answered now. Of several requests that came at once, `cycle` is the last one.
        self._running: RequestResponseCycle | None = None
        self._task: asyncio.Task[None] | None = None
        # One timer a connection, set anew only where it would fire too late: requests come
        # faster than limits pass.
        self._timer: asyncio.TimerHandle | None = None
        self._ends_at = 0.0
        self._on_end: Callable[[], None] = self._close_idle
        self._write_timer: asyncio.TimerHandle | None = None
        # What is to limit the connection once all that was read has been parsed: most requests
        # come in one read, which begins three limits.
        self._next_limit: tuple[float, Callable[[], None]] | None = None
        self._head_bytes = self._bytes_since_body = 0
        self._in_head = self._in_body = False
        # Of the request before: who keeps a connection mostly asks the same of it again.
        self._asked_url: tuple[bytes, bytes, str, bytes] = (b"", b"", "", b"")

    # What the loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See :class:`asyncio.Protocol`."""
        super().connection_made(transport)
        self._limit(self._limits.head_seconds, self._close_idle)

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        if not (self._in_head or self._in_body) and self._is_between_requests:
            self._begin_head()
        # Counted before it is parsed: of what the parser keeps, it tells only once it is whole.
        self._head_bytes += len(data)
        self._bytes_since_body += len(data)
        self._parse(data)
        if self._next_limit is not None:
            limit, self._next_limit = self._next_limit, None
            self._limit(*limit)
        most = self._limits.head
        if self._in_head and self._head_bytes > most:
            self._refuse(431, f"the headers are larger than {most} bytes")
        elif self._in_body and self._bytes_since_body > most:
            self._refuse(431, f"what is no body of the body is larger than {most} bytes")

    def connection_lost(self, exc: Exception | None) -> None:
        """See :class:`asyncio.Protocol`; the call ends with its caller."""
        self._in_head = False
        running, task = self._running, self._task
        super().connection_lost(exc)
        for timer in (self._timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._write_timer = None
        self.server_state.note_end()
        if task is not None and running is not None and not running.response_complete:
            running.disconnected = True  # which was told to `cycle` alone
            task.cancel()

    def pause_writing(self) -> None:
        """See :class:`asyncio.Protocol`: the client reads too slowly, or not at all."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self._limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """See :class:`asyncio.Protocol`."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins; its scope is made once its headers are here."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        if not self._in_head:  # another one in the same read
            self._begin_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer: what stands behind a body says nothing of who asks for what."""
        if not self._in_head:
            return
        # As uvicorn's, which is not called: a request has a dozen.
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The headers of a request are here."""
        if self.parser.should_upgrade():
            return
        if len(self.pipeline) >= self._limits.pipelined:
            raise ValueError("too many requests at once")  # the parser makes a 400 of it
        self._in_head, self._in_body, self._bytes_since_body = False, True, 0
        self._next_limit = self._limits.body_seconds, self._refuse_slow
        parser, before = self.parser, self.cycle
        http_version = parser.get_http_version()
        if self.url != self._asked_url[0]:
            self._asked_url = _read_url(self.url)
        _, raw_path, path, query = self._asked_url
        scope: Any = {
            "type": "http",
            "asgi": _ASGI,
            "http_version": http_version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": parser.get_method().decode("ascii"),
            "root_path": "",
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
            "extensions": OFFERED,
        }
        self.scope = scope
        self.cycle = cycle = AnswerCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=http_version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:  # several requests came at once
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        self._bytes_since_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The body of a request is here."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        self._in_body = False
        # Of a body that was too large, the answer was written before: the rest is passed over.
        waits = self._idle_seconds if self._is_between_requests else float("inf")
        self._next_limit = waits, self._close_idle

    def on_response_complete(self) -> None:
        """The answer was written."""
        # Not uvicorn's: it sets a timer of its own with each answer, where ours has one for all.
        self._task = None
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if not self.pipeline:  # else each answer would let in more requests than it takes off
            self.flow.resume_reading()
        if self._is_between_requests and not self._in_body:
            self._limit(self._idle_seconds, self._close_idle)

    def send_400_response(self, msg: str) -> None:
        """What came is no request."""
        self._refuse(400, msg)

    # What the gateway calls.

    def drain(self) -> None:
        """End the connection once the answer that may be asked for already was written."""
        if self._is_between_requests and not self._in_head:
            self._limit(self._limits.drain_seconds, self._close_idle)

    @property
    def is_streaming(self) -> bool:
        """Whether an answer has begun and not ended."""
        cycle = self.cycle
        return cycle is not None and cycle.response_started and not cycle.response_complete

    @property
    def is_controlling(self) -> bool:
        """Whether it is a control request that is answered: one that watches the drain itself."""
        cycle = self.cycle
        return cycle is not None and cycle.scope["path"].startswith(PREFIX)

    @property
    def is_watching(self) -> bool:
        """Whether what is answered is no call, and lasts: a restart's progress, or live events."""
        cycle = self.cycle
        return self.is_controlling or (cycle is not None and cycle.scope["path"] == EVENTS)

    # Inside.

    @property
    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    @property
    def _idle_seconds(self) -> float:
        draining = self.server_state.draining
        return self._limits.drain_seconds if draining else self._limits.idle_seconds

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)
        self._running, self._task = cycle, task

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("what came is no HTTP request that is served")

    def _decline_upgrade(self, rest: bytes) -> None:
        """Read a request without its wish for another protocol, as a server may (RFC 9110, 7.8).

        The parser takes whatever follows the headers for that protocol; it is a body where the
        client can do without, as Java's, which asks for HTTP/2 first wherever there is no TLS.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if method == b"CONNECT":
            self._refuse(405, "CONNECT is not served: the gateway is no proxy")
            return
        head = [b"%s %s HTTP/%s\r\n" % (method, self.url, version.encode())]
        head += [b"%s: %s\r\n" % each for each in self.headers if each[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self._parse(b"".join((*head, b"\r\n", rest)))

    def _begin_head(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._next_limit = self._limits.head_seconds, self._refuse_slow

    def _limit(self, seconds: float, on_end: Callable[[], None]) -> None:
        """From now on, ``on_end`` is what happens unless more does within ``seconds``."""
        self._on_end = on_end
        self._ends_at = self.loop.time() + seconds
        if self._timer is None or self._timer.when() > self._ends_at:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ends_at < float("inf"):
            self._timer = self.loop.call_at(self._ends_at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self.loop.time() < self._ends_at:
            self._set_timer()
        else:
            self._on_end()

    def _close_idle(self) -> None:
        self.transport.close()

    def _refuse_slow(self) -> None:
        what = "the headers" if self._in_head else "the body"
        self._refuse(408, f"{what} did not come within the time that is given for it")

    def _refuse(self, status: int, words: str) -> None:
        """Answer what is no request, or does not become one, and hang up."""
        if self.transport.is_closing():
            return
        running = self._running
        if running is not None and running.response_started and not running.response_complete:
            self.transport.abort()  # nothing can be said any more inside of an answer
            return
        kind, body = self.server_state.refusal(status, words)
        head = (
            f"HTTP/1.1 {status} \r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("latin-1") + body)
        self.transport.close()


def _read_url(url: bytes) -> tuple[bytes, bytes, str, bytes]:
    """``url`` itself, its path as it came and decoded, and its query."""
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("ascii")
    if "%" in path:
        path = urllib.parse.unquote(path)
    return url, parsed.path, path, parsed.query or b""
