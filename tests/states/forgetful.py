"""A board without a memory: it offers anything at any time.

What a call was told a moment ago binds it to nothing, and no report leaves a mark. So
whatever a call must not do again, only the machine's own memory keeps it from doing.
Two things bind this board: one look does not contradict itself, and it gives a taker
nothing but what was asked for.
"""

from __future__ import annotations

import random

import attrs

from orchestrator.states import Clear, Error, Mark, Reason, Standby, Target
from tests.states.world import Board

ENDS = (-1.0, 0.5, 3.0, 9.0, 60.0, 900.0)
"""Seconds from now until a mark may end; at most once it has ended unnoticed."""

MARKS = (Mark.COOLDOWN, Mark.COOLDOWN, Mark.CIRCUIT, Mark.BENCH, Mark.DEAD)
REMEMBERED = (None, Error(Reason.BILLING, "told"), Error(Reason.OVERLOADED, "told"))


@attrs.define
class ForgetfulBoard(Board):
    """Draws every answer anew.

    Attributes:
        luck: What it draws from.
        generous: How likely something stands by, from 0 to 1.
    """

    luck: random.Random = attrs.field(factory=random.Random)
    generous: float = 0.5

    def ready(self, target: Target, now: float) -> tuple[str, ...]:  # noqa: ARG002 - as a board
        pool = self.pools[target.provider]
        return tuple(key for key in pool if self._chance())

    def look(self, here: Target | None, now: float) -> Standby:
        standing = tuple(target for target in self.route if self._chance())
        return Standby(
            credentials=self._some(here) if here in standing and here is not None else (),
            targets=standing,
            clears=tuple(
                self._mark(target, now) for target in self.route if target not in standing
            ),
        )

    def due(self, target: Target) -> bool:  # noqa: ARG002 - as a board
        return self.luck.random() < 0.1

    def report(self, target: Target, key: str, error: Error, now: float) -> None:
        pass

    def cured(self, target: Target) -> None:
        pass

    def due_early(self) -> None:
        pass

    def _some(self, target: Target) -> tuple[str, ...]:
        """At least one of the pool: who stands by has a credential."""
        pool = self.pools[target.provider]
        sure = self.luck.choice(pool)
        return tuple(key for key in pool if key == sure or self._chance())

    def _mark(self, target: Target, now: float) -> Clear:
        return Clear(
            target,
            self.luck.choice(MARKS),
            now + self.luck.choice(ENDS),
            self.luck.choice(REMEMBERED),
            since=now - 1.0,
            probed=self.luck.random() < 0.1,
        )

    def _chance(self) -> bool:
        return self.luck.random() < self.generous
