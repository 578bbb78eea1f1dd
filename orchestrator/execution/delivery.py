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
    """

    accumulator: Accumulator = attrs.field(factory=Accumulator)
    _trimmer: OverlapTrimmer | None = None

    def go_on(self, usage: Usage | None, *, prefill: bool) -> None:
        """Another stream goes on where this one broke.

        Args:
            usage: What the broken attempt cost, as far as its provider told.
            prefill: See :class:`.OverlapTrimmer`.
        """
        self.accumulator.next_stream(usage)
        # Of the text alone: thoughts are not asked to go on, and begin anew.
        self._trimmer = OverlapTrimmer(self.accumulator.text, prefill=prefill)

    def pass_on(self, events: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
        """The events as the caller gets them; what has been taken of them has reached him."""
        trimmer = self._trimmer
        for event in events:
            # Before it is handed on: a caller who leaves at the yield has got this event.
            if trimmer is None:
                self.accumulator.add(event.deltas)
                yield event
            else:
                untold = tuple(one for delta in event.deltas for one in trimmer.pass_on(delta))
                self.accumulator.add(untold)
                yield self._continued(untold)

    def _continued(self, deltas: tuple[Delta, ...]) -> StreamEvent:
        """What goes on from another stream: no second beginning, and the usage of both.

        Its bytes are not those that the provider sent, whose stream stands for itself.
        """
        usage = UsageDelta(self.accumulator.usage)
        told = (usage if isinstance(delta, UsageDelta) else delta for delta in deltas)
        return StreamEvent(b"", tuple(each for each in told if not isinstance(each, StreamStart)))
