"""Stop sequences that a provider was not told: the answer ends before them all the same.

Theory of operation: text is held back only while its end may still become a stop sequence,
so what is delivered never has to be taken back. The sequence that is complete first cuts,
whatever pieces the text comes in; what the model wrote after it is never delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from orchestrator.dialects import Answer, dialect
from orchestrator.dialects.judgement import answer_of
from orchestrator.dialects.neutral import (
    Delta,
    FinishReason,
    StreamStart,
    Text,
    TextDelta,
    Thinking,
    ToolUse,
    Unreadable,
    UsageDelta,
)


class StopCutter:
    """Passes deltas on until a stop sequence is complete.

    Attributes:
        has_cut: True once one was.

    Args:
        stops: The sequences; with none everything passes.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.has_cut = False

    @property
    def cuts(self) -> bool:
        """True where there is anything to look for."""
        return bool(self._stops)

    def pass_on(self, delta: Delta) -> tuple[Delta, ...]:
        """What of ``delta`` to deliver now, and the finish reason where the text ends with it."""
        if not self._stops:
            return (delta,)
        if isinstance(delta, StreamStart | UsageDelta | Unreadable):
            return (delta,)
        if self.has_cut:
            return ()
        if isinstance(delta, TextDelta):
            return self._read(delta.text)
        return (*self.end_text(), delta)

    def _read(self, text: str) -> tuple[Delta, ...]:
        text = self._held + text
        at = first_stop(text, self._stops)
        if at is not None:
            self.has_cut, self._held = True, ""
            return (*_text(text[:at]), FinishReason("stop"))
        # No more than the longest sequence less one: what is held back delays the caller.
        kept = _may_become(text, self._stops)
        self._held = text[len(text) - kept :]
        return _text(text[: len(text) - kept])

    def end_text(self) -> tuple[TextDelta, ...]:
        """What was held back, for whatever comes after text cannot make it a stop."""
        held, self._held = self._held, ""
        return _text(held)


def first_stop(text: str, stops: Iterable[str]) -> int | None:
    """Where the stop sequence begins that is complete first; ``None`` where there is none."""
    found = [(at + len(stop), at) for stop in stops if (at := text.find(stop)) >= 0]
    return min(found)[1] if found else None


def _may_become(text: str, stops: Iterable[str]) -> int:
    """How many characters at the end of ``text`` may still become a stop sequence."""
    return max(_longest_prefix(text, stop) for stop in stops)


def _longest_prefix(text: str, stop: str) -> int:
    lengths = range(min(len(stop) - 1, len(text)), 0, -1)
    return next((length for length in lengths if text.endswith(stop[:length])), 0)


def _text(text: str) -> tuple[TextDelta, ...]:
    return (TextDelta(text),) if text else ()


# A whole answer.


def cut_answer(answer: Answer, spoken: str, stops: Sequence[str]) -> Answer:
    """``answer``, which came whole in the dialect ``spoken``, ended before the first stop."""
    if not any(stop in answer.text for stop in stops if stop):
        return answer
    cutter, reply = StopCutter(stops), dialect(spoken).read_answer(answer.raw)
    parts = tuple(_until_stop(reply.parts, cutter))
    if not cutter.has_cut:
        return answer
    ended = attrs.evolve(reply, parts=parts, finish_reason="stop")
    return answer_of(ended, {**answer.raw, **dialect(spoken).write_answer(ended)})


def _until_stop(
    parts: Iterable[Text | Thinking | ToolUse], cutter: StopCutter
) -> Iterator[Text | Thinking | ToolUse]:
    for part in parts:
        if not isinstance(part, Text):
            yield from _texts(cutter.end_text())
            yield part
            continue
        yield from _texts(cutter.pass_on(TextDelta(part.text)))
        if cutter.has_cut:
            return
    yield from _texts(cutter.end_text())


def _texts(deltas: Iterable[Delta]) -> Iterator[Text]:
    return (Text(delta.text) for delta in deltas if isinstance(delta, TextDelta))
