"""What a stream that goes on repeats of the delivered text is never shown twice."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects.neutral import (
    Delta,
    FinishReason,
    TextDelta,
)
from orchestrator.execution.continuation import (
    LEAST_OVERLAP,
    LOOK_BACK,
    OverlapTrimmer,
    overlap,
)

# Few letters, so that texts repeat themselves.
texts = st.text("ab ", max_size=60)


def pieces(text: str, cuts: list[int]) -> list[str]:
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    return [text[a:b] for a, b in itertools.pairwise(places)]


def through(delivered: str, chunks: list[str]) -> str:
    trimmer = OverlapTrimmer(delivered)
    deltas: list[Delta] = [*(TextDelta(chunk) for chunk in chunks), FinishReason("stop")]
    passed = [one for delta in deltas for one in trimmer.pass_on(delta)]
    assert passed[-1] == FinishReason("stop")
    return "".join(one.text for one in passed if isinstance(one, TextDelta))


@given(delivered=texts, more=texts, cuts=st.lists(st.integers(0, 60), max_size=8))
def test_what_is_passed_on_does_not_depend_on_the_chunks(
    delivered: str, more: str, cuts: list[int]
) -> None:
    expected = more[overlap(delivered, more) :]

    assert through(delivered, pieces(more, cuts)) == expected


@given(delivered=texts, more=texts)
def test_only_what_was_delivered_is_dropped(delivered: str, more: str) -> None:
    dropped = more[: len(more) - len(through(delivered, [more]))]

    assert delivered.endswith(dropped)
    assert not dropped or len(dropped) >= LEAST_OVERLAP or dropped == delivered


@given(before=st.text("xyz", max_size=20), again=st.text("abcdefgh", min_size=LEAST_OVERLAP))
def test_a_repetition_is_dropped(before: str, again: str) -> None:
    assert through(before + again, [again, " and on"]) == " and on"


def test_a_whole_repetition_is_dropped_however_short() -> None:
    assert through("Hi", ["Hi there"]) == " there"


def test_a_few_letters_alike_are_chance() -> None:
    assert through("say hel", ["lo"]) == "lo"


def test_who_begins_all_over_again_is_not_heard_twice() -> None:
    delivered = "".join(f"{number} " for number in range(2000))

    assert len(delivered) > LOOK_BACK
    assert through(delivered, pieces(delivered + "and on", [7, 900, 5000])) == "and on"


@pytest.mark.parametrize(
    ("delivered", "more", "shown"),
    [
        ("Hello ", [" wor", "ld"], "world"),
        ("Hello ", ["world"], "world"),
        ("Hello", [" world"], " world"),
        ("A line\n\n", ["\n", "\nand"], "and"),
        ("A line\n\n", ["\nand"], "and"),
        ("A line\n", ["\n\n    and"], "\n    and"),
    ],
)
def test_white_space_that_a_prefill_left_out_is_not_shown_twice(
    delivered: str, more: list[str], shown: str
) -> None:
    trimmer = OverlapTrimmer(delivered, prefill=True)
    deltas: list[Delta] = [*map(TextDelta, more), FinishReason("stop")]
    passed = [one for delta in deltas for one in trimmer.pass_on(delta)]

    assert "".join(one.text for one in passed if isinstance(one, TextDelta)) == shown


def test_text_that_repeats_nothing_is_not_held_back() -> None:
    trimmer = OverlapTrimmer("some words")

    assert trimmer.pass_on(TextDelta("X")) == (TextDelta("X"),)
