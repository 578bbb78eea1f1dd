"""What must hold of every move that is possible, where counters and standbys are open.

The invariants themselves are :mod:`orchestrator.lab.invariants`; here is what is decided of an
open move, and what only the whole search shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import attrs

from orchestrator.lab.invariants import (
    ATTEMPTS,
    CHECKS,
    EXACT,
    MEMORY,
    SLEEP,
    SPARE,
    WAITING,
    CheckedMove,
    Interval,
)
from orchestrator.lab.verify.board import Observed
from orchestrator.lab.verify.choices import NUMBER, WAITS, Choices, OpenCounter
from orchestrator.states.events import Diagnosed
from orchestrator.states.facts import Target
from orchestrator.states.reasons import Move, Reason


@attrs.frozen
class OpenMove(CheckedMove):
    """One move, with what was decided on the way.

    Attributes:
        seen: What was decided about the standby.
        choices: The counters as far as guards narrowed them.
        spent: True where the event came after the call's time.
    """

    seen: Observed
    choices: Choices
    spent: bool

    @property
    def number(self) -> Interval:
        """See :attr:`CheckedMove.number`."""
        return self.choices.low[NUMBER], self.choices.high[NUMBER]

    @property
    def waits(self) -> Interval:
        """See :attr:`CheckedMove.waits`."""
        return self.choices.low[WAITS], self.choices.high[WAITS]

    @property
    def permitted(self) -> frozenset[Move]:
        """See :attr:`CheckedMove.permitted`: what the policy lists, not what the call says.

        A policy that stands for many lists nothing, but is asked; see :class:`.FreePolicy`.
        """
        error, before = self.error, self.before
        if error is None:
            return frozenset(Move)
        first = len(before.asked) <= 1
        moves = before.policy.moves(error.reason, first_target=first)
        return moves - {Move.ROTATE} if error.quoted else moves

    @property
    def exact(self) -> bool:
        """See :attr:`CheckedMove.exact`: one instant stands for others."""
        return False

    def same(self, field: str, one: object, other: object) -> bool:
        """See :meth:`CheckedMove.same`; what is open is the same where it moved as far."""
        if field in _FREE:
            return True
        if field == "returnable":
            # The instants are free here.
            return _names(one) == _names(other)
        if isinstance(one, OpenCounter):
            return isinstance(other, OpenCounter) and one.is_like(other)
        # To compare a counter with a number would narrow it.
        return not isinstance(other, OpenCounter) and one == other

    def counted(self, counter: str) -> int | None:
        """See :meth:`CheckedMove.counted`."""
        value = cast(object, getattr(self.call, counter))
        return value.delta() if isinstance(value, OpenCounter) else None

    def follows(self, number: int) -> bool:
        """See :meth:`CheckedMove.follows`."""
        value = cast(object, number)
        return isinstance(value, OpenCounter) and value.delta() == 1

    @property
    def late(self) -> bool:
        """See :attr:`CheckedMove.late`."""
        return self.spent

    @property
    def standing(self) -> Sequence[Target]:
        """See :attr:`CheckedMove.standing`: nobody, where nobody asked."""
        # What was decided to stand by may be of the account that has just sent its bill.
        billed = self.billed
        return [
            target
            for target in (self.before.route[place] for place in self.seen.standing or ())
            if target.provider not in billed and self.fits(target)
        ]

    @property
    def may_fall_back(self) -> bool:
        """See :attr:`CheckedMove.may_fall_back`: where nobody asked, whoever is left may."""
        if Move.FALLBACK not in self.permitted:
            return False
        if self.seen.standing is not None:
            return bool(self.standing)
        out, billed = self.before.asked | self.before.gone, self.billed
        return any(
            target.name not in out and target.provider not in billed and self.fits(target)
            for target in self.before.route
        )

    @property
    def failed_slowly(self) -> bool:
        """See :attr:`CheckedMove.failed_slowly`: a failure that nobody asked about may have."""
        if not isinstance(self.event, Diagnosed):
            return False
        possible = self.choices.instants.later is not None
        slow = possible and self.choices.kept_waiting is not False
        return slow or self.event.error.reason is Reason.TIMEOUT

    @property
    def has_unused_key(self) -> bool:
        """See :attr:`CheckedMove.has_unused_key`; keys that were used come first."""
        here = self.before.target
        used = len(self.before.used_at(here)) if here is not None else 0
        return any(key >= used for key in self.seen.credentials or ())

    def blocked(self, target: Target) -> str | None:  # noqa: ARG002 - as in a checked move
        """See :meth:`CheckedMove.blocked`: what is taken is what was free."""
        return None


_FREE = frozenset({"kept_waiting", "not_before"})
"""What a node leaves open: decided anew where somebody looks."""


def _names(pairs: object) -> set[str]:
    return {name for name, _ in cast(frozenset[tuple[str, float]], pairs)}


STUCK = "every state knows what to do"
ENDS = "every state leads to an end"
CIRCLES = "no call goes in circles"
SHADOWED = "every target can be reached"
SHORT = "one attempt fits the deadline"

NAMES = (
    *CHECKS, ATTEMPTS, WAITING, SLEEP, SPARE, *MEMORY, *EXACT,
    STUCK, ENDS, CIRCLES, SHADOWED, SHORT,
)  # fmt: skip
"""Every property that is checked."""
