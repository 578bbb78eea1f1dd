"""Outages of a shared store: told once each, with the cause and what to do, and when they end."""

from __future__ import annotations

import logging
import time

from orchestrator.health.stores.redis_address import RedisAddress
from orchestrator.health.stores.redis_faults import StoreFault

logger = logging.getLogger("orchestrator")

WELL_SECONDS = 3.0
"""How long it must have been well until that is told. What fails before is the same outage: a store
that comes and goes, or is slow now and then, is told of once."""

LEAST_SECONDS = 0.05
MOST_SECONDS = 1.0
LASTING_SECONDS = 5.0
"""Between two looks for a store that is away: ever longer; the last for one that a person has to
mend first."""


class Outage:
    """Knows whether the store can be used, and since when it cannot.

    Args:
        address: Of the store.

    Attributes:
        trouble: Why it cannot be used; empty where it can.
        since: When that began, on the clock of time that passes.
        next_look: When it is looked for again, on the same clock.
    """

    def __init__(self, address: RedisAddress) -> None:
        self._address = address
        self._pause = LEAST_SECONDS
        self._is_told = False
        self._well_since = 0.0
        self._notices: list[tuple[int, str]] = []
        self.trouble = ""
        self.since = 0.0
        self.next_look = 0.0

    def begin(self, fault: StoreFault) -> None:
        """Know that it cannot be used, or still not."""
        now = time.monotonic()
        if not self._is_told:
            self.since, self._is_told = now, True
            self._notices.append((logging.WARNING, self._told(fault)))
        self.trouble = fault.words
        self.next_look = now + (LASTING_SECONDS if fault.is_lasting else self._pause)
        self._pause = min(2 * self._pause, MOST_SECONDS)

    def end(self) -> None:
        """Know that it can be used."""
        if self.trouble:
            self.trouble, self._well_since = "", time.monotonic()

    def tell(self) -> None:
        """Tell the log what is new; under no lock, since its handler may call us."""
        if self._is_over():
            seconds = self._well_since - self.since
            back = f"the shared health board at {self._address.shown} is back after {seconds:.1f} s"
            self._notices.append((logging.INFO, f"{back}; what was learned meanwhile was merged"))
            self._is_told, self._pause = False, LEAST_SECONDS
        while self._notices:
            level, words = self._notices.pop(0)
            logger.log(level, "%s", words)

    def _is_over(self) -> bool:
        is_well = time.monotonic() - self._well_since >= WELL_SECONDS
        return self._is_told and not self.trouble and is_well

    def _told(self, fault: StoreFault) -> str:
        return (
            f"the shared health board at {self._address.shown} cannot be used: {fault.words}; "
            "calls go on, and this process keeps the marks that it knows and makes to itself "
            "until it is back"
        )
