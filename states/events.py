"""What can happen to a call. Facts only: an event never says what to do next.

``at`` is the driver's monotonic clock, in seconds since the call's ``Started``.
"""

from __future__ import annotations

import attrs

from orchestrator.states.error import Error
from orchestrator.states.facts import Standby, Taken


@attrs.frozen
class Started:
    """The call began; an arrival.

    Attributes:
        jitter: Of an arrival with nothing taken: a random number in [0, 1), for the spread of
            a wait; 0 where nothing was drawn.
    """

    at: float
    taken: Taken | None
    standby: Standby
    jitter: float = 0.0


@attrs.frozen
class Rotated:
    """Another credential of the same target was asked for; an arrival."""

    at: float
    taken: Taken | None
    standby: Standby
    jitter: float = 0.0


@attrs.frozen
class Switched:
    """Other targets were asked for; an arrival."""

    at: float
    taken: Taken | None
    standby: Standby
    jitter: float = 0.0


@attrs.frozen
class Waited:
    """The wait is over; an arrival."""

    at: float
    taken: Taken | None
    standby: Standby
    jitter: float = 0.0


@attrs.frozen
class Repaired:
    """The request was changed on a copy; an arrival."""

    at: float
    taken: Taken | None
    standby: Standby
    jitter: float = 0.0


@attrs.frozen
class Streaming:
    """The first content is about to reach the caller: the commit boundary."""

    at: float


@attrs.frozen
class Succeeded:
    """The attempt brought a whole answer."""

    at: float


@attrs.frozen
class Failed:
    """The attempt brought a failure, which the driver keeps to diagnose.

    Attributes:
        tool_call: True where a part of a tool call was delivered to the caller.
        waited: Seconds since anything last reached the caller, at the earliest since
            this ``Send``.
    """

    at: float
    tool_call: bool = False
    waited: float = 0.0


@attrs.frozen
class Diagnosed:
    """The failure was classified and reported to the health board.

    Attributes:
        error: The classified failure.
        standby: What stands by after the report.
        jitter: A random number in [0, 1), for the backoff.
        spread: Another one, for the spread of a wait; 0 where nothing was drawn. It is no part
            of ``jitter``, so that records of before there was a spread mean what they meant.
    """

    at: float
    error: Error
    standby: Standby
    jitter: float = 0.0
    spread: float = 0.0


@attrs.frozen
class Cancelled:
    """The caller went away.

    Attributes:
        complete: True where the whole answer had reached the caller by then: what was
            left to come of the stream said nothing more.
    """

    at: float
    complete: bool = False


@attrs.frozen
class DeadlineReached:
    """The call's time is over."""

    at: float


Arrival = Started | Rotated | Switched | Waited | Repaired
Event = Arrival | Streaming | Succeeded | Failed | Diagnosed | Cancelled | DeadlineReached
