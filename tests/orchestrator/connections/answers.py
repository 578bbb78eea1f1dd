"""Answers as servers write them, drawn by hypothesis, and how readers read them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import attrs
from hypothesis import strategies as st

from orchestrator.connections.h11_parser import H11Parser
from orchestrator.connections.llhttp_parser import LlhttpParser
from orchestrator.connections.reader import ResponseReader

PARSERS = (LlhttpParser, H11Parser)
AnyParser = type[LlhttpParser] | type[H11Parser]

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FRAMING = {"content-length", "transfer-encoding", "connection", "content-encoding", "upgrade"}


@attrs.frozen
class WrittenAnswer:
    """An answer, as bytes and as what they mean.

    Attributes:
        wire: The bytes.
        status: Of its head.
        headers: Of its head, as pairs.
        body: What it brings.
        closes: Whether the end of the connection is its end.
        keeps: Whether the connection may carry another.
    """

    wire: bytes
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    closes: bool
    keeps: bool


names = st.text(TOKEN, min_size=1, max_size=20).filter(lambda n: n.lower() not in _FRAMING)
_visible = st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f")
values = st.lists(st.text(_visible, min_size=1, max_size=12), max_size=4).map(" ".join)
_pairs = st.tuples(
    names.map(lambda n: n.encode("latin-1")), values.map(lambda v: v.encode("latin-1"))
)
_interim = st.sampled_from(
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
    ]
)


@st.composite
def answers(draw: st.DrawFn) -> WrittenAnswer:
    """A valid answer of any framing."""
    status = draw(st.sampled_from([200, 200, 200, 201, 204, 205, 304, 400, 402, 429, 500, 503]))
    version = draw(st.sampled_from(["1.1", "1.1", "1.1", "1.0"]))
    framing = draw(st.sampled_from(["length", "chunked", "close"]))
    keep = draw(st.sampled_from(["", "close", "keep-alive", "Keep-Alive", "CLOSE"]))
    body = draw(st.binary(max_size=60))
    if status in (204, 304):
        body, framing = b"", "none"
    if version == "1.0" and framing == "chunked":
        framing = "length"
    pairs = draw(st.lists(_pairs, max_size=4))
    if keep:
        pairs.append((b"Connection", keep.encode()))
    sent = body
    if framing == "length":
        pairs.append((b"Content-Length", str(len(body)).encode()))
    elif framing == "chunked":
        pairs.append((b"Transfer-Encoding", b"chunked"))
        sent = _chunks(draw, body)
    pairs = draw(st.permutations(pairs))
    line = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"]))
    reason = draw(st.sampled_from(["OK", "", "Payment Required", "no \xe9"]))
    head = line.join(
        [
            f"HTTP/{version} {status} {reason}".encode("latin-1"),
            *(name + b": " + value for name, value in pairs),
            b"",
            b"",
        ]
    )
    keeps = framing != "close" and keep.lower() != "close"
    return WrittenAnswer(
        wire=b"".join(draw(st.lists(_interim, max_size=2))) + head + sent,
        status=status,
        headers=list(pairs),
        body=body,
        closes=framing == "close",
        keeps=keeps and (version == "1.1" or keep.lower() == "keep-alive"),
    )


def _chunks(draw: st.DrawFn, body: bytes) -> bytes:
    sent = b""
    while body:
        size = draw(st.integers(1, len(body)))
        extension = draw(st.sampled_from([b"", b"", b";a=b"]))
        sent += b"%x%s\r\n%s\r\n" % (size, extension, body[:size])
        body = body[size:]
    trailers = draw(st.sampled_from([b"", b"", b"x-sum: 1\r\n", b"a: b\r\nc:\r\n"]))
    return sent + b"0\r\n" + trailers + b"\r\n"


def cut_at(wire: bytes, places: Sequence[int]) -> list[bytes]:
    """``wire`` in pieces, none of them empty."""
    ends = sorted({place % (len(wire) + 1) for place in places} | {0, len(wire)})
    return [wire[start:end] for start, end in pairwise(ends)]


def drain(reader: ResponseReader) -> tuple[bytes, bool]:
    """What of the body is here, and whether that is its end."""
    body = b""
    while piece := reader.take():
        body += piece
    return body, piece is None


def read_answer(
    pieces: Sequence[bytes], parser: AnyParser, *, closes: bool = False, accept: str = ""
) -> tuple[ResponseReader, bytes, bool]:
    """A reader that was fed ``pieces``, the body, and whether it is at its end."""
    reader, body, over = ResponseReader(accept, parser), b"", False
    for piece in pieces:
        reader.feed(piece)
        if reader.head is not None and not over:
            more, over = drain(reader)
            body += more
    if closes:
        reader.end()
        more, over = drain(reader)
        body += more
    return reader, body, over
