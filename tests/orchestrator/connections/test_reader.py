"""The reader of answers: the same whatever pieces they come in, and never more than one."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.connections.errors import DecodingError, RemoteProtocolError
from orchestrator.connections.reader import LARGEST_HEAD, ResponseReader
from orchestrator.http_messages import ResponseHeaders
from tests.orchestrator.connections.answers import (
    PARSERS,
    AnyParser,
    WrittenAnswer,
    answers,
    cut_at,
    drain,
    read_answer,
)

each = pytest.mark.parametrize("parser", PARSERS, ids=["llhttp", "h11"])
places = st.lists(st.integers(0, 500), max_size=8)


@each
@given(answer=answers(), cuts=places, byte_by_byte=st.booleans())
def test_an_answer_is_read_as_it_was_written_in_whatever_pieces(
    parser: AnyParser, answer: WrittenAnswer, cuts: list[int], *, byte_by_byte: bool
) -> None:
    wire = answer.wire
    pieces = [bytes([byte]) for byte in wire] if byte_by_byte else cut_at(wire, cuts)

    reader, body, over = read_answer(pieces, parser, closes=answer.closes)

    assert reader.head is not None
    assert reader.head.status == answer.status
    assert dict(reader.head.headers) == dict(ResponseHeaders(answer.headers))
    assert (body, over, reader.is_complete) == (answer.body, True, True)
    assert reader.is_reusable is answer.keeps


@each
@given(answer=answers(), surplus=st.binary(min_size=1, max_size=40), cuts=places)
@example(
    answer=WrittenAnswer(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 200, [], b"", False, True
    ),
    surplus=b"\r\n\r\n",
    cuts=[],
)
def test_a_byte_beyond_the_answer_ends_the_connection(
    parser: AnyParser, answer: WrittenAnswer, surplus: bytes, cuts: list[int]
) -> None:
    if answer.closes:
        return

    reader, body, over = read_answer(cut_at(answer.wire + surplus, cuts), parser)

    assert (body, over) == (answer.body, True)
    assert not reader.is_reusable


@each
@given(answer=answers(), cut=st.integers(0, 500))
def test_an_answer_that_is_cut_is_never_whole(
    parser: AnyParser, answer: WrittenAnswer, cut: int
) -> None:
    pieces = [piece for piece in [answer.wire[: cut % len(answer.wire)]] if piece]

    reader, body, over = read_answer(pieces, parser)

    assert not over
    assert answer.body.startswith(body)
    assert not reader.is_reusable
    if not answer.closes or reader.head is None:
        with pytest.raises(RemoteProtocolError):
            reader.end()


PARTS = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 101 S", b"HTTP/1.1 099 X", b"HTTP/"),
        *(b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"\n\r\n", b": ", b" ", b"\t", b"\0"),
        *(b"content-length: 3", b"content-length: -1", b"content-length: 3, 3", b"Content-Length:"),
        *(b"transfer-encoding: chunked", b"transfer-encoding: gzip", b"connection: close"),
        *(b"content-encoding: gzip", b"3\r\nabc\r\n", b"0\r\n\r\n", b"0\r\n", b"ffffffffffffffff1"),
        *(b"abc", b"\x1f\x8b\x08", zlib.compress(b"abc"), b"upgrade: h2c", b"9" * 30),
    ]
)


@each
@given(
    wire=st.lists(PARTS | st.binary(max_size=6), max_size=14).map(b"".join),
    cuts=places,
    closes=st.booleans(),
)
def test_whatever_comes_is_an_answer_or_an_error_with_a_name(
    parser: AnyParser, wire: bytes, cuts: list[int], *, closes: bool
) -> None:
    def told(pieces: list[bytes]) -> object:
        try:
            reader, body, over = read_answer(pieces, parser, closes=closes, accept="gzip, deflate")
        except (RemoteProtocolError, DecodingError):
            return "refused"  # what is wrong in two ways is wrong in the one that is seen first
        head = reader.head and (reader.head.status, dict(reader.head.headers))
        return head, body, over, reader.is_complete, reader.is_reusable

    whole = told([wire] if wire else [])

    assert told(cut_at(wire, cuts)) == whole
    assert told([bytes([byte]) for byte in wire]) == whole


@each
@pytest.mark.parametrize(
    "flood",
    [
        b"HTTP/1.1 200 OK\r\n" + b"a" * LARGEST_HEAD,
        b"HTTP/1.1 200 " + b"x" * LARGEST_HEAD,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * (LARGEST_HEAD // 6 + 1) + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;" + b"x" * 3 * LARGEST_HEAD,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\na: " + b"x" * 3 * LARGEST_HEAD,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * LARGEST_HEAD,
    ],
    ids=["line", "status", "headers", "interim", "extension", "trailer", "trailers"],
)
@pytest.mark.parametrize("size", [100, 64 * 1024])
def test_no_line_and_no_head_is_without_an_end(parser: AnyParser, flood: bytes, size: int) -> None:
    pieces = [flood[at : at + size] for at in range(0, len(flood), size)]

    with pytest.raises(RemoteProtocolError):
        read_answer(pieces, parser)


@each
def test_a_head_of_64_kib_is_read(parser: AnyParser) -> None:
    start, end = b"HTTP/1.1 200 OK\r\nx: ", b"\r\ncontent-length: 0\r\n\r\n"
    largest = start + b"v" * (LARGEST_HEAD - len(start) - len(end)) + end

    reader, _, over = read_answer([largest], parser)

    assert over
    assert reader.is_reusable
    with pytest.raises(RemoteProtocolError):
        read_answer([largest.replace(b"v", b"vv", 1)], parser)


@each
def test_a_body_of_both_framings_is_chunked_and_ends_the_connection(parser: AnyParser) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"

    reader, body, over = read_answer([head + b"5\r\nhello\r\n0\r\n\r\n"], parser)

    assert (body, over, reader.is_reusable) == (b"hello", True, False)


@each
def test_names_and_values_are_read_in_any_case(parser: AnyParser) -> None:
    head = b"HTTP/1.1 200 OK\r\nTRANSFER-encoding: Chunked\r\nCONNECTION: Close\r\n\r\n"

    reader, body, over = read_answer([head + b"1\r\na\r\n0\r\n\r\n"], parser)

    assert (body, over, reader.is_reusable) == (b"a", True, False)


@each
def test_two_connection_headers_are_one(parser: AnyParser) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: x\r\nContent-Length: 0\r\n\r\n"

    reader, _, _ = read_answer([head], parser)

    assert not reader.is_reusable


@each
def test_an_offer_to_upgrade_is_none_of_ours(parser: AnyParser) -> None:
    head = b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n"

    reader, body, over = read_answer([head + b"ok"], parser)

    assert (body, over, reader.is_reusable) == (b"ok", True, True)


@each
def test_an_encoding_that_nobody_asked_for_is_told_with_the_body_and_not_before(
    parser: AnyParser,
) -> None:
    reader = ResponseReader("deflate", parser)
    reader.feed(b"HTTP/1.1 503 X\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc")

    assert reader.head is not None
    assert reader.head.status == 503
    with pytest.raises(DecodingError, match="not asked for"):
        drain(reader)


@pytest.mark.parametrize(
    ("wire", "reads"),
    [
        (b"HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b", 0),
        (b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\nok", 0),
        (b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\nok", 1),
    ],
)
def test_an_answer_that_was_not_read_to_its_end_keeps_no_connection(
    wire: bytes, reads: int
) -> None:
    reader = ResponseReader()
    reader.feed(wire)
    for _ in range(reads):
        reader.take()

    assert reader.is_complete
    assert reader.is_reusable is bool(reads)
