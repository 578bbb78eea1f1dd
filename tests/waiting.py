"""Waiting for what must come to be: for the event itself, never for a time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

AMPLE = 45.0
"""Seconds that nothing takes unless it hangs, however busy the machine is with others.

For the end of a wait and for the upper side of a time limit. What is told apart by it (a limit
that is not kept, a connection that is left open) would last a minute or more.
"""


def with_time_enough(
    attempt: Callable[[float], Found], is_enough: Callable[[Found], bool]
) -> Found:
    """What ``attempt`` comes to under a limit of so many seconds.

    Where something must come before the limit strikes, a busy machine needs a longer one than
    a quiet one: it is tried with four times as much until that was enough.
    """
    for seconds in (0.5, 2.0, 8.0):
        found = attempt(seconds)
        if is_enough(found):
            return found
    return attempt(32.0)


def eventually(holds: Callable[[], bool], seconds: float = AMPLE) -> bool:
    """Whether ``holds`` becomes true within so many ``seconds``."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.005)
    return True
