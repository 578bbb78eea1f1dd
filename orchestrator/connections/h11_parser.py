"""h11 as a parser of answers, where llhttp is not installed."""

from __future__ import annotations

import h11

from orchestrator.connections.errors import RemoteProtocolError


class H11Parser:
    """A :class:`.ResponseParser` over h11."""

    def __init__(self) -> None:
        # More than ever comes: who feeds it holds the limit, LARGEST_HEAD of the reader.
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        # h11 reads no answer before a request; of ours it need not know more than its method.
        self._connection.send(h11.Request(method="POST", target="/", headers=[("host", "-")]))
        self._connection.send(h11.EndOfMessage())
        self.headers: list[tuple[bytes, bytes]] = []
        self.status, self.is_http_1_0 = 0, False
        self.is_complete = self.has_surplus = False

    def parse_head(self, data: bytes) -> None:
        """See :class:`.ResponseParser`."""
        self._connection.receive_data(data)
        event = self._next()
        if not isinstance(event, h11.Response | h11.InformationalResponse):
            raise RemoteProtocolError("the answer is no HTTP")
        self.headers = list(event.headers.raw_items())
        self.status, self.is_http_1_0 = event.status_code, event.http_version != b"1.1"

    def parse_chunks(self, data: bytes) -> bytes:
        """See :class:`.ResponseParser`."""
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
