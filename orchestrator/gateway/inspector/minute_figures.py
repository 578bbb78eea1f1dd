"""Figures of the calls of the last day, minute by minute."""

from __future__ import annotations

import attrs

from orchestrator.execution.call_facts import CallFacts
from orchestrator.states import State, StoppedBy

STEP = 60
"""Seconds of a minute, which a chart of a day has no more room for."""

KEPT = 24 * 60
"""Minutes that are kept: those of a day, so that memory is bounded whatever comes."""

_SUCCEED = State.SUCCEED.value


@attrs.define
class Minute:
    """What calls came to that ended within one minute.

    Attributes:
        time: When it began (epoch).
        calls: All that ended.
        failed: Those that failed, but not because their caller left.
        rescued: Those that were answered, though not by the first attempt at their first target.
        seconds_lost: What the rescues cost: the time until the attempts that answered were sent.
    """

    time: int
    calls: int = 0
    failed: int = 0
    rescued: int = 0
    seconds_lost: float = 0.0


class MinuteFigures:
    """Counts calls by the minute in which they end; the loop alone adds to it."""

    def __init__(self) -> None:
        self._minutes: dict[int, Minute] = {}

    def add(self, facts: CallFacts) -> None:
        """Count a call that is over."""
        # By the clock that the call began by: none is read here.
        time = int((facts.time + facts.seconds) // STEP) * STEP
        minute = self._minutes.get(time)
        if minute is None:
            minute = self._begin(time)
        minute.calls += 1
        if facts.rescued is not None:
            minute.rescued += 1
            minute.seconds_lost += facts.seconds_lost
        elif facts.state != _SUCCEED and facts.stopped_by is not StoppedBy.CANCELLED:
            minute.failed += 1

    def last_day(self, now: float) -> list[Minute]:
        """The minutes of the last day in which calls ended, in order.

        Args:
            now: The wall clock (epoch).
        """
        oldest = now - KEPT * STEP
        return [one for time, one in sorted(self._minutes.items()) if oldest < time <= now]

    def __len__(self) -> int:
        return len(self._minutes)

    def _begin(self, time: int) -> Minute:
        made = self._minutes[time] = Minute(time)
        if len(self._minutes) > KEPT:
            # The one that was begun first, also where the clock was set back in between.
            del self._minutes[next(iter(self._minutes))]
        return made
