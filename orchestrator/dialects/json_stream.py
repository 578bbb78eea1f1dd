r"""A stream of JSON objects, cut anywhere: ``[{...},\n{...}]``, or one after the other.

Theory of operation: only brackets, quotes and backslashes matter for finding where an
object ends, so that is all that is looked at; what is between the brackets is parsed by
whoever takes the frames. No I/O, no exception for any bytes. Every byte that was fed comes
out again as ``raw`` of some frame, in order, so that a stream can be passed on as it came.
"""

from __future__ import annotations

import re

import attrs

LIMIT = 16 * 1024 * 1024
"""Bytes of one object that are kept; a larger one is passed on and not read."""

_BETWEEN = re.compile(rb"[{}\[\]\"]")
_WITHIN = re.compile(rb"[\"\\]")
_IGNORED = b" \t\r\n,\xef\xbb\xbf\x1e"
"""White space, the comma of a list, a byte order mark, a record separator (RFC 7464)."""


@attrs.frozen
class JsonFrame:
    """A piece of the stream that ends with an object, with the list, or with the limit.

    Attributes:
        raw: The bytes as they came, separators included.
        value: The object's bytes; empty where the piece holds none.
        junk: Bytes before the object that are neither separators nor an object.
        oversized: True where the object was larger than the limit, in its first piece.
        last: True where the list ended here.
    """

    raw: bytes
    value: bytes = b""
    junk: bytes = b""
    oversized: bool = False
    last: bool = False


@attrs.define
class JsonStream:
    """Finds the objects of a stream; fed with bytes as they come.

    Attributes:
        limit: Bytes of one object that are kept.
    """

    limit: int = LIMIT
    _pending: bytearray = attrs.field(factory=bytearray, init=False)
    _at: int = attrs.field(default=0, init=False)  # how far _pending was looked at
    _begin: int | None = attrs.field(default=None, init=False)  # where the object begins
    _depth: int = attrs.field(default=0, init=False)
    _listed: bool | None = attrs.field(default=None, init=False)
    _quoted: bool = attrs.field(default=False, init=False)
    _skipping: bool = attrs.field(default=False, init=False)

    def feed(self, data: bytes) -> list[JsonFrame]:
        """The pieces that ``data`` completes, in order."""
        self._pending += data
        frames: list[JsonFrame] = []
        while (position := self._next()) is not None:
            self._mark(position, frames)
        if len(self._pending) - (self._begin or 0) > self.limit:
            frames.append(self._overflow())
        return frames

    def close(self) -> list[JsonFrame]:
        """What was left when the stream ended: bytes alone, since no object is unfinished."""
        left, self._pending = bytes(self._pending), bytearray()
        self._at, self._begin = 0, None
        return [JsonFrame(left)] if left else []

    def _next(self) -> int | None:
        """Where the next byte is that matters; ``None`` where all were looked at."""
        pattern = _WITHIN if self._quoted else _BETWEEN
        found = pattern.search(self._pending, self._at)
        if found is None:
            self._at = len(self._pending)
            return None
        if self._pending[found.start()] == 0x5C and found.end() == len(self._pending):
            # What is escaped has not come yet; look at the backslash again then.
            self._at = found.start()
            return None
        return found.start()

    def _mark(self, position: int, frames: list[JsonFrame]) -> None:
        """Takes the byte at ``position`` into account."""
        byte = bytes(self._pending[position : position + 1])
        self._at = position + (2 if byte == b"\\" else 1)
        if byte == b'"':
            self._quoted = not self._quoted
        elif byte in (b"{", b"["):
            self._open(byte, position)
        elif byte in (b"}", b"]"):
            self._shut(byte, frames)

    def _open(self, byte: bytes, position: int) -> None:
        if self._listed is None:
            self._listed = byte == b"["
            if self._listed:
                # Its bracket is a separator like the commas after it.
                return
        if self._depth == 0:
            self._begin = position
        self._depth += 1

    def _shut(self, byte: bytes, frames: list[JsonFrame]) -> None:
        if self._depth:
            self._depth -= 1
            if self._depth == 0:
                frames.append(self._frame())
        elif byte == b"]" and self._listed:
            self._begin = None
            frames.append(attrs.evolve(self._frame(), last=True))

    def _frame(self) -> JsonFrame:
        """Everything up to here, as one piece."""
        begin, skipped = self._begin, self._skipping
        raw = self._cut()
        self._skipping = False
        if skipped:
            return JsonFrame(raw)
        if begin is None:
            return JsonFrame(raw, junk=raw.strip(_IGNORED + b"[]"))
        junk = raw[:begin].strip(_IGNORED + b"[")
        if len(raw) - begin > self.limit:
            return JsonFrame(raw, junk=junk, oversized=True)
        return JsonFrame(raw, value=raw[begin:], junk=junk)

    def _overflow(self) -> JsonFrame:
        """All that is pending is passed on unread; so will be the rest of this object."""
        begin, known = self._begin or 0, self._skipping
        raw = self._cut()
        self._skipping = self._depth > 0
        return JsonFrame(
            raw, junk=b"" if known else raw[:begin].strip(_IGNORED + b"["), oversized=not known
        )

    def _cut(self) -> bytes:
        """What was looked at, taken out of what is pending."""
        raw = bytes(self._pending[: self._at])
        del self._pending[: self._at]
        self._at, self._begin = 0, None
        return raw
