"""Decoders: what the standard library unpacks, in whatever pieces, and never much at a time."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.connections.decoders import (
    LARGEST_PACKED,
    PIECE,
    BodyDecoder,
    new_decoder,
)
from orchestrator.connections.errors import DecodingError
from tests.orchestrator.connections.answers import cut_at

texts = st.binary(max_size=200) | st.binary(min_size=1, max_size=9).map(lambda b: b * 4000)
places = st.lists(st.integers(0, 500), max_size=8)


def deflated(data: bytes, level: int, bits: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, bits)
    return packer.compress(data) + packer.flush()


def unpacked(coding: str, pieces: list[bytes]) -> bytes:
    """What a decoder makes of them."""
    decoder, body = BodyDecoder(coding), b""
    for packed in pieces:
        decoder.feed(packed)
        while piece := decoder.take():
            assert len(piece) <= PIECE
            body += piece
    decoder.end()
    return body


@given(members=st.lists(texts, min_size=1, max_size=3), level=st.integers(0, 9), cuts=places)
def test_gzip_of_any_members_in_any_pieces(
    members: list[bytes], level: int, cuts: list[int]
) -> None:
    packed = b"".join(deflated(each, level, 31) for each in members)

    assert unpacked("gzip", cut_at(packed, cuts)) == gzip.decompress(packed) == b"".join(members)


@given(body=texts, level=st.integers(0, 9), bits=st.sampled_from([15, 9, -15, -9]), cuts=places)
def test_deflate_with_and_without_its_envelope_in_any_pieces(
    body: bytes, level: int, bits: int, cuts: list[int]
) -> None:
    packed = deflated(body, level, bits)

    assert unpacked("deflate", cut_at(packed, cuts)) == body
    assert unpacked("deflate", [bytes([byte]) for byte in packed]) == body


@given(body=texts, coding=st.sampled_from(["gzip", "deflate"]), cut=st.integers(0, 500))
def test_a_packed_body_that_is_cut_is_refused(body: bytes, coding: str, cut: int) -> None:
    packed = deflated(body, 6, 31 if coding == "gzip" else 15)
    end = cut % len(packed)
    assume(end)

    with pytest.raises(DecodingError, match="cut"):
        unpacked(coding, [packed[:end]])


@given(data=st.binary(max_size=60), coding=st.sampled_from(["gzip", "deflate"]), cuts=places)
def test_whatever_comes_is_a_body_or_refused(data: bytes, coding: str, cuts: list[int]) -> None:
    def told(pieces: list[bytes]) -> bytes | None:
        try:
            return unpacked(coding, pieces)
        except DecodingError:
            return None

    assert told(cut_at(data, cuts)) == told([data])


def test_a_body_of_nothing_is_empty() -> None:
    assert unpacked("gzip", []) == b""


def test_a_bomb_is_handed_on_in_pieces() -> None:
    decoder = BodyDecoder("gzip")
    decoder.feed(gzip.compress(bytes(64 << 20)))

    assert {len(decoder.take()) for _ in range(200)} == {PIECE}


def test_no_more_is_unpacked_than_any_body_may_be() -> None:
    decoder = BodyDecoder("gzip")

    with pytest.raises(DecodingError, match="64 MiB"):
        decoder.feed(bytes(LARGEST_PACKED + 1))


def test_members_without_a_word_cost_as_much_as_there_are() -> None:
    def seconds(members: int) -> float:
        decoder = BodyDecoder("gzip")
        decoder.feed(gzip.compress(b"") * members)
        began = time.process_time()
        assert decoder.take() == b""
        return time.process_time() - began

    # 64 times as many: where each copied the rest it was 4,000 times as much.
    assert seconds(64_000) < 600 * max(seconds(1_000), 0.001)


@pytest.mark.parametrize(
    ("coding", "asked", "decoded"),
    [
        ("", "", False),
        ("identity", "", False),
        ("gzip", "gzip, deflate", True),
        ("deflate", "gzip;q=0.5, Deflate;q=0.1", True),
        (" gzip ", "gzip", True),
        ("identity, gzip", "gzip", True),
    ],
)
def test_what_was_asked_for_is_unpacked(coding: str, asked: str, *, decoded: bool) -> None:
    assert (new_decoder(coding, asked) is not None) is decoded


@pytest.mark.parametrize(
    ("coding", "asked"),
    [
        ("gzip", ""),
        ("gzip", "deflate"),
        ("gzip, gzip", "gzip"),
        ("br", "br"),
        ("zstd", "gzip"),
        ("x", "*"),
    ],
)
def test_what_was_not_asked_for_is_refused(coding: str, asked: str) -> None:
    with pytest.raises(DecodingError, match="not asked for"):
        new_decoder(coding, asked)
