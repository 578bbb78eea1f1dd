"""What may stand in the way of a target: in several ways, all of them the same to a call."""

from __future__ import annotations

import attrs

from orchestrator.states.error import Error
from orchestrator.states.facts import Clear, Mark, Target
from orchestrator.states.reasons import Reason
from verification.promela.instants import Moment

_LIMITED = Error(Reason.RATE_LIMIT, "spin.remembered", message="a limit that is remembered")
_BILLED = Error(Reason.BILLING, "spin.billed", message="a bill that is remembered")

_LOOKS_AGAIN = 10.0
"""Seconds until a call looks again at another one's probe; see docs/machine.md."""


@attrs.frozen
class Blocks:
    """Blocks at one moment.

    Attributes:
        moment: When they are looked at.
        number: Which of several ways to say the same is taken.
    """

    moment: Moment
    number: int

    def other(self, target: Target, rank: int, *, remembered: bool) -> Clear:
        """A block of another target, that ends at a rank; the last rank is too late."""
        last = len(self.moment.ranks) - 1
        ways = self._never(target) if rank == last else self._until(target, self.moment.ranks[rank])
        if not remembered:
            ways = [attrs.evolve(way, error=None) for way in ways if way.expected is None]
        return ways[self.number % len(ways)]

    def own(self, target: Target, *, cooling: bool) -> Clear:
        """A block of the call's own target; only a cooldown says that there is another key."""
        opens = self.moment.opens
        ways = self._never(target) if opens is None else self._until(target, opens)
        ways = [way for way in ways if (way.mark is Mark.COOLDOWN) == cooling]
        return ways[self.number % len(ways)]

    def _until(self, target: Target, at: float) -> list[Clear]:
        """What ends at an instant, which a call may wait for."""
        ways = [
            Clear(target, Mark.COOLDOWN, at, _LIMITED),
            # Probed when it is due, and waited for: what a rate limit itself named.
            Clear(target, Mark.BENCH, 0.0, _LIMITED, expected=at),
        ]
        # To a circuit, and to another call's probe, one comes back earlier or later than to what
        # else clears then, where something is drawn: of that the model knows nothing.
        if not self.moment.spread:
            ways.insert(1, Clear(target, Mark.CIRCUIT, at, _BILLED))
        if at <= self.moment.at + (0.0 if self.moment.spread else _LOOKS_AGAIN):
            ways.append(Clear(target, Mark.BENCH, at, _BILLED, probed=True))
        return ways

    def _never(self, target: Target) -> list[Clear]:
        """What does not end in time, or is not waited for at all."""
        at, limit = self.moment.at, max(self.moment.at, self.moment.limit)
        return [
            Clear(target, Mark.COOLDOWN, limit, _LIMITED),
            Clear(target, Mark.CIRCUIT, limit * 2, _LIMITED),
            Clear(target, Mark.BENCH, at, _BILLED),
            Clear(target, Mark.BENCH, at, _LIMITED),
            Clear(target, Mark.BENCH, at, _LIMITED, expected=limit + 5),
            Clear(target, Mark.BENCH, at, _BILLED, expected=at),
            Clear(target, Mark.DEAD, float("inf"), _BILLED),
        ]
