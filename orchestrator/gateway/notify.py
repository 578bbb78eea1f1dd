"""Notifications to systemd (``sd_notify(3)``): ready, reloading, stopping, alive.

Each is one datagram to the socket that ``$NOTIFY_SOCKET`` names; without it nothing is sent.
During a restart the process that is the unit's main one speaks, and no other: the old process
names its successor (:meth:`Notifier.main_pid`) and is silent from then on.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

from orchestrator.clock import Clock, SystemClock

_PATIENCE = 0.01
"""Seconds that a datagram waits where systemd's queue is full: the event loop waits with it."""

_log = logging.getLogger("orchestrator")


class Notifier:
    """Tells systemd what this process does.

    Args:
        address: The socket's path, or its abstract name after an ``@``; empty to tell nobody.
        watchdog: Seconds within which systemd wants a sign of life; ``None`` where it wants none.
        clock: What reloads are told the time of; the machine's own unless given.
    """

    def __init__(
        self, address: str = "", watchdog: float | None = None, clock: Clock | None = None
    ) -> None:
        self._address = address
        self._watchdog = watchdog
        self._clock = SystemClock() if clock is None else clock
        self._is_main = True
        self._is_reported = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> Notifier:
        """The notifier that systemd has set up for this process.

        Args:
            environ: The environment; the process's own unless given.
        """
        environ = os.environ if environ is None else environ
        return cls(environ.get("NOTIFY_SOCKET", ""), _watchdog(environ))

    @property
    def interval(self) -> float | None:
        """Seconds from one sign of life to the next; ``None`` where none is wanted."""
        # Half of it, as sd_watchdog_enabled(3) recommends.
        return self._watchdog / 2 if self._watchdog is not None and self._address else None

    def ready(self, status: str = "") -> None:
        """It serves; also the end of a reload."""
        self._send("READY=1", status)

    def reloading(self, status: str = "") -> None:
        """It reads its config anew, until :meth:`ready`."""
        # sd_notify(3): in microseconds of CLOCK_MONOTONIC.
        self._send(f"RELOADING=1\nMONOTONIC_USEC={round(self._clock.monotonic() * 1e6)}", status)

    def stopping(self, status: str = "") -> None:
        """It ends, and nobody takes over."""
        self._send("STOPPING=1", status)

    def main_pid(self, pid: int) -> None:
        """The process ``pid`` is the unit's main one from now on, and this one is silent."""
        self._send(f"MAINPID={pid}")
        self._is_main = False

    async def keep_alive(self) -> None:
        """Give signs of life for as long as they are wanted; cancel it to end them.

        A loop that stands still gives none, which is what the watchdog is for.
        """
        while (interval := self.interval) is not None and self._is_main:
            self._send("WATCHDOG=1")
            await self._clock.sleep_async(interval)

    def _send(self, message: str, status: str = "") -> None:
        if not (self._address and self._is_main):
            return
        text = f"{message}\nSTATUS={' '.join(status.split())}" if status else message
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.settimeout(_PATIENCE)
                channel.sendto(text.encode(), address)
        except OSError as error:
            self._report(error)

    def _report(self, error: OSError) -> None:
        """Say once that systemd is not heard by: the gateway serves all the same."""
        if not self._is_reported:
            self._is_reported = True
            words = error.strerror or type(error).__name__
            _log.warning("$NOTIFY_SOCKET (%s): systemd cannot be told: %s", self._address, words)


def _watchdog(environ: Mapping[str, str]) -> float | None:
    """The watchdog's seconds, where it is this process that must give signs of life."""
    try:
        seconds = int(environ.get("WATCHDOG_USEC", "")) / 1e6
        pid = int(environ.get("WATCHDOG_PID", os.getpid()))
    except ValueError:
        return None
    return seconds if seconds > 0 and pid == os.getpid() else None
