"""Parsers of an answer's head and of its chunks: llhttp, or h11 where that is not installed.

Both are proven on the web at large, and neither says where in the bytes an answer ended, or
what it would allow there. So :mod:`.reader` finds the end of a head, and of a body that has a
length, and counts; and here is only what must be parsed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from orchestrator.connections.errors import RemoteProtocolError

Headers = list[tuple[bytes, bytes]]


class ResponseParser(Protocol):
    """Parses one answer: its whole head, then the bytes of a chunked body."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Headers:
        """Names and values, as they came."""
        ...

    @property
    def is_http_1_0(self) -> bool:
        """True where the server does not speak HTTP/1.1."""
        ...

    @property
    def is_complete(self) -> bool:
        """True once the last chunk and what follows it is here."""
        ...

    @property
    def has_surplus(self) -> bool:
        """True where bytes came that are none of this answer; line ends aside, see llhttp."""
        ...

    def parse_head(self, data: bytes) -> None:
        """Parse a whole head. Raises RemoteProtocolError."""
        ...

    def parse_chunks(self, data: bytes) -> bytes:
        """What ``data`` adds to the body. Raises RemoteProtocolError."""
        ...


class _Collector:
    """What llhttp tells of an answer. The parser knows it, and not it the parser: no circle."""

    def __init__(self) -> None:
        self.headers: Headers = []
        self.body: list[bytes] = []
        self.in_body = self.is_complete = self.has_surplus = False

    def on_message_begin(self) -> None:
        self.has_surplus = self.is_complete

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.in_body:  # after it they are trailers, which nobody asked for
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.in_body = True

    def on_body(self, data: bytes) -> None:
        if not self.is_complete:
            self.body.append(data)

    def on_message_complete(self) -> None:
        self.is_complete = True


class LlhttpParser:
    """A :class:`ResponseParser` over llhttp."""

    __slots__ = ("_collector", "_parser", "headers", "is_http_1_0", "status")

    def __init__(self) -> None:
        self._collector = _Collector()
        self._parser = httptools.HttpResponseParser(self._collector)
        self.headers = self._collector.headers
        self.status, self.is_http_1_0 = 0, False

    @property
    def is_complete(self) -> bool:
        """See :class:`ResponseParser`."""
        return self._collector.is_complete

    @property
    def has_surplus(self) -> bool:
        """See :class:`ResponseParser`."""
        return self._collector.has_surplus

    def parse_head(self, data: bytes) -> None:
        """See :class:`ResponseParser`."""
        self._feed(data)
        self.status = self._parser.get_status_code()
        self.is_http_1_0 = self._parser.get_http_version() != "1.1"

    def parse_chunks(self, data: bytes) -> bytes:
        """See :class:`ResponseParser`."""
        self._feed(data)
        body = b"".join(self._collector.body)
        self._collector.body.clear()
        return body

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            # Our own callbacks raise nothing: an interrupt came while one ran.
            raise (error.__context__ or error) from None
        except httptools.HttpParserUpgrade:
            raise RemoteProtocolError("the server switched to another protocol") from None
        except httptools.HttpParserError as error:
            if not self._collector.is_complete:
                # Without the bytes that it may quote: they can be the answer's own.
                raise RemoteProtocolError(f"the answer is no HTTP ({error})") from None
            self._collector.has_surplus = True


class H11Parser:
    """A :class:`ResponseParser` over h11."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        # h11 reads no answer before a request; of ours it need not know more than its method.
        self._connection.send(h11.Request(method="POST", target="/", headers=[("host", "-")]))
        self._connection.send(h11.EndOfMessage())
        self.headers: Headers = []
        self.status, self.is_http_1_0 = 0, False
        self.is_complete = self.has_surplus = False

    def parse_head(self, data: bytes) -> None:
        """See :class:`ResponseParser`."""
        self._connection.receive_data(data)
        event = self._next()
        if not isinstance(event, h11.Response | h11.InformationalResponse):
            raise RemoteProtocolError("the answer is no HTTP")
        self.headers = list(event.headers.raw_items())
        self.status, self.is_http_1_0 = event.status_code, event.http_version != b"1.1"

    def parse_chunks(self, data: bytes) -> bytes:
        """See :class:`ResponseParser`."""
        self._connection.receive_data(data)
        body = b""
        while not self.is_complete:
            event = self._next()
            if event is h11.NEED_DATA:
                break
            if isinstance(event, h11.Data):
                body += event.data
            self.is_complete = isinstance(event, h11.EndOfMessage)
        self.has_surplus = bool(self._connection.trailing_data[0])
        return body

    def _next(self) -> object:
        try:
            return self._connection.next_event()
        except h11.RemoteProtocolError:
            raise RemoteProtocolError("the answer is no HTTP") from None


try:
    import httptools
except ImportError:
    import h11

    new_parser: Callable[[], ResponseParser] = H11Parser
else:
    new_parser = LlhttpParser
