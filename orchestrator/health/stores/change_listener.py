"""Listener of a shared store: the thread that is told what other processes have changed."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable

from orchestrator.health.stores.redis_address import RedisAddress
from orchestrator.health.stores.redis_faults import StoreFault, explain
from orchestrator.health.stores.redis_link import ChangeChannel

logger = logging.getLogger("orchestrator")

AGAIN_SECONDS = 0.5
"""After the channel was lost, until it is opened again; meanwhile the committer asks by itself."""


class ChangeListener:
    """Calls back when something was changed, until it is closed.

    Args:
        address: Of the server.
        notice: What is called with what was announced, by the listener's thread; with nothing
            where something may have been missed.

    Attributes:
        is_subscribed: Whether it would hear of a change now.
    """

    def __init__(self, address: RedisAddress, notice: Callable[[str], None]) -> None:
        self._address, self._notice = address, notice
        self._ends = threading.Event()
        self._channel: ChangeChannel | None = None
        self._is_told = False
        self.is_subscribed = False

    def start(self) -> None:
        """Begin to listen."""
        thread = threading.Thread(target=self._run, name="health news", daemon=True)
        with contextlib.suppress(RuntimeError):  # the interpreter ends already
            thread.start()

    def close(self) -> None:
        """End; nobody waits for that."""
        self._ends.set()
        if self._channel is not None:
            with contextlib.suppress(Exception):
                self._channel.close()

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the thread
                self._tell(explain(error, self._address))
            self.is_subscribed = False
            if not self._ends.is_set():
                self._notice("")  # from now on it has to ask by itself
                self._ends.wait(AGAIN_SECONDS)

    def _tell(self, fault: StoreFault) -> None:
        # Of a server that is away the committer tells; that it may not listen only we learn.
        if fault.is_lasting and not self._is_told and not self._ends.is_set():
            self._is_told = True
            logger.warning(
                "the shared health board at %s tells this process of no changes: %s; it is asked "
                "for them 40 times a second",
                *(self._address.shown, fault.words),
            )

    def _listen(self) -> None:
        self._channel = ChangeChannel(self._address)
        try:
            self._channel.open()
            self.is_subscribed = True
            self._notice("")  # of what was changed before
            while not self._ends.is_set():
                if announced := self._channel.wait():
                    self._notice(announced)
        finally:
            self._channel.close()
