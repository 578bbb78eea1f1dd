"""The limits of waits and attempts: every number of seconds that is a decision of ours.

What a config may change is in :class:`~orchestrator.states.policy.Policy` and
:class:`~orchestrator.states.policy.Timeouts`; here is what it may not, and what follows
from both for one attempt. Numbers: our own choice, 2026-11, where no other source is named.
"""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.facts import Taken
from orchestrator.states.policy import Timeouts

FIRST_TOKEN_WITH_OTHERS = 12.0
"""Seconds of silence worth bearing while another target stands by."""

FIRST_TOKEN_ALONE = 120.0
"""Seconds of silence worth bearing otherwise, or where the model thinks first."""

FIRST_TOKEN_KEPT_ALIVE = 30.0
"""Seconds worth bearing at least, where comments of the stream say that it is at work."""

FIRST_TOKEN_PROBED = 60.0
"""Seconds that a probe bears at most because the wait before it was cut."""

STREAMED_NEEDS = 15.0
"""Seconds that an attempt needs until its first content."""

WHOLE_NEEDS = 60.0
"""Seconds that an attempt needs until its whole answer."""

LARGEST_SHARE = 0.5
"""Of the time that is left, the part that is kept back at most."""

FIRST_BACKOFF = 0.5
"""Seconds before the second try, without jitter."""

LONGEST_BACKOFF = 30.0
"""Seconds that no backoff exceeds (a Retry-After may)."""

LOOK_AGAIN = 10.0
"""Seconds that a call waits for another one's probe before it looks again, without jitter. A
probe usually ends long before its claim expires; 16 waits (the default policy's) last longer
than that, see :func:`look_again`."""

SPREAD_SHARE = 0.5
"""Of a wait for a cooldown, which many calls may wait for, the part that is drawn on top. Calls
that began to wait together come back over that time; one that waits alone waits a quarter longer on
average. In proportion, since who came late has gathered little company and waits little more."""

LONGEST_SPREAD = 15.0
"""Seconds that are drawn on top of a wait at most: as much as is drawn of the longest backoff."""

LAST_WORDS = 5.0
"""Seconds to wait for usage and the end mark once the model has said why it stopped. They
follow at once where they come at all; some servers then leave the connection open."""

DRAIN = 0.1
"""Seconds to read on after an answer is whole, so that its connection can be used again."""

CLOCK_GRAIN = 0.001
"""Seconds by which two readings of a clock may disagree: a limit that comes so much too
early was reached all the same (event loops of Python wake up to 1 ms early)."""


def backoff(tries: int, jitter: float) -> float:
    """Seconds to wait after ``tries`` tries at a stay; ``jitter`` in [0, 1).

    Half of the wait is fixed, so that a retry never comes at once; half is drawn,
    so that callers which failed together do not come back together.
    """
    # The exponent is bounded because 2.0 ** 1024 overflows and a policy may allow more tries.
    return min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(tries - 1, 60)) * (1 - jitter / 2)


def spread(wait: float, left: float, jitter: float) -> float:
    """Seconds on top of a wait for a cooldown that others wait for too; ``jitter`` in [0, 1).

    At most half of what is left after the wait is drawn, so that one which fits the deadline
    still fits, and an attempt after it has time.

    Args:
        wait: Seconds until the mark ends.
        left: Seconds until the call must be back.
        jitter: Of the call.
    """
    room = min(SPREAD_SHARE * wait, LONGEST_SPREAD, (left - wait) / 2)
    return jitter * room if room > 0 else 0.0


def look_again(wait: float, waits_left: int, jitter: float) -> float:
    """Seconds until another look at what another call probes; ``jitter`` in [0, 1).

    From a half of :data:`LOOK_AGAIN` to the whole. Who has drawn short waits draws longer ones
    then: its waits shall not be over before the claim is, where they can last as long.

    Args:
        wait: Seconds until the claim expires.
        waits_left: How many waits the policy still allows.
        jitter: Of the call.
    """
    spare = 1 - wait / (LOOK_AGAIN * max(1, waits_left))
    return LOOK_AGAIN * (1 - jitter * (min(0.5, 2 * spare) if spare > 0 else 0.5))


def attempt_timeouts(call: Call, taken: Taken, *, alone: bool) -> Timeouts:
    """The limits of an attempt with what was taken, ``first_token`` resolved.

    Args:
        call: The call at its target.
        taken: What is sent with.
        alone: True where no other target stands by.
    """
    timeouts = taken.target.timeouts
    if timeouts.first_token is not None:
        return timeouts
    patient = alone or call.reasoning or taken.target.reasoning
    usual = FIRST_TOKEN_ALONE if patient else FIRST_TOKEN_WITH_OTHERS
    if taken.cut_first_token is not None:
        # The wait that was cut may have been about to end: its probe tells, with twice the time.
        usual = max(usual, min(FIRST_TOKEN_PROBED, 2 * taken.cut_first_token))
    if taken.seen_first_token is not None:
        usual = max(usual, taken.seen_first_token)
    return timeouts.with_first_token(usual)


def kept_alive(taken: Taken, timeouts: Timeouts) -> float:
    """The limit of the first content at a provider that says that it is at work."""
    resolved = timeouts.first_token or 0.0
    configured = taken.target.timeouts.first_token is not None
    return resolved if configured else max(resolved, FIRST_TOKEN_KEPT_ALIVE)
