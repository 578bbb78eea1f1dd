"""Connections that are kept open between two requests."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

MOST = 100
"""Connections that are kept for one origin."""

EXPIRY = 30.0
"""Seconds that one is kept: below the idle time of common load balancers (60 s)."""


class Kept(Protocol):
    """A connection that may be kept."""

    def is_quiet(self) -> bool:
        """True where nothing came and nobody closed it since its last answer."""
        ...

    def drop(self) -> None:
        """Close it at once; never raises."""
        ...


Connection = TypeVar("Connection", bound=Kept)
Item = TypeVar("Item")


class IdleConnections(Generic[Connection]):
    """Kept connections by origin, the one last used on top.

    No lock: each step is one that the interpreter does not divide, so that an interrupt at any
    place leaves nothing half done, and two threads never take the same connection.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[Hashable, list[tuple[float, Connection]]] = {}
        self._swept = 0.0

    def take(self, origin: Hashable) -> Connection | None:
        """A connection to ``origin`` that is quiet; ``None`` where there is none."""
        kept = self._kept.get(origin)
        while kept and (last := _pop(kept)) is not None:
            since, connection = last
            if self._clock() - since < EXPIRY and connection.is_quiet():
                return connection
            connection.drop()
        return None

    def keep(self, origin: Hashable, connection: Connection) -> None:
        """``connection`` has done its work and may do more."""
        now = self._clock()
        kept = self._kept.setdefault(origin, [])
        if len(kept) >= MOST:
            connection.drop()
        else:
            kept.append((now, connection))
            if self._kept.get(origin) is not kept:  # another thread has dropped all of them
                _drop(kept)
        if now - self._swept > EXPIRY:
            self._sweep(now)

    def sweep(self) -> bool:
        """Close what nobody has asked for lately; whether any is left."""
        self._sweep(self._clock())
        return any(self._kept.values())

    def drop(self, origin: Hashable | None = None) -> None:
        """Close those to ``origin``, or all; who is at work goes on."""
        for each in [origin] if origin is not None else list(self._kept):
            _drop(self._kept.pop(each, []))

    def _sweep(self, now: float) -> None:
        """The same, seen from ``now``: the oldest lie below."""
        self._swept = now
        for kept in list(self._kept.values()):
            # Another thread may take one meanwhile: then the first is a younger one, which is
            # only closed too early.
            while (oldest := kept[:1]) and now - oldest[0][0] >= EXPIRY:
                if (first := _pop(kept, 0)) is not None:
                    first[1].drop()


def _drop(kept: list[tuple[float, Connection]]) -> None:
    while (last := _pop(kept)) is not None:
        last[1].drop()


def _pop(kept: list[Item], place: int = -1) -> Item | None:
    """Take one out; ``None`` where another thread has taken the last."""
    try:
        return kept.pop(place)
    except IndexError:
        return None
