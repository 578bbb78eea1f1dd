"""How long to wait before a target is tried again."""

from __future__ import annotations

FIRST = 0.5
"""Seconds before the second try, without jitter."""

LONGEST = 30.0
"""Seconds that no backoff exceeds (a Retry-After may)."""


def backoff(tries: int, jitter: float) -> float:
    """Seconds to wait after ``tries`` tries at a stay; ``jitter`` in [0, 1).

    Half of the wait is fixed, so that a retry never comes at once; half is drawn,
    so that callers which failed together do not come back together.
    """
    # The exponent is bounded because 2.0 ** 1024 overflows and a policy may allow more tries.
    return min(LONGEST, FIRST * 2.0 ** min(tries - 1, 60)) * (1 - jitter / 2)
