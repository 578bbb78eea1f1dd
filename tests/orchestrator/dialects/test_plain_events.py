"""Events of words alone are read in a way of their own, which says what the full one says.

Both read every event of a true stream, and a word of it with any field more, less or other, in
any frame, with anything between two of its tokens; hypothesis puts such events in a row.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import FinishReason, StreamEvent, TextDelta
from orchestrator.dialects.sse import ServerEvent, ServerSentEvents
from tests.dialect_strategies import cuts
from tests.orchestrator.execution.wires import WIRES, Wire

each = pytest.mark.parametrize("wire", WIRES, ids=[wire.dialect for wire in WIRES])

NAMES = (
    *("error", "message", "code", "status", "detail", "index", "text", "usage", "tool_calls", "x"),
    *("finish_reason", "finishReason", "refusal", "reasoning_content", "reasoning_details"),
    *("thought", "thoughtSignature", "functionCall", "usage_metadata", "item_id", "logprobs"),
)
SURPRISES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.0, 2**70, "", "0", "stop", "error"),
    *([], [{}], [1], {}, {"message": "no"}),
)
FRAMES = (
    b"data: %s\n\n",
    b"data:%s\n\n",
    b"data:  %s \n\n",
    b"data: %s\r\n\r\n",
    b"data: %s\r\r",
    b"data: %s\n\r\n",
    b"\ndata: %s\n\n",
    b"id: 7\ndata: %s\n\n",
    b"data: %s\nid: 7\n\n",
    b"data: %s\n: quiet\n\n",
    b"data\ndata: %s\n\n",
    b"event: error\ndata: %s\n\n",
    b"event: content_block_delta\ndata: %s\n\n",
    b"event: content_block_delta\r\ndata: %s\r\n\r\n",
    b"event: response.output_text.delta\ndata: %s\n\n",
    b"event:\ndata: %s\n\n",
    b"event: a\nevent: message\ndata: %s\n\n",
    b"event: a\n\ndata: %s\n\n",
)
BREAKS = (b"", b"\n", b"\r\n", b"\r", b"\ndata: ", b"\xff", b"\xef\xbb\xbf", b"\x00")
"""What may stand in the middle of an event's data; most make it something else."""


def data_of(event: bytes) -> bytes:
    return event.partition(b"data: ")[2].strip()


def read_in_full(name: str) -> Callable[[bytes], list[StreamEvent]]:
    """Reads a stream by the full way alone."""
    parser, reader = ServerSentEvents(), dialect(name).stream_reader()
    full: Callable[[ServerEvent], StreamEvent] = reader.read  # type: ignore[attr-defined]
    return lambda data: [full(event) for event in parser.feed(data)]


def word_of(wire: Wire) -> int:
    """The place of an event of words alone that is not the first of its kind."""
    full = read_in_full(wire.dialect)
    told = [[delta for one in full(event) for delta in one.deltas] for event in wire.events]
    words = [at for at, said in enumerate(told) if any(isinstance(d, TextDelta) for d in said)]
    return next(at for at in words[1:] if not any(isinstance(d, FinishReason) for d in told[at]))


def places(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in `value`."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from places(inner)


def altered(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`body` with a field more, less or other, in every place."""
    for at, place in enumerate(places(body)):
        for name, surprise in product(dict.fromkeys((*place, *NAMES)), (..., *SURPRISES)):
            other = copy.deepcopy(body)
            changed = list(places(other))[at]
            changed.pop(name, None)
            changed |= {} if surprise is ... else {name: surprise}
            yield other


def broken(data: bytes) -> Iterator[bytes]:
    """`data` in every frame, with anything between two tokens."""
    tokens = [0, *(at + 1 for at, byte in enumerate(data) if byte in b"{[,:}]"), len(data) // 2]
    for at, between, frame in product(tokens, BREAKS, FRAMES):
        yield frame.replace(b"%s", data[:at] + between + data[at:])


def variants(wire: Wire) -> Iterator[bytes]:
    """A word of the stream, altered or broken."""
    word = wire.events[word_of(wire)]
    body = msgspec.json.decode(data_of(word))
    yield from broken(msgspec.json.encode(body))
    for other in altered(body):
        yield word.replace(data_of(word), msgspec.json.encode(other))


@each
def test_a_word_of_a_true_stream_is_read_the_plain_way(wire: Wire) -> None:
    at, reader = word_of(wire), dialect(wire.dialect).stream_reader()
    reader.feed(b"".join(wire.events[:at]))
    (meaning,) = read_after(wire, at)(wire.events[at])

    plain: Callable[[bytes, bytes], StreamEvent] = reader.plain  # type: ignore[attr-defined]
    assert plain(wire.events[at], data_of(wire.events[at])) == meaning


def read_after(wire: Wire, at: int) -> Callable[[bytes], list[StreamEvent]]:
    full = read_in_full(wire.dialect)
    full(b"".join(wire.events[:at]))
    return full


@each
def test_what_is_like_a_word_means_what_the_full_way_says(wire: Wire) -> None:
    at = word_of(wire)
    before, after = b"".join(wire.events[:at]), b"".join(wire.events[at:])
    for variant in variants(wire):
        plain, full = dialect(wire.dialect).stream_reader().feed, read_in_full(wire.dialect)
        for piece in (before, variant, after):
            assert plain(piece) == full(piece), variant
        first = dialect(wire.dialect).stream_reader().feed(b": hi\n\n" + variant)
        assert first == read_in_full(wire.dialect)(b": hi\n\n" + variant)


@each
@given(data=st.data())
def test_events_in_a_row_mean_what_the_full_way_says(wire: Wire, data: st.DataObject) -> None:
    some = st.sampled_from([*wire.events, wire.quiet, wire.error, *SAMPLES[wire.dialect]])
    more = b"".join(data.draw(st.lists(some, max_size=12)))
    begun = b"".join(wire.events[: data.draw(st.integers(0, len(wire.events)))])
    plain, full = dialect(wire.dialect).stream_reader().feed, read_in_full(wire.dialect)
    # What begins with a bracket is no stream of events.
    for piece in data.draw(cuts(b": hi\n\n" + begun + more)):
        assert plain(piece) == full(piece)


SAMPLES = {wire.dialect: list(variants(wire))[::97] for wire in WIRES}
