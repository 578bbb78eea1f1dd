"""Server-sent events, read from bytes that arrive in any pieces. No I/O; never raises.

The rules are those of https://html.spec.whatwg.org/multipage/server-sent-events.html
(looked up 2026-11-21): a line ends with LF, CR or CRLF, a blank line ends an event, one
byte order mark may come first, and what no blank line ended is no event. Departures:

- What the standard swallows (comments, pings, lone ids) comes out as an event without
  data, so that the ``raw`` bytes of all events are the bytes that were received.
- ``retry`` is ignored: when to ask again is the machine's to decide.
- An event above :data:`LARGEST_EVENT` is cut off: nobody can make memory run out.

Most servers end all lines alike; splitting at blank lines is then one call into C.
"""

from __future__ import annotations

import abc
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from orchestrator.dialects.neutral import StreamEvent

LARGEST_EVENT = 16 * 1024 * 1024
"""Bytes. Images come in one event of a few MiB at most (Gemini, 2026-11-21)."""

_SHOWN = 200
_BOM = b"\xef\xbb\xbf"
_BLANK = (b"\n", b"\r\n", b"\r")
_END = re.compile(rb"\n\r?\n|\n\r|\r\r\n?")
_ENDS = (b"\n\n", b"\n\r", b"\r\r")
_OVERLAP = 2
"""How many bytes that were searched before may be part of an end; one more is harmless."""


T = TypeVar("T")


class ServerEvent(msgspec.Struct, frozen=True):  # attrs takes five times as long to make one
    """One event, or what stood between two.

    Attributes:
        raw: The bytes, the blank line at the end included.
        event: The event's type: ``message`` where it names none.
        data: Its data, lines joined by LF; empty for comments and pings.
        id: The last id that the stream named so far.
    """

    raw: bytes
    event: str = "message"
    data: str = ""
    id: str | None = None


class ServerSentEvents:
    """A parser for one stream.

    Feed it bytes as they come; it holds only the event that is not finished yet.
    """

    __slots__ = ("_buffer", "_first", "_id", "_limit", "_skipping")

    def __init__(self, largest: int = LARGEST_EVENT) -> None:
        self._buffer = bytearray()
        self._first = True
        self._id: str | None = None
        self._limit = largest
        self._skipping = False

    def feed(self, data: bytes) -> list[ServerEvent]:
        """The events that ``data`` completes, in order."""
        return [self.parse(one) if isinstance(one, bytes) else one for one in self._split(data)]

    def read(
        self,
        data: bytes,
        plain: Callable[[bytes, bytes], T | None],
        full: Callable[[ServerEvent], T],
    ) -> list[T]:
        """What the events that ``data`` completes mean, in order.

        Args:
            data: Bytes as they came.
            plain: Reads an event that has one line of data, after its type at most, from its
                bytes and that data, with the white space around it that JSON allows. Gives
                ``None`` where it does not know the event.
            full: Reads any event.
        """
        found: list[T] = []
        for block in self._split(data):
            if not isinstance(block, bytes):
                found.append(full(block))
                continue
            meaning = None
            at = block.find(b"\n") + 1 if block[:6] == b"event:" else 0
            # The data's line is the last where no more than the blank line comes after it.
            if block[at : at + 5] == b"data:" and block.find(b"\n", at) >= len(block) - 3:
                meaning = plain(block, block[at + 5 :])
            found.append(full(self.parse(block)) if meaning is None else meaning)
        return found

    def _split(self, data: bytes) -> list[bytes | ServerEvent]:
        """The bytes of each event whose lines end all in LF, or all in CRLF; others parsed."""
        if self._skipping:
            data = self._skip(data)
        if self._buffer:
            # The end of an event may itself be cut: look back as far as one may reach.
            searched = max(0, len(self._buffer) - _OVERLAP)
            self._buffer += data
            if not _ends(self._buffer, searched):
                return [*self._bounded()]
            data = bytes(self._buffer)
            self._buffer.clear()
        return self._beginning(data) if self._first else self._divide(data)

    def _beginning(self, data: bytes) -> list[bytes | ServerEvent]:
        """The same at the beginning of the stream, where a byte order mark is no text."""
        mark = _BOM if data.startswith(_BOM) else b""
        events = self._divide(data[len(mark) :])
        if not events:
            self._buffer[:0] = mark
            return []
        self._first = False
        if not mark:
            return events
        first = self.parse(events[0]) if isinstance(events[0], bytes) else events[0]
        return [msgspec.structs.replace(first, raw=mark + first.raw), *events[1:]]

    def _divide(self, data: bytes) -> list[bytes | ServerEvent]:
        events: list[bytes | ServerEvent]
        blank = _blank_line(data)
        if blank is None or len(data) > self._limit:
            blocks, rest = _blocks(data)
            events = [self.parse(block) for block in blocks]
        else:
            texts = data.split(blank)
            rest = texts.pop()
            # From a model, most events come alone.
            events = [data] if len(texts) == 1 and not rest else [text + blank for text in texts]
        if not rest:
            return events
        self._buffer += rest
        return [*events, *self._bounded()] if len(rest) > self._limit else events

    def close(self) -> list[ServerEvent]:
        """What was left: an unfinished event has no data, whatever it would have said."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        if not rest or self._skipping:
            return []
        if _ends(bytearray(rest), 0):  # a last CR, which might have become CRLF
            event = self.parse(rest.removeprefix(_BOM) if self._first else rest)
            return [msgspec.structs.replace(event, raw=rest)]
        return [ServerEvent(rest, id=self._id)]

    def parse(self, block: bytes) -> ServerEvent:
        """The event in ``block``, which ends with a blank line."""
        if len(block) > self._limit:
            return _too_large(block, self._id)
        if block[:6] == b"data: " and block.find(b"\n") == len(block) - 2 and b"\r" not in block:
            return ServerEvent(block, "message", block[6:-2].decode("utf-8", "replace"), self._id)
        event, data = "", []
        for line in block.splitlines():  # of bytes: at LF, CR and CRLF alone
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                data.append(value)
            elif name == b"event":
                event = value.decode("utf-8", "replace")
            elif name == b"id" and b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        joined = b"\n".join(data).decode("utf-8", "replace")
        return ServerEvent(block, event or "message", joined, self._id)

    def _bounded(self) -> list[ServerEvent]:
        """Give up on the unfinished event where it has grown too large."""
        if len(self._buffer) <= self._limit:
            return []
        cut = _too_large(self._buffer, self._id)
        del self._buffer[:-_OVERLAP]
        self._skipping = True
        return [cut]

    def _skip(self, data: bytes) -> bytes:
        """What of ``data`` comes after the end of the event that was too large."""
        seen = bytes(self._buffer) + data
        end = _END.search(seen)
        self._skipping = end is None
        self._buffer = bytearray(b"" if end else seen[-_OVERLAP:])
        return seen[end.end() :] if end else b""


class EventReader(abc.ABC):
    """Reads a stream of events; see :class:`orchestrator.dialects.record.StreamReader`.

    A dialect says what one event means.
    """

    def __init__(self) -> None:
        self._events = ServerSentEvents()

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that ``data`` completes, in order. Never raises."""
        return self._events.read(data, self.plain, self.read)

    def close(self) -> list[StreamEvent]:
        """What was left when the connection ended. Never raises."""
        return [self.read(event) for event in self._events.close()]

    @abc.abstractmethod
    def read(self, event: ServerEvent) -> StreamEvent:
        """What one event means."""

    @abc.abstractmethod
    def plain(self, raw: bytes, data: bytes) -> StreamEvent | None:
        """The same of an event of words alone; ``None`` where it says anything else."""


def _blank_line(data: bytes) -> bytes | None:
    """What ends an event of ``data``; ``None`` where its lines do not all end alike."""
    if b"\r" not in data:
        return b"\n\n"
    pairs = data.count(b"\r\n")
    return b"\r\n\r\n" if pairs == data.count(b"\r") == data.count(b"\n") else None


def _ends(buffer: bytearray, start: int) -> bool:
    """True where an event may end at ``start`` or later; three searches in C beat a regex."""
    return any(buffer.find(end, start) >= 0 for end in _ENDS)


def _blocks(data: bytes) -> tuple[list[bytes], bytes]:
    """The finished events in ``data``, however their lines end, and the beginning of the next.

    A last CR is held back where the stream has written CRLF: its LF is on the way. Where
    it has not, the event is given at once, since a LF that follows does no harm.
    """
    blocks, began, at = [], 0, 0
    for line in data.splitlines(keepends=True):
        first, at = at == began, at + len(line)
        if first or line not in _BLANK:
            continue
        if at == len(data) and line == b"\r" and b"\r\n" in data[began:]:
            break
        blocks.append(data[began:at])
        began = at
    return blocks, data[began:]


def _too_large(block: bytes | bytearray, last_id: str | None) -> ServerEvent:
    """Its beginning, field name and all, which no dialect can read; no bytes to pass on."""
    return ServerEvent(b"", "message", block[:_SHOWN].decode("utf-8", "replace"), last_id)
