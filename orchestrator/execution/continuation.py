"""Going on with a broken stream at another target: the request, and what not to say twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestrator.dialects.neutral import (
    Began,
    Conversation,
    Counted,
    Delta,
    Message,
    Role,
    Text,
    TextDelta,
    Unreadable,
)

LEAST_OVERLAP = 12
"""Characters: a shorter repetition is more often chance ("hel" + "lo") than repetition."""

LOOK_BACK = 4000
"""Characters at the end of the delivered text that a repetition is looked for in."""

INSTRUCTION = (
    "Your answer was cut off. Go on from exactly where it stopped, in the same form and "
    "language. Do not repeat any of it, and do not comment on the interruption."
)


def continued(conversation: Conversation, delivered: str, *, prefill: bool) -> Conversation:
    """``conversation``, asked to go on from ``delivered``.

    Args:
        conversation: The request as the caller made it.
        delivered: The text that the caller has already. White space alone is nothing to
            go on from, and vendors refuse a turn that holds no more.
        prefill: True where the model goes on from a last message of its own; else it is
            asked to by an instruction. Vendors refuse a prefill that ends in white space.
    """
    if not delivered.strip():
        return conversation
    said = Message(Role.ASSISTANT, (Text(delivered.rstrip() if prefill else delivered),))
    asked = () if prefill else (Message(Role.USER, (Text(INSTRUCTION),)),)
    return attrs.evolve(conversation, messages=(*conversation.messages, said, *asked))


def appended(
    payload: Mapping[str, Any], spoken: str, delivered: str, *, prefill: bool
) -> dict[str, Any]:
    """The same for a target of the caller's own dialect: all that was asked stays untouched.

    Args:
        payload: The request in the dialect ``spoken``.
        spoken: Its dialect.
        delivered: See :func:`continued`.
        prefill: See :func:`continued`.
    """
    said = delivered.rstrip() if prefill else delivered
    match spoken:
        case "gemini":
            name = "contents"
            turns = [_spoken("model", said), _spoken("user", INSTRUCTION)]
        case "openai-responses":
            name = "input"
            turns = [_said("assistant", said), _said("user", INSTRUCTION)]
        case _:
            name = "messages"
            turns = [_said("assistant", said), _said("user", INSTRUCTION)]
    given = payload.get(name)
    earlier = [_said("user", given)] if isinstance(given, str) else list(given or ())
    return {**payload, name: [*earlier, *turns[: 1 if prefill else 2]]}


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


def _spoken(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


class Trimmer:
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
        if isinstance(delta, Began | Counted | Unreadable):
            return (delta,)  # Gemini counts with every chunk
        # Whatever else comes after text ends the question.
        return (*self._decide(), delta) if self._held else (delta,)

    def _may_repeat(self) -> bool:
        """True where more text may still turn out to be a repetition."""
        held = self._held
        if len(held) < len(self._delivered) and self._delivered.startswith(held):
            return True  # it may be beginning all over again
        if len(held) < len(self._space) and self._space.startswith(held):
            return True
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
