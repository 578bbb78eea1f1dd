"""Decoders of packed bodies: only what was asked for, and never more at a time than is counted.

gzip and deflate, by the standard library: RFC 9110, section 8.4.1.
"""

from __future__ import annotations

import zlib

from orchestrator.connections.errors import DecodingError

DECODED = frozenset({"gzip", "deflate"})
"""The codings that can be asked for, by ``accept-encoding`` in a provider's headers."""

PIECE = 256 * 1024
"""Bytes that are unpacked at a time: who reads them counts them before more are."""

LARGEST_PACKED = 64 * 1024 * 1024
"""Bytes of a packed body: one that unpacks to nothing would otherwise be read for ever."""

_GIVEN = 16 * 1024
"""Bytes that are handed to zlib at a time."""

_ENVELOPE = 2
"""Bytes that begin deflate in its envelope."""

_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def new_decoder(coding: str, asked: str) -> BodyDecoder | None:
    """A decoder for a body of this ``content-encoding``; ``None`` for a plain one.

    Args:
        coding: The header of the answer, in lower case.
        asked: The request's ``accept-encoding``; empty where it had none.

    Raises:
        DecodingError: It was not asked for.
    """
    codings = [one.strip() for one in coding.split(",") if one.strip() not in ("", "identity")]
    if not codings:
        return None
    wanted = {one.partition(";")[0].strip().lower() for one in asked.split(",")}
    if len(codings) > 1 or codings[0] not in DECODED & wanted:
        raise DecodingError(f"the body is packed as {coding[:60]!r}, which was not asked for")
    return BodyDecoder(codings[0])


class BodyDecoder:
    """Unpacks one body, in pieces of :data:`PIECE` bytes at most."""

    def __init__(self, coding: str) -> None:
        self._is_gzip = coding == "gzip"
        self._unpacker = zlib.decompressobj(_GZIP) if self._is_gzip else None
        self._packed = b""
        self._at = 0  # in what is packed
        self._fed = 0

    def feed(self, data: bytes) -> None:
        """More of the packed body came.

        Raises:
            DecodingError: It is larger than any may be.
        """
        self._packed, self._at = self._packed[self._at :] + data, 0
        self._fed += len(data)
        if self._fed > LARGEST_PACKED:
            raise DecodingError("the packed body is larger than 64 MiB")

    def take(self) -> bytes:
        """The next piece; empty where more packed bytes must come first.

        Raises:
            DecodingError: It cannot be unpacked.
        """
        while self._at < len(self._packed):
            if self._unpacker is None:
                if len(self._packed) < _ENVELOPE:
                    break
                self._unpacker = zlib.decompressobj(_ZLIB if _is_zlib(self._packed) else _RAW)
            elif self._unpacker.eof:
                # A gzip file may hold several members (RFC 1952, 2.2); what follows a body of
                # the other kind is none of it.
                if not self._is_gzip:
                    self._at = len(self._packed)
                    break
                self._unpacker = zlib.decompressobj(_GZIP)
            if piece := self._unpack(self._unpacker):
                return piece
        return b""

    def end(self) -> None:
        """The packed body is at its end, and all pieces were taken.

        Raises:
            DecodingError: A part of it is missing.
        """
        if self._fed and (self._unpacker is None or not self._unpacker.eof):
            raise DecodingError("the packed body is cut")

    def _unpack(self, unpacker: zlib._Decompress) -> bytes:
        # A part of what is here: at the end of a member zlib copies what is left of it.
        given = self._packed[self._at : self._at + _GIVEN]
        try:
            piece = unpacker.decompress(given, PIECE)
        except zlib.error as error:
            raise DecodingError(f"the body cannot be unpacked ({error})") from None
        left = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        self._at += len(given) - len(left)
        return piece


def _is_zlib(packed: bytes) -> bool:
    """Whether deflate comes in its envelope; servers send it with and without (RFC 1950, 2.2)."""
    return packed[0] & 15 == zlib.DEFLATED and int.from_bytes(packed[:_ENVELOPE]) % 31 == 0
