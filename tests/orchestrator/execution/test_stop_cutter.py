"""An answer ends before the stop sequence that is complete first, whatever it comes in."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.dialects import Answer, Usage, dialect
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    NeutralAnswer,
    Text,
    TextDelta,
    Thinking,
    ToolCallDelta,
    ToolUse,
    UsageDelta,
)
from orchestrator.execution.answer_chunks import to_completion
from orchestrator.execution.stop_cutter import StopCutter, cut_answer

stops = st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3)
pieces = st.lists(st.text("abc", max_size=5), max_size=8)


def passed(cutter: StopCutter, deltas: Iterable[Delta]) -> list[Delta]:
    return [one for delta in deltas for one in cutter.pass_on(delta)]


def text_of(deltas: Iterable[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def expected(text: str, sequences: list[str]) -> str:
    """By definition: read letter by letter until one of the sequences is complete."""
    for end in range(len(text) + 1):
        whole = [stop for stop in sequences if text[:end].endswith(stop)]
        if whole:
            return text[: end - max(map(len, whole))]
    return text


@given(pieces, stops)
@example(["a", "b"], ["ab"])
@example(["aab"], ["ab", "aab"])
def test_what_is_delivered_does_not_depend_on_the_pieces(
    texts: list[str], sequences: list[str]
) -> None:
    whole = "".join(texts)
    cutter = StopCutter(sequences)

    deltas: list[Delta] = [*map(TextDelta, texts), FinishReason("length"), EndMark()]
    told = passed(cutter, deltas)

    assert text_of(told) == expected(whole, sequences)
    assert cutter.has_cut is (expected(whole, sequences) != whole)
    assert [one for one in told if isinstance(one, FinishReason)] == [
        FinishReason("stop" if cutter.has_cut else "length")
    ]


@given(pieces, stops)
def test_nothing_is_held_back_that_can_no_longer_become_a_stop(
    texts: list[str], sequences: list[str]
) -> None:
    cutter, told, came = StopCutter(sequences), "", ""
    for text in texts:
        told, came = told + text_of(cutter.pass_on(TextDelta(text))), came + text
        if cutter.has_cut:
            return
        held = came[len(told) :]
        assert came.startswith(told)
        assert not held or any(stop.startswith(held) and stop != held for stop in sequences)


def test_after_the_cut_only_usage_passes() -> None:
    cutter, usage = StopCutter(["b"]), UsageDelta(Usage(1, 2, 3))

    told = passed(cutter, [TextDelta("ab"), TextDelta("c"), ToolCallDelta(0, "1", "f"), usage])

    assert told == [TextDelta("a"), FinishReason("stop"), usage]


def test_without_stops_everything_passes() -> None:
    deltas: list[Delta] = [TextDelta("a"), FinishReason("stop"), EndMark()]

    assert passed(StopCutter(()), deltas) == deltas


def test_a_call_between_two_texts_ends_the_question() -> None:
    deltas = (TextDelta("a"), ToolCallDelta(0, "1", "f"), TextDelta("b"))

    told = passed(StopCutter(["ab"]), deltas)

    assert told[:2] == [TextDelta("a"), ToolCallDelta(0, "1", "f")]


# Whole answers.


def whole(*parts: Text | Thinking | ToolUse, finish: str = "length") -> Answer:
    return to_completion(NeutralAnswer(parts, finish, Usage(3, 2, 5), "id-1", "m"))


def test_a_whole_answer_is_cut_in_all_that_tells_of_it() -> None:
    answer = whole(Thinking("END"), Text("one EN"), Text("D two"), ToolUse("1", "f", "{}"))

    cut = cut_answer(answer, "openai-chat", ["END"])

    assert (cut.text, cut.finish_reason, cut.tool_calls) == ("one ", "stop", ())
    assert cut.usage == answer.usage
    again = dialect("openai-chat").read_answer(cut.raw)
    assert again.parts == (Thinking("END", dialect="openai-chat"), Text("one "))
    assert again.finish_reason == "stop"


def test_an_answer_without_a_stop_is_the_very_one() -> None:
    answer = whole(Text("one"), ToolUse("1", "f", '{"a": "END"}'))

    assert cut_answer(answer, "openai-chat", ["END"]) is answer
    assert cut_answer(answer, "openai-chat", []) is answer
