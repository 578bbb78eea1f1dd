"""One upstream stream, read without I/O: every cut, and everything put between two events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import dialect
from orchestrator.execution.accumulator import Accumulator
from orchestrator.execution.stream_decoder import StreamDecoder
from tests.dialect_strategies import cuts
from tests.orchestrator.execution.wires import TEXT, WIRES, Wire, chat, event, messages, typed

each = pytest.mark.parametrize("wire", WIRES, ids=[wire.dialect for wire in WIRES])


@attrs.frozen
class Came:
    """What a stream amounted to."""

    inflow: StreamDecoder
    assembly: Accumulator

    @property
    def text(self) -> str:
        return self.assembly.text


def through(spoken: str, parts: Iterable[bytes]) -> Came:
    came = Came(StreamDecoder(dialect(spoken).stream_reader()), Accumulator())
    for part in parts:
        came.inflow.feed(part)
        for one in came.inflow.take():
            came.assembly.add(one.deltas)
    came.inflow.close()
    for one in came.inflow.take():
        came.assembly.add(one.deltas)
    return came


def is_true(came: Came) -> bool:
    """Delivered text is a prefix of the true text; success is claimed only for the whole."""
    return TEXT.startswith(came.text) and (not came.inflow.is_complete or came.text == TEXT)


@each
def test_the_whole_stream_is_whole(wire: Wire) -> None:
    came = through(wire.dialect, [wire.body])

    assert came.inflow.is_complete
    assert (came.text, came.inflow.unreadable) == (TEXT, 0)
    assert (came.assembly.usage.prompt_tokens, came.assembly.usage.completion_tokens) == (10, 5)
    assert came.assembly.finish_reason == "stop"


@each
def test_byte_by_byte_it_is_the_same(wire: Wire) -> None:
    bytes_ = (wire.body[at : at + 1] for at in range(len(wire.body)))

    whole = through(wire.dialect, [wire.body]).assembly
    assert through(wire.dialect, bytes_).assembly.reply() == whole.reply()


@each
def test_no_cut_is_taken_for_an_end(wire: Wire) -> None:
    wholes = []
    for at in range(len(wire.body)):
        came = through(wire.dialect, [wire.body[:at]])

        assert is_true(came), at
        wholes.append(came.inflow.is_complete)
    # Once it is whole, what is left out are usage and end marks.
    first = wholes.index(True) if True in wholes else len(wholes)
    assert all(wholes[first:])
    assert first > wire.body.rindex(b"on and on.")


@each
def test_an_error_between_any_two_events_ends_it(wire: Wire) -> None:
    for at in range(len(wire.events)):
        came = through(wire.dialect, [*wire.events[:at], wire.error, *wire.events[at:]])

        assert came.inflow.error is not None
        assert not came.inflow.is_complete
        assert TEXT.startswith(came.text)
        assert came.text == through(wire.dialect, wire.events[:at]).text


BROKEN = (
    b"data: {not json\n\n",
    b"data: upstream: 'choices' of queue 3\n\n",
    b"data: 7\n\n",
    b"data: \xff\n\n",
    b'data: {"error": {"mess\n\n',
    b'data: {"half\n\n',
)

PIECES = (
    b'data: {"id": "x", "cho\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":" no\n\n',
    b'data: "delta":{"content":" not"},"finish_reason":null}]}\n\n',
    b'data: {"id\n\n',
    b"data: {\n\n",
    b'event: content_block_delta\ndata: {"index":0,"delta":{"type":"text_del\n\n',
    b'data: {"candidates": [{"content": {"parts": [{"te\n\n',
)


@each
@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_that_lost_a_part_is_no_noise_wherever_it_stands(wire: Wire, piece: bytes) -> None:
    for at in range(len(wire.events)):
        stopped = through(wire.dialect, wire.events[:at]).inflow.stopped
        came = through(wire.dialect, [*wire.events[:at], piece, *wire.events[at:]])

        assert came.inflow.is_corrupt is (stopped is None)
        assert came.inflow.is_complete is (stopped is not None)
        assert TEXT.startswith(came.text)


@each
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_event_between_any_two_is_skipped_and_counted(wire: Wire, broken: bytes) -> None:
    for at in range(len(wire.events)):
        came = through(wire.dialect, [*wire.events[:at], broken, *wire.events[at:]])

        assert is_true(came)
        assert came.inflow.is_complete or came.inflow.error is not None
        assert came.inflow.unreadable == 1


@each
def test_an_event_of_the_answer_that_lost_its_end_is_no_noise(wire: Wire) -> None:
    for at, whole in enumerate(wire.events[:-1]):
        body = whole.rstrip()
        for length in range(body.find(b"{") + 1, len(body)):
            torn = [*wire.events[:at], body[:length] + b"\n\n", *wire.events[at + 1 :]]
            came = through(wire.dialect, torn)

            assert is_true(came) or came.inflow.unreadable == 0


@each
def test_a_ping_between_any_two_events_says_nothing(wire: Wire) -> None:
    plain = through(wire.dialect, wire.events).assembly
    for at in range(len(wire.events) + 1):
        came = through(wire.dialect, [*wire.events[:at], wire.quiet, *wire.events[at:]])

        assert came.inflow.is_complete
        assert came.assembly.reply() == plain.reply()


@each
def test_what_is_no_content_may_come_twice(wire: Wire) -> None:
    for at, one in enumerate(wire.events):
        if (
            through(wire.dialect, wire.events[: at + 1]).text
            != through(wire.dialect, wire.events[:at]).text
        ):
            continue
        came = through(wire.dialect, [*wire.events[: at + 1], one, *wire.events[at + 1 :]])

        assert is_true(came)
        assert came.inflow.is_complete, one


@each
def test_nothing_before_the_first_word_is_content(wire: Wire) -> None:
    for at in range(len(wire.events) + 1):
        inflow = StreamDecoder(dialect(wire.dialect).stream_reader())
        inflow.feed(wire.quiet + b"".join(wire.events[:at]))
        words = through(wire.dialect, wire.events[:at]).text

        assert inflow.content == bool(words)


@each
def test_nothing_after_the_end_mark_counts(wire: Wire) -> None:
    if not through(wire.dialect, wire.events[:-1]).inflow.ended:
        came = through(wire.dialect, [*wire.events, *wire.events, wire.quiet])

        assert came.text == TEXT or wire.dialect == "gemini"  # which has no end mark


@pytest.mark.parametrize(
    ("spoken", "parts"),
    [
        ("openai-chat", [*chat().events[:3], event("[DONE]")]),
        ("anthropic-messages", [*messages().events[:5], typed("message_stop")]),
    ],
)
def test_an_end_mark_alone_is_what_relays_write_after_a_cut(
    spoken: str, parts: list[bytes]
) -> None:
    came = through(spoken, parts)

    assert came.inflow.ended
    assert not came.inflow.is_complete


@each
def test_what_says_nothing_of_the_answer_says_that_somebody_is_at_work(wire: Wire) -> None:
    assert not through(wire.dialect, [wire.events[0]]).inflow.alive
    assert through(wire.dialect, [b": keep-alive\n\n"]).inflow.alive
    assert through(wire.dialect, [wire.quiet]).inflow.alive


def state(decoder: StreamDecoder) -> tuple[Any, ...]:
    """All that can be seen of it; the bytes of events aside."""
    deltas = [delta for event in decoder.take() for delta in event.deltas]
    flags = (decoder.content, decoder.tool_call, decoder.alive, decoder.ended, decoder.has_ended)
    wrong = (decoder.error, decoder.failed_end, decoder.is_corrupt, decoder.unreadable)
    return deltas, flags, wrong, decoder.stopped, decoder.usage, decoder.remark


@each
@given(data=st.data())
def test_words_alone_are_taken_as_any_event_is(wire: Wire, data: st.DataObject) -> None:
    # Events of a kind that begins like none of the others, and half of one.
    odd = [one.replace(b"{", b'{"x_new": 1, ', 1) for one in wire.events]
    torn = [one[: len(one) // 2] + b"\n\n" for one in wire.events] + [b'data: {"x_new": 1\n\n']
    some = st.sampled_from([*wire.events, *odd, *torn, wire.quiet, wire.error])
    begun = b"".join(wire.events[: data.draw(st.integers(0, len(wire.events)))])
    whole = begun + b"".join(data.draw(st.lists(some, max_size=8)))
    reader = dialect(wire.dialect).stream_reader
    # Where a stop sequence is looked for, every event goes the long way.
    one, other = StreamDecoder(reader()), StreamDecoder(reader(), ("\0",))
    for piece in data.draw(cuts(whole)):
        one.feed(piece)
        other.feed(piece)

        assert state(one) == state(other)
