"""Overlap of a stream with the one that it goes on from: what not to say twice."""

from __future__ import annotations

from orchestrator.dialects.neutral import Delta, StreamStart, TextDelta, Unreadable, UsageDelta

LEAST_OVERLAP = 12
"""Characters: a shorter repetition is more often chance ("hel" + "lo") than repetition."""

LOOK_BACK = 4000
"""Characters at the end of the delivered text that a repetition is looked for in."""


class OverlapTrimmer:
    """Holds back the beginning of a stream that goes on, until it is clear what repeats.

    The longest end of the delivered text that the new stream begins with is dropped.
    Nothing is held back longer than it may still become one of its ends.

    Args:
        delivered: The text that the caller has already.
        prefill: True where the model was not shown the white space at its end: what it
            writes of that is a repetition, however short.
    """

    def __init__(self, delivered: str, *, prefill: bool = False) -> None:
        self._delivered = delivered
        self._space = delivered[len(delivered.rstrip()) :] if prefill else ""
        self._held = ""
        self._decided = not delivered

    def pass_on(self, delta: Delta) -> tuple[Delta, ...]:
        """What of ``delta`` to deliver now."""
        if self._decided:
            return (delta,)
        if isinstance(delta, TextDelta):
            self._held += delta.text
            return () if self._may_repeat() else self._decide()
        if isinstance(delta, StreamStart | UsageDelta | Unreadable):
            return (delta,)  # Gemini counts with every chunk
        # Whatever else comes after text ends the question.
        return (*self._decide(), delta) if self._held else (delta,)

    def _may_repeat(self) -> bool:
        """True where more text may still turn out to be a repetition."""
        held = self._held
        # Models that begin again are found by their first words, long before the last are here.
        if len(held) < len(self._delivered) and self._delivered.startswith(held):
            return True  # it may be beginning all over again
        if len(held) < len(self._space) and self._space.startswith(held):
            return True
        # Held back only while some end of the delivered text begins like this.
        tail = self._delivered[-LOOK_BACK:]
        return 0 <= tail.find(held) < len(tail) - len(held)

    def _decide(self) -> tuple[Delta, ...]:
        self._decided = True
        repeated = max(overlap(self._delivered, self._held), _alike(self._space, self._held))
        rest = self._held[repeated:]
        return (TextDelta(rest),) if rest else ()


def overlap(delivered: str, begins: str) -> int:
    """Length of the longest end of ``delivered`` that ``begins`` starts with, 0 for chance."""
    if begins.startswith(delivered):
        return len(delivered)
    longest = min(len(delivered), len(begins), LOOK_BACK)
    for length in range(longest, LEAST_OVERLAP - 1, -1):
        if delivered.endswith(begins[:length]):
            return length
    return 0


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
