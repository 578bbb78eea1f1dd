"""A whole answer put together from what streams delivered."""

from __future__ import annotations

import httpx
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS, Answer, dialect
from orchestrator.dialects.answer import Usage
from orchestrator.dialects.neutral import (
    Delta,
    FinishReason,
    NeutralAnswer,
    StreamStart,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolUse,
    UsageDelta,
)
from orchestrator.execution.accumulator import Accumulator
from orchestrator.execution.answer_chunks import split_answer


def assembled(*deltas: Delta) -> NeutralAnswer:
    assembly = Accumulator()
    assembly.add(deltas)
    return assembly.reply()


def test_parts_stay_in_the_order_of_their_beginning() -> None:
    found = assembled(
        StreamStart("id", "m"),
        ThinkingDelta("h"),
        ThinkingDelta("m"),
        ThinkingDelta(signature="s1", dialect="anthropic-messages"),
        TextDelta("a"),
        ToolCallDelta(0, "t1", "f", signature="g"),
        ToolCallDelta(1, "t2", "g", "{}"),
        ToolCallDelta(0, arguments='{"a"'),
        ToolCallDelta(0, arguments=":1}"),
        FinishReason("tool_calls"),
    )

    assert found.parts == (
        Thinking("hm", "s1", "anthropic-messages"),
        Text("a"),
        ToolUse("t1", "f", '{"a":1}', signature="g"),
        ToolUse("t2", "g", "{}"),
    )
    assert (found.id, found.model, found.finish_reason) == ("id", "m", "tool_calls")


def test_a_signature_vouches_for_the_thoughts_before_it_alone() -> None:
    found = assembled(
        ThinkingDelta("one", "s1", dialect="anthropic-messages"),
        ThinkingDelta(signature="hidden", redacted=True, dialect="anthropic-messages"),
        ThinkingDelta("two"),
        ThinkingDelta(signature="s2", dialect="anthropic-messages"),
    )

    assert found.parts == (
        Thinking("one", "s1", "anthropic-messages"),
        Thinking("", "hidden", "anthropic-messages", redacted=True),
        Thinking("two", "s2", "anthropic-messages"),
    )


def test_thoughts_of_two_streams_are_not_one_thought() -> None:
    assembly = Accumulator()
    assembly.add([ThinkingDelta("mine")])
    assembly.next_stream()
    assembly.add([ThinkingDelta("yours", "s", dialect="anthropic-messages"), TextDelta("so")])

    assert assembly.reply().parts == (
        Thinking("mine"),
        Thinking("yours", "s", "anthropic-messages"),
        Text("so"),
    )


def test_usage_of_all_streams_is_added_up() -> None:
    assembly = Accumulator()
    assembly.add([UsageDelta(Usage(9, 0, 9)), UsageDelta(Usage(10, 2, 12)), TextDelta("a")])
    assembly.next_stream()
    assembly.add([UsageDelta(Usage(20, 3, 23, 4, 1)), TextDelta("b"), FinishReason("stop")])

    assert assembly.usage == Usage(30, 5, 35, 4, 1)
    assert assembly.text == "ab"


def test_what_an_attempt_cost_that_delivered_nothing_counts_too() -> None:
    assembly = Accumulator()
    assembly.add([UsageDelta(Usage(10, 2, 12)), TextDelta("a")])
    assembly.next_stream()
    assembly.next_stream(Usage(7, 1, 8))
    assembly.add([UsageDelta(Usage(20, 3, 23)), TextDelta("b"), FinishReason("stop")])

    assert assembly.usage == Usage(37, 6, 43)


def test_the_writer_is_the_model_of_the_last_stream_and_the_answer_the_first_ones() -> None:
    assembly = Accumulator()
    assembly.add([StreamStart("id-1", "first"), TextDelta("a")])
    assembly.next_stream()
    silent = assembly.writer
    assembly.add([StreamStart("id-2", "second"), TextDelta("b")])

    assert (silent, assembly.writer) == ("", "second")
    assert (assembly.id, assembly.model) == ("id-1", "first")


texts = st.text(min_size=1, max_size=200)


@given(
    spoken=st.sampled_from(sorted(DIALECTS)),
    words=texts,
    calls=st.lists(st.sampled_from(["{}", '{"a":1}']), max_size=2),
)
def test_an_answer_that_is_cut_in_pieces_is_the_same_answer(
    spoken: str, words: str, calls: list[str]
) -> None:
    uses = tuple(ToolUse(f"call_{at}", "f", given) for at, given in enumerate(calls))
    finish = "tool_calls" if calls else "stop"
    said = NeutralAnswer((Text(words), *uses), finish, Usage(1, 2, 3), "id", "m")
    body = msgspec.json.encode(dialect(spoken).write_answer(said))
    answer = dialect(spoken).decode(200, httpx.Headers(), body)
    assert isinstance(answer, Answer), answer

    assembly = Accumulator()
    for event in split_answer(answer, spoken).take():
        assembly.add(event.deltas)
    found = assembly.reply()

    assert "".join(part.text for part in found.parts if isinstance(part, Text)) == words
    assert [p.arguments for p in found.parts if isinstance(p, ToolUse)] == calls
    assert (found.finish_reason, found.usage) == (finish, Usage(1, 2, 3))
