"""Moves of a call, as the inspector shows them: each with the failure that it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from orchestrator.ledger import Entry, Transition
from orchestrator.states import Diagnosed, Error, Failed, Send, Streaming, Succeeded


@attrs.frozen
class CallMove:
    """One move of a call.

    Attributes:
        place: Its place among the entries of the call's record, from 0.
        move: The move.
        target: The target that the call is at after it; ``None`` before the first send.
        error: The failure that it is about: what has just failed, or what led here.
    """

    place: int
    move: Transition
    target: str | None
    error: Error | None


def call_moves(entries: Sequence[Entry]) -> Iterator[CallMove]:
    """The moves among the entries of a call, from its beginning."""
    target: str | None = None
    error: Error | None = None
    moves = [(place, one) for place, one in enumerate(entries) if isinstance(one, Transition)]
    for number, (place, move) in enumerate(moves):
        if isinstance(move.command, Send):
            target = move.command.target.name
        if isinstance(move.facts, Diagnosed):
            error = move.facts.error
        elif isinstance(move.facts, Failed):
            # What failed is said by the next move, which may not be made yet.
            error = _diagnosed(one for _, one in moves[number + 1 : number + 2])
        # What brings an answer is about no failure, whatever came before.
        is_answer = isinstance(move.facts, Succeeded | Streaming)
        yield CallMove(place, move, target, None if is_answer else error)


def _diagnosed(following: Iterable[Transition]) -> Error | None:
    return next((one.facts.error for one in following if isinstance(one.facts, Diagnosed)), None)
