"""Scripts: what they say, and what is said of those that cannot be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.simulation.script import (
    AttemptScript,
    BadScript,
    check_names,
    parse,
    read_script,
)
from orchestrator.lab.simulation.script_items import WORDS, Item

ITEMS = {
    "402, ok": (Item("402"), Item("ok")),
    "429(retry_after=2)@key#1, 503*3": (
        Item("429", ("key#1",), retry_after=2.0),
        *[Item("503")] * 3,
    ),
    "503*2@a/m:free@key#1": (Item("503", ("a/m:free", "key#1")),) * 2,
    "402(message='a, (b)', after=500ms)": (Item("402", message="a, (b)", seconds=0.5),),
    "billing ; timeout": (Item("billing"), Item("timeout")),
    "# a comment\n402@key#1 # another\n\nok,": (Item("402", ("key#1",)), Item("ok")),
    "connection, stream_interrupted": (Item("connect"), Item("cut")),
    "stream: silence, stall(pieces=4, pace=2s)": (
        Item("silence"),
        Item("stall", pieces=4, pace=2.0),
    ),
    'cut(content=tool)@"a/m@2024", billing(pieces=0)': (
        Item("cut", ("a/m@2024",), content="tool"),
        Item("billing", pieces=0),
    ),
}


@pytest.mark.parametrize("text", ITEMS)
def test_a_script_says_what_each_attempt_meets(text: str) -> None:
    assert parse(text) == ITEMS[text]


BAD = {
    "": "the script is empty; allowed: an HTTP status",
    "402, bilingg": "column 6: 'bilingg' is no item; did you mean billing?; allowed: an HTTP",
    "4o2": "column 1: '4o2' is no item",
    "199": "column 1: '199' is no item",
    "deadline": "column 1: 'deadline' is no item",
    "402 ok": "column 5: found 'o' after an item; allowed: ','",
    "402(": "column 5: no option; allowed: retry_after=, after=, message=, pieces=, pace=",
    "cut(pieces=two)": "column 12: pieces: found 'two'; allowed: 0 to 10000",
    "ok(pieces=0)": "column 1: ok has pieces=0; allowed: 1 or more",
    "timeout(pieces=1)": "column 1: timeout has no pieces; allowed: pieces= at ok, cut, stall",
    "ok(content=tol)": "column 12: content: found 'tol'; did you mean tool?; allowed: text, tool",
    "stream:": "the script is empty",
    "stream: 402, stream: ok": "column 14: 'stream:' is no item",
    "402(aftr=3)": "column 5: 'aftr' is no option; did you mean after?",
    "402(after=3": "column 12: found the end; allowed: ',' or ')'",
    "429(retry_after=soon)": "column 17: retry_after: found 'soon'; allowed: a duration",
    "429(after=-1)": "column 11: after: found a number, -1.0; allowed",
    '402(message="x)': 'column 13: the quote " is never closed',
    "ok*0": "column 4: *0; allowed: *1 to *10000",
    "ok*2*3": "column 5: a second '*'",
    "ok*": "column 4: found the end; allowed: a number after '*'",
    "ok@": "column 4: found the end; allowed: a name",
    "ok\n402,\n x": "line 3, column 2: 'x' is no item",
}


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_read_is_named_with_its_column(text: str) -> None:
    with pytest.raises(BadScript, match=re.escape(BAD[text])):
        parse(text)


def test_a_name_that_is_nothing_of_the_route_is_refused_with_the_nearest() -> None:
    check_names(parse("402@a@key#1"), ["a", "a/m", "key#1"])
    with pytest.raises(BadScript, match=r"column 6: @kye#1 .* did you mean key#1\?; allowed: @a,"):
        check_names(parse("402, ok@kye#1"), ["a", "a/m", "key#1"])


def test_a_script_says_whether_its_calls_are_streamed() -> None:
    assert read_script("# night\nstream:\n402\nok") == AttemptScript(
        (Item("402"), Item("ok")), stream=True
    )
    assert read_script("402").stream is False


@given(st.text(st.sampled_from(" ,;()@*#=\n'\"45029okabey_")))
def test_any_text_is_a_script_or_refused_as_one(text: str) -> None:
    try:
        items = parse(text)
    except BadScript as bad:
        assert re.search("allowed|never closed", str(bad))  # noqa: PT017 - most texts are none
    else:
        assert items
        assert all(item.word in WORDS or item.status is not None for item in items)
