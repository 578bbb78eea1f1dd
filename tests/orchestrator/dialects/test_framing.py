"""A stream is told from an answer in one piece by its bytes."""

from __future__ import annotations

import pytest

from orchestrator.dialects.framing import EVENTS, StreamFraming

LISTED = StreamFraming(is_listed=True)


@pytest.mark.parametrize(
    ("begun", "whole"),
    [
        (b"", None),
        (b" \r\n", None),
        (b'{"a": 1}', True),
        (b"\xef\xbb\xbf<html>", True),
        (b"[", True),
        (b"data: x", False),
        (b": ping", False),
        (b"no event", False),
    ],
)
def test_the_first_byte_tells(begun: bytes, *, whole: bool | None) -> None:
    assert EVENTS.is_whole(begun) is whole
    assert LISTED.is_whole(begun) is (False if begun == b"[" else whole)


@pytest.mark.parametrize(
    ("body", "stream"),
    [
        (b"data: {}\n\n", True),
        (b"\n: ping\n\ndata: {}\n\n", True),
        (b': ping\n\n{"id": 1}', False),
        (b'{"data": 1}', False),
        (b"plain text", False),
    ],
)
def test_all_of_a_body_tells(body: bytes, *, stream: bool) -> None:
    assert EVENTS.is_stream(body) is stream
    assert EVENTS.without_comments(body) == (body if b'{"id' not in body else b'{"id": 1}')


def test_a_list_is_a_stream_where_the_dialect_says_so() -> None:
    assert LISTED.is_stream(b" [{}]")
    assert not EVENTS.is_stream(b" [{}]")


@pytest.mark.parametrize(("begun", "garbled"), [(b"da", False), (b"id: 1", False), (b"dats", True)])
def test_what_begins_like_no_event_is_garbled(begun: bytes, *, garbled: bool) -> None:
    assert EVENTS.is_garbled(begun) is garbled
