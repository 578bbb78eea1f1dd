"""Structured data inside text: JSON in a message, a Python repr, frames of a stream."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import msgspec

from orchestrator.classification.cut_json import decode_cut

_DECODER = json.JSONDecoder()
_DECODE_LIMIT = 262_144
"""Bytes of a body that are decoded; a longer one is no error text (longest seen: 4 kB, 2026-11).
One megabyte of small objects costs 75 ms, this much 20 (measured 2026-11-21)."""
_EMBEDDED_LIMIT = 16_384
_FRAMES = 20
_TELLING = frozenset(
    {"error", "message", "msg", "detail", "code", "type", "status", "reason", "errors"}
)
"""Names that say that something which nobody can parse was meant as an object."""
_HTML = re.compile(
    r"^[^<{]{0,60}(?:<!--.*?-->\s*)?<(?:!doctype\s*html|html|head|body|title)\b",
    re.IGNORECASE | re.DOTALL,
)
"""A page, which relays put a status or a chunk's length before."""
_QUOTED_PAGE = re.compile(r"<(?:!doctype\s*html|html[\s>]|head>|body[\s>])", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1|h2)\b[^>]{0,200}>(.{0,400}?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_ESCAPE = re.compile(rb"""\\(x[0-9a-f]{2}|[\\nrt'"])""")
_ESCAPES = {
    b"\\": b"\\", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"'": b"'", b'"': b'"',
}  # fmt: skip
_BYTES_OPEN = ("b'", 'b"')
_TAG = re.compile(r"<[^<>]{0,500}>")


def decode(body: str | bytes) -> Any:
    """The JSON value that ``body`` is, or ``None`` where it is none or is too long."""
    if len(body) > _DECODE_LIMIT:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def find(text: str) -> tuple[str, Any]:
    """The text before an object embedded in ``text``, and the object.

    The object may be JSON or a Python repr, whatever follows it; of one that is cut off, or
    written as a console would, what came of it comes back. The text alone comes back with
    ``None`` where there is no object.
    """
    start = _start(text)
    if start < 0:
        return text, None
    piece = text[start : start + _EMBEDDED_LIMIT]
    if text[max(0, start - 2) : start] in _BYTES_OPEN:
        piece = _unescaped_bytes(piece)
    value = _json_prefix(piece)
    if value is None:
        value = _escaped_json(piece) if '\\"' in piece[:4] else _python_literal(piece)
    if not isinstance(value, dict | list):
        value = decode_cut(piece)
        if not isinstance(value, dict) or _TELLING.isdisjoint(value):
            return text, None
    return text[:start], value


def _start(text: str) -> int:
    starts = [at for at in (text.find("{"), text.find('[{"')) if at >= 0]
    return min(starts, default=-1)


def _json_prefix(piece: str) -> Any:
    try:
        return _DECODER.raw_decode(piece)[0]
    except (ValueError, RecursionError):
        return None


def _unescaped_bytes(piece: str) -> str:
    """The text that the repr of bytes stands for; unchanged where it stands for none."""
    # The codec for escapes warns of those that it does not know, and hostile texts hold them.
    try:
        return _ESCAPE.sub(_unescaped, piece.encode("ascii")).decode()
    except ValueError:
        return piece


def _unescaped(match: re.Match[bytes]) -> bytes:
    escape = match.group(1)
    return bytes.fromhex(escape[1:].decode()) if len(escape) > 1 else _ESCAPES[escape]


def _escaped_json(piece: str) -> Any:
    """The object in a text that quotes JSON as a JSON string would."""
    end = piece.rfind("}")
    try:
        return _json_prefix(json.loads(f'"{piece[: end + 1]}"', strict=False))
    except ValueError:
        return None


def _python_literal(piece: str) -> Any:
    end = piece.rfind("}")
    if end < 0 or "'" not in piece:
        return None
    try:
        return ast.literal_eval(piece[: end + 1])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def frames(text: str) -> list[Any]:
    """The data of the frames of an event stream, at most the first twenty; empty if none."""
    found: list[Any] = []
    for line in text[:_EMBEDDED_LIMIT].splitlines():
        if line.startswith("data:") and len(found) < _FRAMES:
            data = line[5:].strip()
            value = decode(data)
            found.append(data if value is None else value)
    return found


def is_html(text: str) -> bool:
    """Whether ``text`` begins like an HTML page, but for a few characters."""
    return _HTML.match(text[:400]) is not None


def page_in(text: str) -> int:
    """Where an HTML page begins that a text quotes; -1 where it quotes none."""
    match = _QUOTED_PAGE.search(text) if "<" in text else None
    return -1 if match is None else match.start()


def html_title(page: str) -> str:
    """The title and the headings of an HTML page."""
    titles = [_TAG.sub(" ", match.group(2)) for match in _TITLE.finditer(page[:_EMBEDDED_LIMIT])]
    return " ".join(" ".join(titles).split())


def html_words(page: str) -> str:
    """What an HTML page says: its title and headings, or else its first words."""
    page = page[:_EMBEDDED_LIMIT]
    return html_title(page) or " ".join(_TAG.sub(" ", page[:2_000]).split())[:300]
