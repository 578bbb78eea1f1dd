"""The bytes of an answer until it is clear whether they are a stream, or one piece."""

from __future__ import annotations

import attrs

from orchestrator.dialects import StreamReader, dialect
from orchestrator.dialects.framing import StreamFraming
from orchestrator.http_messages import ResponseHead


@attrs.define(repr=False)  # see Exchange
class ResponseSniffer:
    """Collects what comes of one answer.

    What the bytes are decides; see :mod:`orchestrator.dialects.framing`.

    Attributes:
        head: Its head.
        spoken: The provider's dialect.
        streamed: True where a stream was asked for.
        one_piece: True where it is known to be none; what comes may tell later.
    """

    head: ResponseHead
    spoken: str
    streamed: bool
    _content: bytearray = attrs.field(factory=bytearray)
    _one_piece: bool = False

    @property
    def failed(self) -> bool:
        """True where the status alone says that this is no answer."""
        return not self.head.is_success

    @property
    def content(self) -> bytes:
        """What has come, without the comments that came before an answer in one piece."""
        return self._framing.without_comments(self._content)

    @property
    def waits(self) -> bool:
        """True while the provider is still to say its first word."""
        # Believed for the patience alone: a whole answer takes longer than a first token.
        kind = self.head.headers.get("content-type", "").lower()
        known = self._one_piece or kind.startswith(("application/json", "text/html"))
        return self.streamed and not known

    @property
    def garbled(self) -> bool:
        """True where what has come does not begin like an event of a stream."""
        return self._framing.is_garbled(self._content)

    @property
    def is_stream(self) -> bool:
        """True where what has come is a stream, whatever was asked for; all of it is here."""
        return not self.failed and self._framing.is_stream(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def add(self, data: bytes) -> None:
        """More bytes came."""
        self._content += data

    def reader(self) -> StreamReader | None:
        """A reader for the stream that this is; ``None`` where it is none, or not yet known."""
        if self._one_piece or self.failed:
            return None
        is_whole = self._framing.is_whole(self._content)
        self._one_piece = bool(is_whole)
        return dialect(self.spoken).stream_reader() if is_whole is False else None

    @property
    def _framing(self) -> StreamFraming:
        return dialect(self.spoken).framing
