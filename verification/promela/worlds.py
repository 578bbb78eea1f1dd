"""What the model tells of one move: read from its bytes, one a number.

A move is what the call remembered, what happened and everything of the world that was decided
with it, the row with what it asked for, and what the call remembers then.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestrator.states.table import TABLE
from verification.promela.numbers import LISTS
from verification.promela.vectors import FIELDS, TARGET_FIELDS

WORLD_FIELDS = (
    "event", "spent_time", "taken", "unused_key", "probing", "delivered", "complete", "reason",
    "same_ready", "other_ready", "fresh_ready", "cooling", "remembered", "opens", "unpaid",
    "retry_after", "pause", "kept_waiting",
)  # fmt: skip
"""What the world decides, as state.pml explains it; then of each target:"""

STANDBY_FIELDS = ("stands", "due")
"""What it decides of a target."""

TOLD_FIELDS = ("row", "cause", "planned_until", "cut_short", "back_later")
"""What a row is told to have done, besides what the call remembers: the row's place in the
table, where the cause is from, how long a wait is (on an arrival the rank of its instant),
whether an attempt ends before the call's time, and whether the target that was left asked not
to come back within the patience."""

SOON, LATE, NEVER = map(LISTS["PERIODS"].index, ("SOON", "LATE", "NEVER"))
NO_CAUSE, SET_EARLIER, OF_THE_ERROR, OF_THE_MARK, OTHERWISE = range(len(LISTS["CAUSES"]))

EVENTS = tuple(dict.fromkeys(row.event for row in TABLE))
"""The events by the model's number."""


@attrs.frozen
class World:
    """Everything that was decided of the world before a guard looked, as state.pml explains it.

    Attributes:
        stands: For each target whether it stands by.
        due: For each the rank of the instant when it can be sent to, 0 first; the number of
            targets stands for too late.
    """

    event: int
    spent_time: int
    taken: int
    unused_key: int
    probing: int
    delivered: int
    complete: int
    reason: int
    same_ready: int
    other_ready: int
    fresh_ready: int
    cooling: int
    remembered: int
    opens: int
    unpaid: int
    retry_after: int
    pause: int
    kept_waiting: int
    stands: tuple[int, ...]
    due: tuple[int, ...]

    @property
    def ready(self) -> bool:
        """Whether a key of the call's own target is ready."""
        return bool(self.same_ready or self.other_ready or self.fresh_ready)


def world(told: bytes) -> World:
    """The world as it was told."""
    count, rest = len(WORLD_FIELDS), told[len(WORLD_FIELDS) :]
    return World(
        **dict(zip(WORLD_FIELDS, told[:count], strict=True)),
        stands=tuple(rest[::2]),
        due=tuple(rest[1::2]),
    )


@attrs.frozen
class Layout:
    """Where the parts of a move are, for a number of targets.

    Attributes:
        before: The end of what the call remembered, which comes first.
        world: The end of what was decided.
        told: The end of what the row did; what the call remembers then is the rest.
        size: How many bytes a move has.
    """

    before: int
    world: int
    told: int
    size: int

    @classmethod
    def of(cls, targets: int) -> Layout:
        """The layout for so many targets."""
        call = len(FIELDS) + len(TARGET_FIELDS) * targets
        decided = call + len(WORLD_FIELDS) + len(STANDBY_FIELDS) * targets
        told = decided + len(TOLD_FIELDS)
        return cls(call, decided, told, told + call)

    def moves(self, told: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
        """(before, world, told and after) of each move."""
        before, decided, size = self.before, self.world, self.size
        for place in range(0, len(told), size):
            end = place + before
            middle = place + decided
            yield told[place:end], told[end:middle], told[middle : place + size]
