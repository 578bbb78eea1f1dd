"""llhttp as a parser of answers: the one of Node.js, by httptools."""

from __future__ import annotations

import httptools

from orchestrator.connections.errors import RemoteProtocolError


class _Collector:
    """What llhttp tells of an answer. The parser knows it, and not it the parser: no circle."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
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
    """A :class:`.ResponseParser` over llhttp."""

    __slots__ = ("_collector", "_parser", "headers", "is_http_1_0", "status")

    def __init__(self) -> None:
        self._collector = _Collector()
        self._parser = httptools.HttpResponseParser(self._collector)
        self.headers = self._collector.headers
        self.status, self.is_http_1_0 = 0, False

    @property
    def is_complete(self) -> bool:
        """See :class:`.ResponseParser`."""
        return self._collector.is_complete

    @property
    def has_surplus(self) -> bool:
        """See :class:`.ResponseParser`."""
        return self._collector.has_surplus

    def parse_head(self, data: bytes) -> None:
        """See :class:`.ResponseParser`."""
        self._feed(data)
        self.status = self._parser.get_status_code()
        self.is_http_1_0 = self._parser.get_http_version() != "1.1"

    def parse_chunks(self, data: bytes) -> bytes:
        """See :class:`.ResponseParser`."""
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
