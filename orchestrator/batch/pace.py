"""How many lines at once a provider takes: found by trying, and told by what it says.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681), with what CUBIC adds
(RFC 9438, section 4): near the limit at which a provider last refused it stays for long, since a
limit that saws between half and whole of what there is leaves a quarter of it unused.

Pure: it is told the time, and decides nothing but a number.
"""

from __future__ import annotations

import attrs

FIRST = 16
"""Lines at once to begin with: half of what the lowest tier of the large vendors takes a second."""

MOST = 128
"""Lines at once that are ever tried: where the engine, not a provider, is what is waited for."""

_FIRST_CUT = 0.5
_CUT = 0.85
_NEAR = 0.95
"""The part of the limit that was refused up to which it goes back quickly."""

_QUICK, _SLOW = 2.0, 0.2
"""What a whole round of answers adds to the limit, far from what was refused and near it."""

_MEMORY = 60.0
"""Seconds after which a refusal says no more about how much is taken: windows are of a minute."""


@attrs.define
class Pace:
    """The limit of one provider.

    Attributes:
        limit: Lines at once, as a fraction; at least 1.
        most: What it never passes.
        refused_at: The limit at which the provider refused last; ``None`` where it has not of late.
        cut_at: When the limit was last cut.
        held_until: No line begins before, since no request is left of the provider's window.
        left: How many lines may still begin before ``held_until``; ``None`` where none is counted.
    """

    limit: float = float(FIRST)
    most: int = MOST
    refused_at: float | None = None
    cut_at: float = float("-inf")
    held_until: float = float("-inf")
    left: int | None = None

    def has_room(self, running: int, now: float) -> bool:
        """Whether one more line may begin beside those that run."""
        if self.left is not None and now >= self.held_until:
            self.left = None
        return running < int(self.limit) and self.left != 0

    def begin(self) -> None:
        """A line begins."""
        if self.left is not None:
            self.left -= 1

    def seconds_held(self, now: float) -> float:
        """Seconds until lines may begin again; 0 where it is the limit that they wait for."""
        return max(0.0, self.held_until - now) if self.left == 0 else 0.0

    def answered(self, running: int, now: float) -> None:
        """A request was answered, with ``running`` lines at once."""
        if running < int(self.limit) - 1:
            return  # the limit was not what held it, so that the answer says nothing about it
        if self.refused_at is not None and now - self.cut_at > _MEMORY:
            self.refused_at = None
        if self.refused_at is None:
            gain = 1.0 if self.cut_at == float("-inf") else _QUICK / self.limit
        else:
            is_near = self.limit >= _NEAR * self.refused_at
            gain = (_SLOW if is_near else _QUICK) / self.limit
        self.limit = min(float(self.most), self.limit + gain)

    def refused(self, sent_at: float, now: float) -> None:
        """A request that was sent at ``sent_at`` was refused for there being too many (429)."""
        # Those that were under way when the limit was cut say nothing about the new one.
        if sent_at < self.cut_at:
            return
        part = _FIRST_CUT if self.cut_at == float("-inf") else _CUT
        self.refused_at, self.cut_at = self.limit, now
        self.limit = max(1.0, self.limit * part)

    def told_left(self, left: int, seconds: float, now: float) -> None:
        """The provider's headers say that ``left`` requests are left of ``seconds``."""
        self.left, self.held_until = max(0, left), now + seconds


def fixed(count: int) -> Pace:
    """A limit that somebody has chosen, which nothing changes."""
    return _Fixed(limit=float(count), most=count)


@attrs.define
class _Fixed(Pace):
    """A limit by hand."""

    def answered(self, running: int, now: float) -> None:
        """See :class:`Pace`."""

    def refused(self, sent_at: float, now: float) -> None:
        """See :class:`Pace`."""

    def told_left(self, left: int, seconds: float, now: float) -> None:
        """See :class:`Pace`."""
