"""View of the marks by one process: what the store has, and what this process has yet to write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from orchestrator.health.clock_skew import dated
from orchestrator.health.records import Changes, Marks, Record, is_counter
from orchestrator.states.facts import Mark

Unsaved = Mapping[str, tuple[Record | None, Record | None]]
"""By key, the record that a change began with, and what it is to become; ``None`` for none."""

_NONE: Unsaved = MappingProxyType({})


@attrs.frozen(eq=False)
class MarksView:
    """What the store has, and over it what has yet to be written. A value: changes make another.

    Attributes:
        saved: What the store was last known to have.
        unsaved: What waits to be written.
        marks: What calls go by: both.
    """

    saved: Marks = attrs.field(factory=Marks)
    unsaved: Unsaved = MappingProxyType({})
    marks: Marks = attrs.field(default=attrs.Factory(lambda self: self.saved, takes_self=True))

    @property
    def changes(self) -> Changes:
        """What waits, as it is to be written."""
        return {key: new for key, (_, new) in self.unsaved.items()}

    def keep(self, changes: Changes, base: Marks | None = None) -> MarksView:
        """The view once ``changes`` wait besides, which were decided on ``base``: what is shown."""
        unsaved = dict(self.unsaved)
        for key, new in changes.items():
            # The record that the first of several changes began with, since that is what another
            # process may have changed.
            first = (self.marks if base is None else base).get(key)
            unsaved[key] = (unsaved[key][0] if key in unsaved else first, new)
        return MarksView(self.saved, unsaved, self.marks.changed(changes))

    def show(self, changes: Changes) -> MarksView:
        """The view once calls go by ``changes`` besides, which are being written."""
        return MarksView(self.saved, self.unsaved, self.marks.changed(changes))

    def date(self, seconds: float) -> MarksView:
        """The view once what waits is told by a clock that is so many seconds ahead."""
        if not seconds or not self.unsaved:
            return self
        later = {key: new and dated(new, seconds) for key, (_, new) in self.unsaved.items()}
        unsaved = {key: (base, later[key]) for key, (base, _) in self.unsaved.items()}
        return MarksView(self.saved, unsaved, self.marks.changed(later))

    def rebase(self, saved: Marks, written: Unsaved = _NONE) -> MarksView:
        """The view over what the store has now.

        Args:
            saved: That.
            written: What waited before and is in it by now.
        """
        unsaved = {}
        for key, entry in self.unsaved.items():
            base, new = entry
            if key in written:
                # What was written waits no longer; what was changed meanwhile goes on from there.
                if written[key] is entry:
                    continue
                base = written[key][1]
            current = saved.get(key)
            merged = merge(key, base, new, current)
            if merged != current:
                unsaved[key] = (current, merged)
        waiting = {key: new for key, (_, new) in unsaved.items()}
        return MarksView(saved, unsaved, saved.changed(waiting) if waiting else saved)


def merge(
    key: str, base: Record | None, new: Record | None, current: Record | None
) -> Record | None:
    """What a change from ``base`` to ``new`` makes of ``current``, which the store has by now.

    Nobody can tell whose clock or knowledge was better where both were changed. The later due
    stands: to ask a provider too late costs a fallback, to ask it too early may cost the answer.
    """
    if is_counter(key):
        return with_spent(new or current, _spent(current) + spent_between(base, new))
    if current == base:
        return new
    return new if _due(new) > _due(current) else current


def spent_between(base: Record | None, new: Record | None) -> int:
    """What a change adds to a counter; below 0 where it gives back."""
    return _spent(new) - _spent(base)


def with_spent(record: Record | None, spent: int) -> Record | None:
    """The record of a counter that stands at ``spent``; ``None`` at 0, where it has none."""
    return None if record is None or spent <= 0 else attrs.evolve(record, spent=spent)


def _spent(record: Record | None) -> int:
    return 0 if record is None else record.spent


def _due(record: Record | None) -> tuple[float, float, float]:
    """When a record ends, when it was last heard of, and when that said that it would end."""
    if record is None:
        return -math.inf, -math.inf, -math.inf
    ends = math.inf if record.mark is Mark.DEAD else record.until
    return ends, record.failed, record.expected or -math.inf
