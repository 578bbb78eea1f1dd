"""The bytes of an answer until it is clear whether they are a stream, or one piece."""

from __future__ import annotations

import re

import attrs
import httpx

from orchestrator.dialects import StreamReader, dialect

_BLANK = b" \t\r\n\xef\xbb\xbf"
_WHOLE = (b"{", b"<")
"""How JSON objects and pages begin, and no event of a stream does."""
_FIELDS = (b"event", b"retry", b"data", b"id", b":")
_LIST = b"["
_LISTED = "gemini"
"""The dialect whose streams are lists where ``alt=sse`` did not arrive."""

_EVENT = re.compile(rb"[ \t\r\n\xef\xbb\xbf]*(?:event|retry|data|id)?:")
_ITEM = re.compile(rb"[ \t\r\n\xef\xbb\xbf]*\[")
"""How a whole stream begins, found without a copy of it, which may be large."""

_COMMENTED = re.compile(rb"(?:[ \t\r\n\xef\xbb\xbf]*:[^\r\n]*[\r\n]+)+[ \t\r\n]*(?=[{<])")
"""Comments of a stream that keep the connection alive until an answer in one piece is ready."""


@attrs.define
class Body:
    """Collects what comes of one answer.

    What the bytes are decides, whatever the headers call them: gateways send JSON as
    ``text/event-stream``, streams as ``application/json``, and either without a type.

    Attributes:
        response: Its head.
        spoken: The provider's dialect.
        streamed: True where a stream was asked for.
    """

    response: httpx.Response
    spoken: str
    streamed: bool
    _content: bytearray = attrs.field(factory=bytearray)
    _one_piece: bool = False

    @property
    def failed(self) -> bool:
        """True where the status alone says that this is no answer."""
        return not self.response.is_success

    @property
    def content(self) -> bytes:
        """What has come, without the comments that came before an answer in one piece."""
        comments = _COMMENTED.match(self._content)
        return bytes(self._content[comments.end() :] if comments else self._content)

    @property
    def waits(self) -> bool:
        """True while the provider is still to say its first word."""
        kind = self.response.headers.get("content-type", "").lower()
        known = self._one_piece or kind.startswith(("application/json", "text/html"))
        return self.streamed and not known

    @property
    def garbled(self) -> bool:
        """True where what has come does not begin like an event of a stream."""
        first = bytes(self._content.lstrip(_BLANK)[: len(_FIELDS[0])])
        return not any(first.startswith(name) or name.startswith(first) for name in _FIELDS)

    @property
    def is_stream(self) -> bool:
        """True where what has come is a stream, whatever was asked for; all of it is here."""
        listed = self.spoken == _LISTED and _ITEM.match(self._content) is not None
        evented = _EVENT.match(self._content) and not _COMMENTED.match(self._content)
        return not self.failed and (listed or bool(evented))

    def __len__(self) -> int:
        return len(self._content)

    def add(self, data: bytes) -> None:
        """More bytes came."""
        self._content += data

    def reader(self) -> StreamReader | None:
        """A reader for the stream that this is; ``None`` where it is none, or not yet known."""
        if self._one_piece or self.failed:
            return None
        first = bytes(self._content.lstrip(_BLANK)[:1])
        if first in _WHOLE or (first == _LIST and self.spoken != _LISTED):
            self._one_piece = True
        return dialect(self.spoken).stream_reader() if first and not self._one_piece else None
