"""What stands by, decided piece by piece as a guard asks for it.

The checker's health board. It has no memory: whatever a board could say of a target at
this point, it can say. Only two things bind it: it contradicts neither itself within one
look nor what the call has used, asked and been billed by.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from orchestrator.verify.choices import Choices, Instants
from orchestrator.verify.nodes import PASSED, Nodes, Slot
from states.call import Call
from states.standby import Clear, Mark
from states.target import Target

BLOCKS: tuple[tuple[Mark, bool], ...] = (
    (Mark.COOLDOWN, False),
    (Mark.BENCH, False),
    (Mark.COOLDOWN, True),
    (Mark.CIRCUIT, False),
)
"""How the call's own target may be blocked: the mark, and whether it ends late."""


@attrs.define
class Seen:
    """What was decided about the standby in one run; ``None`` where nobody looked.

    Attributes:
        standing: Places of unasked targets that stand by.
        winner: The place that clears first; -1 for none in time.
        ready: Whether the call's own target can be sent to.
        credentials: Its ready credentials, as numbers.
        block: What blocks it, where it is not ready.
        skipped: Whether the first target is marked at the start.
    """

    standing: tuple[int, ...] | None = None
    winner: int | None = None
    ready: bool | None = None
    credentials: tuple[int, ...] | None = None
    block: tuple[Mark, bool] | None = None
    skipped: bool | None = None


class Look:
    """One look at the board; in the place of a :class:`states.Standby`.

    Args:
        choices: Who decides.
        call: The call before the event.
        slots: What its node says of each target.
        diagnosed: True where the call has just failed at its target.
        taken: The place that was taken, -1 for none.
        rotates: True where the policy lets the failure rotate but not retry.
    """

    def __init__(
        self, nodes: Nodes, choices: Choices, call: Call, slots: Sequence[Slot], *,
        diagnosed: bool, taken: int = -1, rotates: bool = False,
    ) -> None:  # fmt: skip
        self._nodes, self._choices, self._call, self._slots = nodes, choices, call, slots
        self._diagnosed, self._taken, self._rotates = diagnosed, taken, rotates
        self._here = next((index for index, slot in enumerate(slots) if slot.here), -1)
        self.seen = Seen()
        self._instants: Instants = nodes.setting.instants

    # What the machine may ask.

    @property
    def credentials(self) -> tuple[str, ...]:
        """See :attr:`states.Standby.credentials`."""
        if not self._diagnosed or self._here < 0:
            return ()
        if self.seen.credentials is None:
            self.seen.credentials = self._decide_credentials()
            self.seen.ready = bool(self.seen.credentials)
        return tuple(self._nodes.label(self._here, number) for number in self.seen.credentials)

    @property
    def targets(self) -> tuple[Target, ...]:
        """See :attr:`states.Standby.targets`."""
        standing = self._standing()
        route = self._nodes.route
        return tuple(
            route[index]
            for index, slot in enumerate(self._slots)
            if index in standing or self._stands_for_ever(index, slot)
        )

    @property
    def clears(self) -> tuple[Clear, ...]:
        """See :attr:`states.Standby.clears`."""
        found = (self.clear(target) for target in self._nodes.route)
        return tuple(clear for clear in found if clear is not None)

    def clear(self, target: Target) -> Clear | None:
        """See :meth:`states.Standby.clear`."""
        index = self._nodes.position(target)
        slot = self._slots[index]
        if index == self._here and self._diagnosed:
            return self._clear_here(target)
        if self._taken >= 0:
            return self._clear_skipped(target, index)
        if self._stands_for_ever(index, slot) or index in self._standing():
            return None
        mark = Mark.COOLDOWN if self._winner() == index else Mark.BENCH
        return Clear(target, mark, 0.0, PASSED if index == 0 else None)

    # How it is decided.

    def _stands_for_ever(self, index: int, slot: Slot) -> bool:
        if index == self._here and not slot.billed:
            return False
        closed = not self._nodes.open_to(self._call, index)
        return closed or (slot.asked and not slot.throttled)

    def _unasked(self) -> list[int]:
        return [
            index
            for index, slot in enumerate(self._slots)
            if not slot.asked and not slot.gone and self._nodes.open_to(self._call, index)
            and (index != self._here or self._diagnosed)
        ]  # fmt: skip

    def _standing(self) -> tuple[int, ...]:
        if self.seen.standing is None:
            unasked = self._unasked()
            if self._taken >= 0:
                self.seen.standing = tuple(unasked)
            else:
                self.seen.standing = tuple(
                    index
                    for group in self._alike(unasked)
                    for index in group[: self._choices.pick(len(group) + 1)]
                )
        return self.seen.standing

    def _alike(self, places: list[int]) -> list[list[int]]:
        """The places in groups of which it does not matter which one is meant."""
        together = {
            index: number for number, group in enumerate(self._nodes.groups) for index in group
        }
        found: dict[object, list[int]] = {}
        for index in places:
            kind = (together[index], self._slots[index]) if index in together else index
            found.setdefault(kind, []).append(index)
        return list(found.values())

    def _winner(self) -> int:
        """Which target clears first, in time; the others do not clear at all."""
        if self.seen.winner is None:
            standing = self._standing()
            closed = [
                index
                for index, slot in enumerate(self._slots)
                if index not in standing
                and not self._stands_for_ever(index, slot)
                and not (index == self._here and self._diagnosed)
            ]
            groups = self._alike(closed)
            chosen = self._choices.pick(len(groups) + 1)
            self.seen.winner = groups[chosen - 1][0] if chosen else -1
        return self.seen.winner

    def _decide_credentials(self) -> tuple[int, ...]:
        used, count = self._slots[self._here].used, self._nodes.setting.credentials[self._here]
        ways: list[tuple[int, ...]] = [(0,)]
        if used > 1:
            ways.append((0, 1))
        if used < count:
            ways.append(tuple(range(count)))
        if self.seen.ready is False:
            return ()
        if self.seen.ready:
            # A guard saw that the target is open before it asked for keys: all are there.
            return ways[-1]
        ways.append(())
        return ways[self._choices.pick(len(ways))]

    def _clear_here(self, target: Target) -> Clear | None:
        seen, instants = self.seen, self._instants
        if seen.ready is None:
            seen.ready = self._choices.pick(2) == 0
        if seen.ready:
            return None
        if seen.block is None:
            kinds = [one for one in BLOCKS if not one[1] or instants.later is not None]
            # A circuit differs from a cooldown only where another key could cure the failure.
            count = len(kinds) - (not self._rotates)
            seen.block = kinds[self._choices.pick(count)]
            if seen.block[1]:
                self._choices.asked_to_wait = 0.0
        mark, late = seen.block
        at = instants.later if late and instants.later is not None else 0.0
        return Clear(target, mark, at, PASSED if target is self._nodes.route[0] else None)

    def _clear_skipped(self, target: Target, index: int) -> Clear | None:
        if index != 0 or self._taken == 0 or self._call.asked:
            return None
        if self.seen.skipped is None:
            self.seen.skipped = self._choices.pick(2) == 0
        return Clear(target, Mark.BENCH, 0.0, PASSED) if self.seen.skipped else None
