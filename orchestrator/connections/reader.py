"""The reader of one answer: bytes of a connection in, a head and the bytes of a body out.

No socket and no clock. RFC 9112, section 6.3 says where a body ends.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable

from orchestrator.connections.decoders import BodyDecoder, new_decoder
from orchestrator.connections.errors import DecodingError, RemoteProtocolError
from orchestrator.connections.parsers import ResponseParser, new_parser
from orchestrator.http_messages import ResponseHead, ResponseHeaders

LARGEST_HEAD = 64 * 1024
"""Bytes of a head, interim ones included: four times what common servers send at most.

As many may come of a chunked body in a row that bring nothing of it: trailers, and what is
written beside the size of a chunk.
"""

_LINE_END = re.compile(rb"\r?\n")
_LENGTH_LINE = re.compile(rb"\r\ncontent-length:[^\r]*", re.IGNORECASE)
_NO_BODY = frozenset({204, 304})
AT_ONCE = 64 * 1024
"""Bytes of a body that are taken at once, at most: what is made of them takes ten times as much
memory, for as long as a slow reader takes, and holds the loop meanwhile."""

_NOTHING = "Server disconnected without sending a response."


class _Framing(enum.Enum):
    HEAD = 0
    LENGTH = 1
    CHUNKED = 2
    UNTIL_CLOSE = 3
    COMPLETE = 4


class ResponseReader:
    """One answer, as it comes.

    Args:
        accept_encoding: What the request asked for; see :mod:`.decoders`.
        parser: Makes a parser of what it sends.

    Attributes:
        head: Once it is here.
        has_bytes: True once anything came.
        held: Bytes of the body that are here and not taken.
    """

    __slots__ = (
        *("_accept_encoding", "_beside", "_begun", "_decoder", "_framing", "_interim", "_keeps"),
        *("_left", "_new_parser", "_parser", "_pieces", "_refused", "_tail"),
        *("has_bytes", "head", "held"),
    )

    def __init__(
        self, accept_encoding: str = "", parser: Callable[[], ResponseParser] = new_parser
    ) -> None:
        self.head: ResponseHead | None = None
        self.has_bytes = False
        self.held = 0
        self._accept_encoding = accept_encoding
        self._new_parser = parser
        self._framing = _Framing.HEAD
        self._begun = b""  # of a head
        self._interim = 0
        self._left = 0
        self._beside = 0  # bytes of chunks since the last that brought something
        self._keeps = False
        self._parser: ResponseParser | None = None
        self._decoder: BodyDecoder | None = None
        self._refused: DecodingError | RemoteProtocolError | None = None
        self._pieces: list[bytes] = []
        self._tail = b""

    @property
    def is_complete(self) -> bool:
        """True once all of the answer is here."""
        return self._framing is _Framing.COMPLETE

    @property
    def is_reusable(self) -> bool:
        """True where the connection may carry another request.

        The answer was read to its end, and nothing came beyond it.
        """
        is_read = not self._pieces and self._refused is None
        return self._keeps and is_read and self._framing is _Framing.COMPLETE

    @property
    def has_body(self) -> bool:
        """True where bytes stand behind the head."""
        return bool(self.held or self._tail)

    def feed(self, data: bytes) -> None:
        """Bytes came.

        Raises:
            RemoteProtocolError: They are no HTTP, or a head is too large.
        """
        self.has_bytes = True
        begins = self._framing is _Framing.HEAD
        if begins:
            data = self._feed_head(data)
            if not data:
                return
        match self._framing:
            case _Framing.LENGTH:
                body = data
                if len(data) >= self._left:
                    self._keeps = self._keeps and len(data) == self._left
                    body, self._framing = data[: self._left], _Framing.COMPLETE
                self._left -= len(body)
                self._add(body)
            case _Framing.CHUNKED:
                self._feed_chunks(data, begins=begins)
            case _Framing.UNTIL_CLOSE:
                self._add(data)
            case _Framing.COMPLETE:
                self._keeps = False

    def end(self) -> None:
        """The connection is at its end.

        Raises:
            RemoteProtocolError: The answer is not.
        """
        self._keeps = False
        match self._framing:
            case _Framing.HEAD:
                raise RemoteProtocolError(_NOTHING)
            case _Framing.LENGTH | _Framing.CHUNKED:
                raise RemoteProtocolError(self.missing)
            case _Framing.UNTIL_CLOSE:
                self._framing = _Framing.COMPLETE

    @property
    def missing(self) -> str:
        """What is missing where the connection ends now."""
        chunked = self._framing is _Framing.CHUNKED
        what = "incomplete chunked read" if chunked else f"{self._left} bytes are missing"
        return f"peer closed connection without sending complete message body ({what})"

    def take(self) -> bytes | None:
        """The body that has come, unpacked; empty where more must come, ``None`` at its end.

        Raises:
            DecodingError: It cannot be unpacked, or was packed in a way that nobody asked for.
            RemoteProtocolError: It is no HTTP, and was none when the head came.
        """
        if self._refused is not None:
            raise self._refused
        if self._decoder is not None:
            return self._take_unpacked(self._decoder)
        pieces = self._pieces
        if not pieces:
            return None if self._framing is _Framing.COMPLETE else b""
        if self.held > AT_ONCE:
            return self._take_some(pieces)
        self._pieces, self.held = [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _take_some(self, pieces: list[bytes]) -> bytes:
        taken, size = 0, 0
        while size < AT_ONCE:
            size += len(pieces[taken])
            taken += 1
        over = size - AT_ONCE
        data = b"".join(pieces[:taken])
        pieces[:taken] = [data[AT_ONCE:]] if over else []
        self.held -= AT_ONCE
        return data[:AT_ONCE]

    def _take_unpacked(self, decoder: BodyDecoder) -> bytes | None:
        for piece in self._pieces:
            decoder.feed(piece)
        self._pieces, self.held = [], 0
        if piece := decoder.take():
            return piece
        if self._framing is not _Framing.COMPLETE:
            return b""
        decoder.end()
        return None

    def _add(self, body: bytes) -> None:
        if body:
            self._pieces.append(body)
            self.held += len(body)

    # The head.

    def _feed_head(self, data: bytes) -> bytes:
        """Take a head out of ``data``; gives the bytes behind it, once it is whole."""
        while True:
            begun = self._begun + data if self._begun else data
            if not begun.startswith(b"HTTP/"[: len(begun)]):
                raise RemoteProtocolError("the answer does not begin as HTTP does")
            end = _head_end(begun, len(self._begun))
            if self._interim + (end or len(begun)) > LARGEST_HEAD:
                raise RemoteProtocolError("the head of the answer is larger than 64 KiB")
            if not end:
                self._begun = begun
                return b""
            self._begun, data = b"", begun[end:]
            self._read_head(begun[:end])
            if self.head is not None:
                return data
            self._interim += end  # an interim answer, such as 103: the real one follows
            if not data:
                return b""

    def _read_head(self, raw: bytes) -> None:
        raw, doubtful = _as_llhttp_takes_it(raw)
        parser = self._new_parser()
        parser.parse_head(raw)
        if parser.status < 200:
            if parser.status == 101:
                raise RemoteProtocolError("the server switched to another protocol")
            if parser.status < 100:
                raise RemoteProtocolError("the answer has a status that HTTP does not know")
            return
        length, coding, connection, packed = _framing_headers(parser.headers)
        close = b"close" in connection or (parser.is_http_1_0 and b"keep-alive" not in connection)
        self._keeps = not (close or doubtful)
        self._begin_body(parser, length, coding)
        told = length if self._framing is _Framing.LENGTH and not packed else None
        self.head = ResponseHead(parser.status, ResponseHeaders(parser.headers), told)
        if packed and self._framing is not _Framing.COMPLETE:
            try:
                self._decoder = new_decoder(packed.decode("latin-1").lower(), self._accept_encoding)
            except DecodingError as refused:
                self._refused = refused  # told who reads the body: the status may say enough

    def _begin_body(self, parser: ResponseParser, length: int | None, coding: bytes) -> None:
        if parser.status in _NO_BODY or length == 0:
            self._framing = _Framing.COMPLETE
        elif coding == b"chunked":
            self._framing, self._parser = _Framing.CHUNKED, parser
        elif coding:
            raise RemoteProtocolError("the body is sent in a transfer coding other than chunked")
        elif length is not None:
            self._framing, self._left = _Framing.LENGTH, length
        else:
            self._framing, self._keeps = _Framing.UNTIL_CLOSE, False

    # The chunks.

    def _feed_chunks(self, data: bytes, *, begins: bool) -> None:
        parser = self._parser
        if parser is None:
            raise AssertionError("chunks have their parser")
        try:
            body = parser.parse_chunks(data)
        except RemoteProtocolError as broken:
            if not begins:
                raise
            self._refused = broken  # behind a head that is to be read
            return
        self._beside = 0 if body else self._beside + len(data)
        if self._beside > LARGEST_HEAD and not parser.is_complete:
            raise RemoteProtocolError("64 KiB came beside the chunks of the body")
        self._add(body)
        # llhttp skips line ends behind an answer, which are surplus like any other byte: the
        # body ends in an empty line, before which stands a size or a trailer, and no empty line.
        self._tail = (self._tail + data[-5:])[-5:]
        if parser.is_complete:
            exact = self._tail.endswith(b"\r\n\r\n") and self._tail[:1] not in (b"\r", b"\n")
            self._keeps = self._keeps and exact and not parser.has_surplus
            self._framing, self._parser = _Framing.COMPLETE, None


def _head_end(begun: bytes, seen: int) -> int:
    """Where the head ends that ``begun`` holds; 0 where it holds no whole one.

    Args:
        begun: What has come.
        seen: So many bytes of it hold no end.
    """
    start, last = max(0, seen - 2), LARGEST_HEAD + 4
    end = begun.find(b"\n\r\n", start, last)
    bare = begun.find(b"\n\n", start, end + 2 if end >= 0 else last)
    if bare >= 0:
        return bare + 2
    return end + 3 if end >= 0 else 0


def _as_llhttp_takes_it(raw: bytes) -> tuple[bytes, bool]:
    """The head without what llhttp refuses and RFC 9112 allows; True where it is doubtful."""
    if raw.count(b"\n") != raw.count(b"\r\n"):
        raw = _LINE_END.sub(b"\r\n", raw)  # bare line feeds: section 2.2
    lower = raw.lower()
    if b"\ncontent-length:" in lower and b"\ntransfer-encoding:" in lower:
        # The coding wins, and the connection ends with the answer: section 6.3.
        return _LENGTH_LINE.sub(b"", raw), True
    return raw, False


def _framing_headers(
    headers: list[tuple[bytes, bytes]],
) -> tuple[int | None, bytes, bytes, bytes]:
    """The length, the transfer coding, ``connection`` and ``content-encoding``, in lower case."""
    length: int | None = None
    coding = connection = packed = b""
    for name, value in headers:
        # Three names of four have another length: nothing is made of those.
        match len(name):
            case 14 if name.lower() == b"content-length":
                length = int(value)
            case 17 if name.lower() == b"transfer-encoding":
                coding = value.strip().lower()
            case 10 if name.lower() == b"connection":
                connection += b"," + value.lower()
            case 16 if name.lower() == b"content-encoding":
                packed = value.strip() if not packed else packed + b"," + value.strip()
    return length, coding, connection, packed
