"""A session that is handed from process to process is the same as one that stays."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.execution.durable_data import read, write_result
from orchestrator.health import HealthBoard, MemoryStore, SessionState
from orchestrator.health.records import Record, parts
from orchestrator.health.session import (
    NoteFirstToken,
    Question,
    Release,
    Report,
    Succeed,
    Take,
    TakeFirst,
)
from orchestrator.states.facts import Taken
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import NOON, POOLS, ROUTE, error

CALLS = 3
REASONS = (Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH, Reason.SERVER_ERROR, Reason.CONNECTION)

moves = st.lists(
    st.tuples(
        st.integers(0, CALLS - 1),
        st.one_of(
            st.sampled_from(["take", "succeed", "silence", "release"]), st.sampled_from(REASONS)
        ),
        st.sampled_from([0.0, 1.0, 20.0, 400.0, 4000.0]),
    ),
    max_size=25,
)


def question(move: str | Reason, taken: Taken | None) -> Question:
    """What a call asks that was given ``taken`` last."""
    if taken is None:
        return Take(ROUTE)
    match move:
        case Reason():
            return Report(taken.target, taken.credential, error(move, message=move.value))
        case "take":
            return Take(ROUTE)
        case "succeed":
            return Succeed(taken.target, taken.credential)
        case "silence":
            return NoteFirstToken(taken.target, 7.0)
        case _:
            return Release()


class Staying:
    """A call that stays in its process."""

    def __init__(self, board: HealthBoard) -> None:
        self._session = board.session(ROUTE, NOON)

    def answer(self, asked: Question, at: float) -> Any:
        return self._session.answer(asked, at)


class Travelling:
    """A call that is another process's after each answer."""

    def __init__(self, board: HealthBoard, name: str) -> None:
        self._board, self._name = board, name
        self._state: bytes | None = None

    def answer(self, asked: Question, at: float) -> Any:
        state = None if self._state is None else msgspec.json.decode(self._state)
        known = None if state is None else read(state, SessionState)
        session = self._board.resume(ROUTE, NOON, self._name, known)
        answer = session.answer(asked, at)
        self._state = msgspec.json.encode(write_result(session.state))
        return answer


def comparable(name: str, record: Record) -> str:
    """But for the id that a claim bears, and what the salt of a store makes of names."""
    kind, scope, identity = parts(name)
    claim = record.claim and attrs.evolve(record.claim, holder="")
    count = ("",) * len(record.credentials)
    return repr((kind, scope, identity[0], attrs.evolve(record, claim=claim, credentials=count)))


@settings(max_examples=40)
@given(moves)
def test_it_is_answered_alike_and_marks_alike(moves: list[tuple[int, Any, float]]) -> None:
    boards = [HealthBoard(POOLS, MemoryStore()) for _ in range(2)]
    staying = [Staying(boards[0]) for _ in range(CALLS)]
    travelling = [Travelling(boards[1], f"call {number}") for number in range(CALLS)]
    taken: dict[int, Taken | None] = {}
    at = 0.0
    for number, move, seconds in moves:
        at += seconds
        asked = question(move, taken[number]) if number in taken else TakeFirst()
        answer = staying[number].answer(asked, at)

        assert travelling[number].answer(asked, at) == answer
        if isinstance(answer, tuple):
            taken[number] = answer[0]
    marks = [
        sorted(comparable(name, record) for name, record in board.store.read().items())
        for board in boards
    ]
    assert marks[0] == marks[1]
