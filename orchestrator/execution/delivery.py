"""Delivery of a call's answers: what of them has reached the caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from orchestrator.dialects import Usage
from orchestrator.dialects.neutral import Delta, StreamEvent, StreamStart, UsageDelta
from orchestrator.execution.accumulator import Accumulator
from orchestrator.execution.continuation import OverlapTrimmer


@attrs.define
class Delivery:
    """Passes on the events of one stream, or of several where one goes on with another.

    Attributes:
        accumulator: Puts together what was passed on.
        continues: True where the stream that is read now goes on with one that broke.
    """

    accumulator: Accumulator = attrs.field(factory=Accumulator)
    continues: bool = False
    _trimmer: OverlapTrimmer | None = None

    def go_on(self, usage: Usage | None, *, prefill: bool) -> None:
        """Another stream goes on where this one broke.

        Args:
            usage: What the broken attempt cost, as far as its provider told.
            prefill: See :class:`.OverlapTrimmer`.
        """
        self.accumulator.next_stream(usage)
        self.continues = True
        # Of the text alone: thoughts are not asked to go on, and begin anew.
        self._trimmer = OverlapTrimmer(self.accumulator.text, prefill=prefill)

    def pass_on(self, events: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
        """The events as the caller gets them; what has been taken of them has reached him."""
        for event in events:
            deltas = self._untold(event.deltas)
            # Before it is handed on: a caller who leaves at the yield has got this event.
            self.accumulator.add(deltas)
            yield self._continued(deltas) if self.continues else event

    def _untold(self, deltas: tuple[Delta, ...]) -> tuple[Delta, ...]:
        """What of ``deltas`` the caller has not got from an earlier stream."""
        if self._trimmer is None:
            return deltas
        return tuple(one for delta in deltas for one in self._trimmer.pass_on(delta))

    def _continued(self, deltas: tuple[Delta, ...]) -> StreamEvent:
        """What goes on from another stream: no second beginning, and the usage of both.

        Its bytes are not those that the provider sent, whose stream stands for itself.
        """
        usage = UsageDelta(self.accumulator.usage)
        told = (usage if isinstance(delta, UsageDelta) else delta for delta in deltas)
        return StreamEvent(b"", tuple(each for each in told if not isinstance(each, StreamStart)))
