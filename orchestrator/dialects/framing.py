"""Whether bytes are a stream or an answer in one piece, told by how they begin.

What the bytes are decides, whatever headers call them: gateways send JSON as
``text/event-stream``, streams as ``application/json``, and either without a type.
"""

from __future__ import annotations

import re

import attrs

_BLANK = b" \t\r\n\xef\xbb\xbf"
_FIELDS = (b"event", b"retry", b"data", b"id", b":")
_EVENT = re.compile(rb"[ \t\r\n\xef\xbb\xbf]*(?:event|retry|data|id)?:")
_ITEM = re.compile(rb"[ \t\r\n\xef\xbb\xbf]*\[")
"""How a whole stream begins, found without a copy of it, which may be large."""

_COMMENTED = re.compile(rb"(?:[ \t\r\n\xef\xbb\xbf]*:[^\r\n]*[\r\n]+)+[ \t\r\n]*(?=[{<])")
"""Comments of a stream that keep the connection alive until an answer in one piece is ready."""


@attrs.frozen
class StreamFraming:
    """Server-sent events, as nearly all streams are framed.

    Attributes:
        is_listed: True where a stream may be a JSON list too.
    """

    is_listed: bool = False

    def is_whole(self, begun: bytes | bytearray) -> bool | None:
        """Whether an answer in one piece begins so; ``None`` where nothing has come yet.

        JSON objects and pages begin as no event of a stream does.
        """
        if begun.startswith(b"{"):  # nearly always, where an answer is not streamed
            return True
        first = bytes(begun.lstrip(_BLANK)[:1])
        whole = (b"{", b"<") if self.is_listed else (b"{", b"<", b"[")
        return first in whole if first else None

    def is_stream(self, body: bytes | bytearray) -> bool:
        """True where ``body``, which is all here, is a stream."""
        listed = self.is_listed and _ITEM.match(body) is not None
        return listed or bool(_EVENT.match(body) and not _COMMENTED.match(body))

    def is_garbled(self, begun: bytes | bytearray) -> bool:
        """True where what has come does not begin like an event."""
        first = bytes(begun.lstrip(_BLANK)[: len(_FIELDS[0])])
        return not any(first.startswith(name) or name.startswith(first) for name in _FIELDS)

    def without_comments(self, body: bytes | bytearray) -> bytes:
        """``body`` without the comments that came before an answer in one piece."""
        if body.startswith(b"{"):
            return bytes(body)
        comments = _COMMENTED.match(body)
        return bytes(body[comments.end() :] if comments else body)


EVENTS = StreamFraming()
"""Server-sent events alone."""
