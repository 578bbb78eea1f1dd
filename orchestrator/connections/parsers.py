"""Parsers of an answer's head and of its chunks: llhttp, or h11 where that is not installed.

Both are proven on the web at large, and neither says where in the bytes an answer ended, or
what it would allow there. So :mod:`.reader` finds the end of a head, and of a body that has a
length, and counts; and here is only what must be parsed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

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


try:
    from orchestrator.connections.llhttp_parser import LlhttpParser
except ImportError:
    from orchestrator.connections.h11_parser import H11Parser

    new_parser: Callable[[], ResponseParser] = H11Parser
else:
    new_parser = LlhttpParser
