"""What a provider's headers say is left of its limit of requests."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.classification.waits import either
from orchestrator.clock import SystemClock

LONGEST = 120.0
"""Seconds. Limits of a day are no pace: the board waits for those, and asks others meanwhile."""

# Left, whole, and when: OpenAI and those like it, Anthropic, IETF draft httpapi-ratelimit-headers
# (its older form, which Mistral and others send). The first two fill up again bit by bit, and tell
# when they are full (their docs on rate limits, 2026-11); the third is a window.
_FILLING = (
    (
        "x-ratelimit-remaining-requests",
        "x-ratelimit-limit-requests",
        "x-ratelimit-reset-requests",
    ),
    (
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-reset",
    ),
)
_WINDOWS = (("ratelimit-remaining", "ratelimit-limit", "ratelimit-reset"),)


def window_of(headers: Mapping[str, str]) -> tuple[int, float] | None:
    """How many requests may begin within how many seconds, where headers (lower case) say it."""
    for names, is_window in ((_FILLING, False), (_WINDOWS, True)):
        for left, whole, reset in names:
            told = headers.get(left), headers.get(whole), headers.get(reset)
            if (found := read_window(*told, is_window=is_window)) is not None:
                return found
    return None


def read_window(
    left: str | None, whole: str | None, reset: str | None, *, is_window: bool
) -> tuple[int, float] | None:
    """How many requests may begin within how many seconds; ``None`` where nothing is said.

    Args:
        left: How many are left.
        whole: How many there are at most.
        reset: When there are as many again: seconds, a duration or an instant.
        is_window: All come back at once then, not one after the other until then.
    """
    if left is None or reset is None or not left.strip().isdecimal():
        return None
    count, seconds = int(left), either(reset, SystemClock().time())
    if seconds is None:
        return None
    if not is_window and count == 0:
        # The next one is there long before all are.
        total = int(whole) if whole is not None and whole.strip().isdecimal() else 1
        seconds /= max(1, total)
    return None if seconds > LONGEST else (count, seconds)
