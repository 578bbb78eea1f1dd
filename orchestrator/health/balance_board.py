"""The board's knowledge of money, for whoever asks vendors for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from orchestrator.health.availability import MarksOverlay
from orchestrator.health.balance import AccountBalance, BalanceStatement
from orchestrator.health.balance_steps import (
    begin_question,
    hear,
    known_balance,
    miss,
    question_due,
)
from orchestrator.health.news import MarkNews
from orchestrator.health.records import MarkKind, MarkScope, TargetKeys
from orchestrator.health.session import BoardState
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark


@attrs.frozen
class StatementNews:
    """What a statement changed.

    Attributes:
        before: What the vendor said before; ``None`` where nothing.
        marks: What became of marks.
    """

    before: BalanceStatement | None
    marks: tuple[MarkNews, ...]


class BalanceBoard:
    """What is known of the money of every provider entry; each change is one atomic step.

    Args:
        state: Of the board.
        clock: Wall-clock seconds (epoch).
    """

    def __init__(self, state: BoardState, clock: Callable[[], float]) -> None:
        self._state, self._clock = state, clock

    def known(self, provider: str) -> AccountBalance | None:
        """What is known; ``None`` where nobody has asked."""
        return known_balance(self._state.store.read(), self._place(provider), self._clock())

    def is_due(self, provider: str, every: float) -> bool:
        """Whether the vendor is to be asked now, ``every`` so many seconds as a rule."""
        marks, now = self._state.store.read(), self._clock()
        return question_due(marks, self._place(provider), every, now) <= now

    def begin(self, provider: str, every: float) -> bool:
        """Whether the caller is to ask now; then nobody else does, until it is told what came."""
        place, now = self._place(provider), self._clock()
        return self._state.perform(
            lambda shift: lambda on: begin_question(on, place, every, now + shift), now
        ).answer

    def hear(
        self, provider: str, label: str, said: BalanceStatement, error: Error
    ) -> StatementNews:
        """Know what a vendor said; see :func:`.balance_steps.hear`."""
        place, now = self._place(provider), self._clock()
        done = self._state.perform(
            lambda shift: lambda on: hear(on, place, label, said, error, now + shift), now
        )
        return StatementNews(done.answer, done.news)

    def miss(self, provider: str, trouble: str) -> None:
        """Know that a question came to nothing."""
        place, now = self._place(provider), self._clock()
        self._state.perform(lambda shift: lambda on: miss(on, place, trouble, now + shift), now)

    def credential(self, provider: str) -> str | None:
        """The label to ask with: the first that is not out, else not dead; ``None``: all are."""
        place, now = self._place(provider), self._clock()
        alive = list(self._alive(place, now))
        return min(alive, default=(False, 0, None))[2]

    def _alive(self, place: TargetKeys, now: float) -> Iterator[tuple[bool, int, str]]:
        overlay = MarksOverlay(self._state.store.read(), now)
        for number, label in enumerate(place.labels):
            record = overlay.get(place.key(MarkKind.AUTH, MarkScope.CREDENTIAL, label))
            mark = None if record is None else record.mark
            if mark is not Mark.DEAD:
                yield mark is not None, number, label

    def _place(self, provider: str) -> TargetKeys:
        return TargetKeys.of(self._state.table.pools[provider], "", self._state.store.salt)
