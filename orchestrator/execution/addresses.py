"""Which of several addresses of one account can be reached from here.

A gateway in front of a vendor's own endpoints may be blocked by a network or not be
switched on. Config loading opens no connection, so the first attempt asks, in its own time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from orchestrator.http_messages import Address, ConnectionOptions, OutgoingRequest, ResponseHead

PROBE_SECONDS = 3.0
"""How long a probe waits: a host that answers does so within a few round trips, and the call
that asks first must not be held up for longer by one that is silent."""

ANSWER_SECONDS = 3600.0
"""How long an answer holds; a network that was opened or closed since is noticed then."""

BLOCKED = frozenset({403, 407, 502, 503, 504})
"""What a proxy, an access list or a gateway without a workspace says before any login."""


def probe(base_url: str, options: ConnectionOptions) -> OutgoingRequest:
    """A request that asks whether somebody answers at ``base_url``. Sends no credential."""
    return OutgoingRequest("GET", Address.parse(base_url), options=options)


def is_service(head: ResponseHead) -> bool:
    """True where what answered a probe is no block.

    Any other answer, a 401 and a 404 too, comes from the service itself.
    """
    return head.status not in BLOCKED


@attrs.define
class Addresses:
    """What the probes of all calls found. Safe under threads.

    Args:
        clock: Monotonic seconds.
    """

    _clock: Callable[[], float]
    _found: dict[str, tuple[bool, float]] = attrs.field(factory=dict)

    def is_reachable(self, base_url: str) -> bool | None:
        """What was found in the last hour; ``None`` where nobody asked."""
        found, at = self._found.get(base_url, (None, 0.0))
        return found if self._clock() - at < ANSWER_SECONDS else None

    def chosen(self, base_urls: Sequence[str]) -> str:
        """The one that is asked, by what is known: the first that was reached, else the last."""
        return next((url for url in base_urls[:-1] if self.is_reachable(url)), base_urls[-1])

    def remember(self, base_url: str, *, is_reachable: bool) -> None:
        """A probe found out."""
        self._found[base_url] = is_reachable, self._clock()
