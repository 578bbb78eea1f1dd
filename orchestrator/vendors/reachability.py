"""Which of several addresses of one account can be reached from here, asked once.

A gateway in front of a vendor's own endpoints may be blocked by a network or not be
switched on. Config loading opens no connection, so this is asked before the first send.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import httpx

PROBE_SECONDS = 3.0
"""How long a probe waits: a host that answers does so within a few round trips, and the call
that asks first must not be held up for longer by one that is silent."""

ANSWER_SECONDS = 3600.0
"""How long an answer holds; a network that was opened or closed since is noticed then."""

BLOCKED = frozenset({403, 407, 502, 503, 504})
"""What a proxy, an access list or a gateway without a workspace says before any login."""


def reachable(base_url: str, transport: httpx.BaseTransport) -> bool:
    """Whether something that is no block answers at ``base_url``. Sends no credential.

    Any other answer, a 401 and a 404 too, comes from the service itself.

    Args:
        base_url: An address below which a dialect's paths lie.
        transport: What the calls are sent with, so that proxies and certificates hold.
    """
    limits = dict.fromkeys(("connect", "read", "write", "pool"), PROBE_SECONDS)
    request = httpx.Request("GET", base_url, extensions={"timeout": limits})
    try:
        response = transport.handle_request(request)
        response.close()
    except httpx.TransportError:
        return False
    return response.status_code not in BLOCKED


class Reachability:
    """Chooses among addresses, and remembers what it found. Safe under threads.

    Args:
        probe: Whether an address can be reached; may take seconds.
        clock: Monotonic seconds.
    """

    def __init__(
        self, probe: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._probe = probe
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, tuple[bool, float]] = {}

    def choose(self, base_urls: Sequence[str]) -> str:
        """The first that can be reached, else the last, which is never probed.

        It may block for :data:`PROBE_SECONDS` for each address the first time: an event loop
        asks in a thread.

        Raises:
            ValueError: There is no address.
        """
        if not base_urls:
            raise ValueError("no address to choose from")
        for base_url in base_urls[:-1]:
            if self._is_reachable(base_url):
                return base_url
        return base_urls[-1]

    def is_known(self, base_urls: Sequence[str]) -> bool:
        """Whether :meth:`choose` can answer now without asking anybody."""
        for base_url in base_urls[:-1]:
            found = self._remembered(base_url)
            if found is None:
                return False
            if found:
                return True
        return True

    def _is_reachable(self, base_url: str) -> bool:
        with self._lock:  # of calls that begin together, one asks
            found = self._remembered(base_url)
            if found is None:
                found = self._probe(base_url)
                self._found[base_url] = found, self._clock()
            return found

    def _remembered(self, base_url: str) -> bool | None:
        found, at = self._found.get(base_url, (None, 0.0))
        return found if self._clock() - at < ANSWER_SECONDS else None
