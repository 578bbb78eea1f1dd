"""What is read quickly is what the codec reads, value by value."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.audit.line_reader import LineReader, UnreadLine
from orchestrator.ledger import Entry
from orchestrator.ledger.codec import entry_of
from tests.orchestrator.lab.audit.recorded import SCRIPTS, Line, leaves, lines_of, put

READER = LineReader()
"""One for all examples, so that what it keeps of one meets the others."""


def quick(line: Line) -> Entry | None:
    try:
        return READER.entry(json.dumps(line, separators=(",", ":")).encode() + b"\n")
    except UnreadLine:
        return None


def by_codec(line: Line) -> Entry | None:
    try:
        return entry_of(json.loads(json.dumps(line)))
    except (ValueError, TypeError):
        return None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_line_is_read_as_the_codec_reads_it(data: st.DataObject) -> None:
    script, stream = data.draw(st.sampled_from(SCRIPTS))
    line = data.draw(st.sampled_from(lines_of(script, stream=stream)))
    if data.draw(st.booleans()):
        path, _ = data.draw(st.sampled_from(list(leaves(line))))
        put(line, path, data.draw(st.sampled_from((None, 0, 1, 2.5, True, "x", "inf", "", []))))
    if data.draw(st.booleans()):
        line.pop(data.draw(st.sampled_from(sorted(line))))

    expected = by_codec(line)
    assert [quick(line), quick(line)] == [expected] * 2
    assert type(quick(line)) is type(expected)
