"""Clock of a shared store, as one process knows it: no clock of a host has a say."""

from __future__ import annotations

import time

SURE_SECONDS = 0.05
"""A round trip of this or less tells the server's time well enough to go by."""


class StoreClock:
    """Tells the server's time from what it said last, and from the time that has passed since.

    Args:
        is_server: False where instants come from a clock of the caller's own, as in simulations:
            then they are taken as they are.
    """

    def __init__(self, *, is_server: bool) -> None:
        self._is_server = is_server
        self._offset: float | None = None
        self._host: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether the server has told its time."""
        return self._offset is not None

    def learn(self, server: float, sent: float, seconds: float) -> float:
        """Know that the server told ``server`` (epoch) within a round trip of ``seconds``.

        Returns:
            Seconds by which the server is ahead of the host's clock, where what was dated before
            is by that; 0 once the server's time was known.
        """
        if not self._is_server:
            return 0.0
        was_known = self.is_known
        offset = server - (sent + seconds / 2)
        # A slow answer tells little; but what it rules out is wrong.
        is_news = self._offset is None or abs(offset - self._offset) > seconds
        if is_news or seconds <= SURE_SECONDS:
            self._offset = offset
        return 0.0 if was_known or self._host is None else offset - self._host

    def instant(self, now: float) -> float:
        """The server's time at this moment, which the host's wall clock calls ``now``."""
        if self._offset is not None:
            return time.monotonic() + self._offset
        self._host = now - time.monotonic()
        return now

    def at(self, moment: float) -> float:
        """The server's time at ``moment`` of the clock of time that passes."""
        return moment + (self._offset or 0.0)
