"""A text read in every spelling that others write secrets in, each place with its origin.

Whoever echoes a key may have escaped it for JSON, an address or a page, encoded it, or folded
it over lines; often several of these, one over another, and for some characters only. So a
text is not searched for the spellings of a secret, of which there is no end, but read step by
step as whoever it is meant for would read it, and what comes out is searched for the secret.
Each reading knows from which characters of the text each of its own came.

A reading is bytes, one for each character: that is what encodings are made of, and bytes are
what the standard library searches fastest. A character beyond latin-1, which no header can
carry, is a ``?`` in it.
"""

from __future__ import annotations

import html
import re
from binascii import a2b_base64, unhexlify
from bisect import bisect_right
from collections.abc import Callable, Iterator

import attrs

DEPTH = 5
"""Layers of escapes that are opened: an address's two, within JSON, within JSON, within a page."""

Span = tuple[int, int]
Place = Callable[[int, int], Span]
"""From a part of a reading to the part of the text from which it came."""

_UNSEEN = dict.fromkeys(
    (*range(0x2000, 0x2010), 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF, 0x1680), " "
)
"""Blanks beyond latin-1, those without width too."""

_BLANKS = b" \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\xad"
_OPENED = _BLANKS + b"%\\&"
"""What :func:`layers` takes out, or looks behind."""

_BLANK = re.compile(b"[" + re.escape(_BLANKS) + b"]+")
_NO_ESCAPE = re.compile(rb"[%\\&][" + re.escape(_BLANKS) + b"]")
"""What begins like an escape once its blank is gone."""

_ESCAPE = re.compile(
    rb"""[%\\&](?:
        (?<=%)(?:[uU]([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))
        |(?<=\\)(?:U([0-9a-fA-F]{8})|[uU]([0-9a-fA-F]{4})|[uU]\{([0-9a-fA-F]{1,6})\}
            |[xX]([0-9a-fA-F]{2})|[xX]\{([0-9a-fA-F]{1,6})\}|(["'\\/bfnrt]))
        |(?<=&)(?:\#[xX]?[0-9a-fA-F]{1,7}|[a-zA-Z][a-zA-Z0-9]{1,31});?
    )""",
    re.VERBOSE,  # and no IGNORECASE, with which a search is ten times as slow
)
_CHARACTER = 8
"""The group of ``_ESCAPE`` that is a character by itself; those before it are numbers."""

_BYTE_BY_BYTE = re.compile(rb"[:,.-](?:(?:0[xX])?[0-9a-fA-F]{2}[:,.-]){6}")
_BETWEEN_BYTES = re.compile(rb"0[xX]|[:,.-]")
"""How hex is written byte by byte: ``7a:71``, ``0x7a,0x71``."""

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64 = bytes({45: 43, 95: 47}.get(code, code if code in _LETTERS else 65) for code in range(256))
"""From the url-safe alphabet to the usual one; what is of neither becomes ``A``, six zeros."""
_HEX = bytes(code if code in b"0123456789abcdefABCDEF" else 48 for code in range(256))


@attrs.frozen
class Reading:
    """A text as somebody would read it.

    Attributes:
        data: What is read, a byte for each character.
        place: See :data:`Place`.
    """

    data: bytes
    place: Place


def readings(layer: Reading) -> Iterator[Reading]:
    """``layer`` itself, and what it says where it is encoded, beginning anywhere in it."""
    yield layer
    for number, data in enumerate(decodings(layer.data)):
        yield Reading(data, _placed(layer, number))
    if _BYTE_BY_BYTE.search(layer.data):
        data = _BETWEEN_BYTES.sub(b"", layer.data)
        yield from readings(Reading(data, _Places(layer, _BETWEEN_BYTES, _nothing)))


def everything(data: bytes) -> bytes:
    """What all of :func:`readings` of a layer say, one after the other: for a first, quick look."""
    said = [data, *decodings(data)]
    if _BYTE_BY_BYTE.search(data):
        said += decodings(_BETWEEN_BYTES.sub(b"", data))
    return b"\n".join(said)


def only_layer(text: str) -> bytes | None:
    """What :func:`layers` would read as the only one, as of an id; ``None`` where more is in it."""
    if not text.isascii():
        return None
    data = text.encode()
    return data if len(data.translate(None, _OPENED)) == len(data) else None


def layers(text: str) -> Iterator[Reading]:
    """``text`` without white space, then with one layer of escapes after the other opened."""
    seen = text if text.isascii() else text.translate(_UNSEEN)
    whole = Reading(seen.encode("latin-1", "replace"), lambda start, end: (start, end))
    yield from _layers(whole, DEPTH, branches=True)


def _layers(read: Reading | None, depth: int, *, branches: bool) -> Iterator[Reading]:
    """The layers of what may hold white space.

    Without it an escape may seem to stand where there was none, as in ``100% 0000``, and takes
    the beginning of a secret along. So from the first such place on both is read, once.
    """
    while read is not None and depth > 0:
        folded = _unfolded(read)
        yield folded
        depth -= 1
        if branches and folded is not read and _NO_ESCAPE.search(read.data):
            branches = False
            yield from _layers(_unescaped(read), depth, branches=False)
        read = _unescaped(folded)


def _unfolded(read: Reading) -> Reading:
    """``read`` without white space; the very same where it has none."""
    data = read.data.translate(None, _BLANKS)
    return read if data == read.data else Reading(data, _Places(read, _BLANK, _nothing))


def _unescaped(read: Reading) -> Reading | None:
    """``read`` with one layer of escapes opened; ``None`` where there is none."""
    if not (b"%" in read.data or b"\\" in read.data or b"&" in read.data):
        return None
    data = _ESCAPE.sub(_character, read.data)
    if data == read.data:
        return None
    return Reading(data, _Places(read, _ESCAPE, _character))


def _nothing(_: re.Match[bytes]) -> bytes:
    return b""


def _character(found: re.Match[bytes]) -> bytes:
    """What an escape stands for."""
    group = found.lastindex
    if group is None:
        return _encoded(html.unescape(found[0].decode("latin-1")))
    if group == _CHARACTER:
        return b" " if found[group] in b"bfnrt" else found[group]
    number = int(found[group], 16)
    if number < 0x100:
        return number.to_bytes()
    return _encoded(chr(number)) if number < 0x110000 else found[0]


def _encoded(text: str) -> bytes:
    return text.translate(_UNSEEN).encode("latin-1", "replace")


class _Places:
    """Where the parts of a reading stood, worked out when the first of them is asked for.

    Few readings hold a secret, and the others need no more than their bytes.

    Args:
        read: What was changed.
        pattern: What was replaced in it.
        replace: By what.
    """

    __slots__ = ("_ats", "_froms", "_pattern", "_read", "_replace")

    def __init__(
        self,
        read: Reading,
        pattern: re.Pattern[bytes],
        replace: Callable[[re.Match[bytes]], bytes],
    ) -> None:
        self._read = read
        self._pattern = pattern
        self._replace = replace
        self._ats: list[int] = []
        self._froms: list[tuple[int, int | None]] = []

    def __call__(self, start: int, end: int) -> Span:
        if not self._ats:
            self._learn()
        return self._read.place(self._from(start)[0], self._from(end - 1)[1])

    def _from(self, at: int) -> Span:
        run = bisect_right(self._ats, at) - 1
        start, end = self._froms[run]
        if end is not None:
            return start, end
        place = start + at - self._ats[run]
        return place, place + 1

    def _learn(self) -> None:
        """Note where each run begins: of bytes that stayed (no end), or of a replacement."""
        at = last = 0
        for found in self._pattern.finditer(self._read.data):
            self._ats.append(at)
            self._froms.append((last, None))
            at += found.start() - last
            if replaced := self._replace(found):
                self._ats.append(at)
                self._froms.append(found.span())
                at += len(replaced)
            last = found.end()
        self._ats.append(at)
        self._froms.append((last, None))


def decodings(data: bytes) -> list[bytes]:
    """``data`` read as base64 and as hex, from each place at which they may begin."""
    letters, digits = data.translate(_BASE64) + b"AAA", data.translate(_HEX)
    more, size = len(letters), len(digits)
    return [
        *(a2b_base64(letters[at : more - (more - at) % 4]) for at in (0, 1, 2, 3)),
        unhexlify(digits[: size - size % 2]),
        unhexlify(digits[1 : size - (size - 1) % 2]),
    ]


def _placed(layer: Reading, number: int) -> Place:
    """Where the parts of one of the :func:`decodings` stood."""
    return _of_base64(layer, number) if number < 4 else _of_hex(layer, number - 4)


def _of_base64(read: Reading, offset: int) -> Place:
    """Three bytes were four letters. A letter of which a secret has some bits goes whole."""

    def place(start: int, end: int) -> Span:
        last = min(len(read.data), offset + (end * 8 + 5) // 6)
        while read.data[last : last + 1] == b"=":
            last += 1
        return read.place(offset + start * 8 // 6, last)

    return place


def _of_hex(read: Reading, offset: int) -> Place:
    """One byte was two digits."""
    return lambda start, end: read.place(offset + start * 2, offset + end * 2)
