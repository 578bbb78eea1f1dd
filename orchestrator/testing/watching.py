"""Every call that a test makes, whoever makes it, held against the invariants."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from orchestrator.ledger import Ledger, watch


class Watched:
    """Takes note of each call of this process that ends, from :meth:`start` to :meth:`stop`."""

    def __init__(self) -> None:
        self._ended: deque[Ledger] = deque()
        self._stop: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._stop = watch(self._ended.append)

    def stop(self) -> None:
        """Watch no longer; what has not been checked is forgotten."""
        if self._stop is not None:
            self._stop()
        self._ended.clear()

    def check(self) -> None:
        """Assert the invariants of the calls that ended since the last time.

        Raises:
            AssertionError: A call broke one, or is not the same when it is replayed.
        """
        __tracebackhide__ = True
        if not self._ended:
            return
        from orchestrator.testing.invariants import assert_invariants

        while self._ended:  # threads may go on adding to it
            assert_invariants(self._ended.popleft())
