"""The parser of server-sent events: the standard's rules, any cut, and another parser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import httpx_sse
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.sse import ServerEvent, ServerSentEvents

BOM = b"\xef\xbb\xbf"


def parsed(*pieces: bytes, largest: int = 10_000) -> list[ServerEvent]:
    parser = ServerSentEvents(largest)
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.close()


def said(events: list[ServerEvent]) -> list[tuple[str, str, str | None]]:
    """What a browser would see."""
    return [(event.event, event.data, event.id) for event in events if event.data]


@st.composite
def cuts(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    """`whole` in pieces, some of them empty."""
    at = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    return [whole[a:b] for a, b in zip([0, *at], [*at, len(whole)], strict=True)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\ndata: b\n\n", [("message", "a", None), ("message", "b", None)]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [("message", "a", None), ("message", "b", None)]),
        (b"data: a\r\rdata: b\r\r", [("message", "a", None), ("message", "b", None)]),
        (b"data: a\n\r\ndata: b\r\n\n", [("message", "a", None), ("message", "b", None)]),
        (b"data: a\ndata:b\ndata:  c\n\n", [("message", "a\nb\n c", None)]),
        (b"data\ndata\n\n", [("message", "\n", None)]),
        (b"event: ping\ndata: {}\n\ndata: x\n\n", [("ping", "{}", None), ("message", "x", None)]),
        (b"id: 7\ndata: a\n\ndata: b\n\n", [("message", "a", "7"), ("message", "b", "7")]),
        (b"id: 7\n\ndata: a\n\nid\ndata: b\n\n", [("message", "a", "7"), ("message", "b", "")]),
        (
            b"id: 7\ndata: a\n\nid: 8\x00\ndata: b\n\n",
            [("message", "a", "7"), ("message", "b", "7")],
        ),
        (b": OPENROUTER PROCESSING\n\n:\n\n: c\ndata: a\n\n", [("message", "a", None)]),
        (b"retry: 10\nnonsense: 1\nevent: x\n\ndata: a\n\n", [("message", "a", None)]),
        (b"\n\n\n\ndata: a\n\n\n\n\n", [("message", "a", None)]),
        (BOM + b"data: a\n\n" + BOM + b"data: b\n\n", [("message", "a", None)]),
        (b"data: caf\xc3\xa9 \xff\n\n", [("message", "café �", None)]),
        (b"data: a\x0bb\xe2\x80\xa8c\x1cd\n\n", [("message", "a\x0bb\u2028c\x1cd", None)]),
        (b"data: a\n\ndata: unfinished\n", [("message", "a", None)]),
        (b"data: unfinished", []),
        (b" data: a\n\n", []),
        (b"", []),
    ],
)
def test_the_standards_rules(stream: bytes, expected: list[tuple[str, str, str | None]]) -> None:
    assert said(parsed(stream)) == expected
    assert said(parsed(*(stream[at : at + 1] for at in range(len(stream))))) == expected


fields = st.sampled_from(["data", "data", "data", "event", "id", "retry", "", "other"])
values = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n") | st.sampled_from(": \x0b\u2028\x85"),
    max_size=8,
)
lines = st.builds(
    lambda field, colon, value: f"{field}{colon}{value}" if colon else field,
    fields,
    st.sampled_from([": ", ":", ""]),
    values,
) | st.sampled_from(["", ""])
ends = st.sampled_from(["\n", "\r\n", "\r"])
streams = st.lists(st.tuples(lines, ends), max_size=12).map(
    lambda pairs: "".join(line + end for line, end in pairs).encode()
)
soup = st.lists(
    st.sampled_from([b"\n", b"\r", b"data: x", b"data:", b"id: 1", b":", b"\xff", b"e", BOM]),
    max_size=20,
).map(b"".join)


def by_httpx_sse(pieces: list[bytes]) -> list[tuple[str, str, str | None]]:
    def stream() -> Iterator[bytes]:
        yield from pieces

    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=stream())
    events = httpx_sse.EventSource(response).iter_sse()
    return [(event.event or "message", event.data, event.id or None) for event in events]


@given(st.data(), streams)
def test_another_parser_reads_the_same(data: st.DataObject, stream: bytes) -> None:
    pieces = data.draw(cuts(stream + b"\n\n"))  # unlike a browser, it reads an unfinished event
    theirs = [event for event in by_httpx_sse([piece for piece in pieces if piece]) if event[1]]
    ours = [(event, text, last or None) for event, text, last in said(parsed(*pieces))]

    assert ours == theirs


@given(st.data(), streams | soup | st.binary(max_size=60))
def test_no_cut_changes_an_event_and_no_byte_is_lost(data: st.DataObject, stream: bytes) -> None:
    pieces = data.draw(cuts(stream))
    events = parsed(*pieces)

    assert said(events) == said(parsed(stream))
    assert b"".join(event.raw for event in events) == stream


@given(st.data(), st.lists(st.sampled_from([b"data: a", b": c", b"event: b"]), max_size=6))
def test_a_stream_of_one_kind_of_line_end_gives_the_same_raw_events(
    data: st.DataObject, lines: list[bytes]
) -> None:
    end = data.draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    stream = b"".join(line + end + end for line in lines)

    assert parsed(*data.draw(cuts(stream))) == parsed(stream)


def test_an_event_is_given_as_soon_as_its_last_byte_is_there() -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        parser = ServerSentEvents()
        assert parser.feed(b"data: a" + end + end[:-1]) == []
        assert [event.data for event in parser.feed(end[-1:] + end)] == ["a"]


@given(st.data(), st.integers(0, 40), st.sampled_from([b"\n", b"\r\n"]))
def test_an_event_that_is_too_large_is_cut_off_alone(
    data: st.DataObject, more: int, end: bytes
) -> None:
    large = b"data: " + b"x" * (300 + more) + end + end
    stream = b"data: a" + end + end + large + b"data: b" + end + end
    events = parsed(*data.draw(cuts(stream)), largest=300)

    assert [event.data for event in events if event.data] == [
        "a",
        large[:200].decode(),
        "b",
    ]
    assert large not in b"".join(event.raw for event in events)


def test_hostile_input_takes_no_memory() -> None:
    parser = ServerSentEvents(largest=1000)
    for _ in range(100):
        parser.feed(b"data: " + b"x" * 900 + b"\n")

    assert len(parser._buffer) <= 1000  # noqa: SLF001 - nothing public grows
