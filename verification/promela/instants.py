"""Instants and lengths that stand for *soon*, *late* and *never*, and when an event may come.

The machine is asked at three instants: as early as can be, in the midst of the call, and as
late as the lengths still are what the model says. Written again here, from docs/machine.md: the
backoff, and what is kept back for others.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestrator.lab.verify import Setting
from orchestrator.states.reasons import Move, Reason
from verification.promela.numbers import FIRST_BACKOFF, LONGEST_BACKOFF, SHARE, needed
from verification.promela.worlds import LATE, NEVER, SOON

SPREADS = (0.0, 0.7, 0.999999)
"""What is drawn in [0, 1), at the three instants, for the spread of a wait that others share."""

_JUST = 1e-6
"""The part of a length by which something is just above or just below it."""


@attrs.frozen
class Lengths:
    """What the model says of one failure.

    Attributes:
        pause: How long the backoff is.
        opens: When the call's own target opens; ``None`` where it is open.
        retry_after: What the answer asked for.
        tries: The tries so far, which the backoff grows with.
        others: How many targets time is kept back for.
    """

    pause: int
    opens: int | None
    retry_after: int
    tries: int
    others: int


@attrs.frozen
class Moment:
    """When an event comes, in seconds since the call's start, and how long everything is.

    Attributes:
        at: The instant.
        limit: When the call's time is over.
        ranks: The instants that ranks stand for; the last is too late.
        opens: When the call's own target opens; ``None`` where that is too late or never.
        jitter: What was drawn for the backoff, in [0, 1).
        retry_after: Seconds that the answer asked for.
        back: The first backoff with that jitter, seconds.
        spread: What is drawn for the spread of a wait, in [0, 1).
    """

    at: float
    limit: float
    ranks: tuple[float, ...]
    opens: float | None = None
    jitter: float = 0.0
    retry_after: float | None = None
    back: float = 0.0
    spread: float = 0.0

    def drawn(self, until: float) -> float:
        """The latest end of a wait for what clears at an instant: a part is drawn on top of it.

        At most half as long again, at most 15 s, and at most half of what is left of the call.
        """
        wait = until - self.at
        return until + self.spread * max(0.0, min(wait / 2, 15.0, (self.limit - until) / 2))


@attrs.frozen
class _Chosen:
    """Seconds; ``None`` for never, and for what is not asked."""

    pause: float
    opens: float | None
    retry_after: float | None

    @property
    def longest(self) -> float:
        return max(self.pause, self.opens or 0.0, self.retry_after or 0.0)


class Moments:
    """The moments of one setting."""

    def __init__(self, setting: Setting) -> None:
        self._policy, self._route = setting.policy, setting.route
        self._stream = setting.stream_limit
        falls_back = Move.FALLBACK in setting.policy.moves(Reason.TIMEOUT, first_target=True)
        self._needed = needed(setting) if falls_back else 0.0

    def limit(self, *, committed: bool) -> float:
        """When the call's time is over."""
        return self._stream if committed else self._policy.deadline

    def later(self, *, committed: bool) -> float:
        """A length just past the patience."""
        patience, limit = self._policy.patience, self.limit(committed=committed)
        return patience + abs(limit - patience) * _JUST

    def any(self, *, committed: bool) -> Iterator[Moment]:
        """For an event that comes whenever it likes."""
        limit = self.limit(committed=committed)
        for at in (0.0, limit / 2, limit * 2):
            yield Moment(at, limit, ())

    def arrival(self, targets: int, *, committed: bool, spent: bool) -> Iterator[Moment]:
        """For an arrival with so many ranks, within the call's time or after it."""
        limit = self.limit(committed=committed)
        instants = _spent(limit) if spent else (0.0, limit / 2, limit * (1 - _JUST))
        for at, drawn in zip(instants, SPREADS, strict=True):
            left = max(0.0, limit - at)
            within = (at + left * rank / targets for rank in range(targets))
            yield Moment(at, limit, (*within, max(at, limit)), spread=drawn)

    def failure(self, lengths: Lengths, *, committed: bool, spent: bool) -> Iterator[Moment]:
        """For a failure whose lengths these are."""
        limit = self.limit(committed=committed)
        if spent:
            moments = iter([
                Moment(at, limit, self._two(at, max(at, limit), 0.0), None, 0.5, limit, 0.25)
                for at in _spent(limit)
            ])  # fmt: skip
        elif lengths.pause == NEVER:
            moments = self._too_late(lengths, limit, committed=committed)
        else:
            moments = self._in_time(lengths, limit, committed=committed)
        for moment, drawn in zip(moments, SPREADS, strict=True):
            yield attrs.evolve(moment, spread=drawn)

    def _two(self, at: float, limit: float, share: float) -> tuple[float, ...]:
        """After a failure the model only says whether a target can be sent to in time."""
        within = at if share in (0.0, 1.0) else (at + limit) / 2
        return (*(within for _ in self._route), limit)

    def _too_late(self, lengths: Lengths, limit: float, *, committed: bool) -> Iterator[Moment]:
        """So late that no backoff fits, but perhaps the first one of a way back."""
        jitter = 1 - _JUST
        pause, back = _backoff(lengths.tries, jitter), _backoff(1, jitter)
        least = back if lengths.tries > 1 and back < limit else 0.0
        most = min(pause, limit) * (1 - _JUST)
        opens = None if lengths.opens in (None, NEVER) else self._length(lengths.opens, committed)
        asked = self._length(lengths.retry_after, committed)
        for share in (1.0, 0.5, _JUST):
            at = limit - (least + (most - least) * share)
            yield Moment(
                at, limit, self._two(at, limit, share), None if opens is None else at + opens,
                jitter, limit if asked is None else asked, back,
            )  # fmt: skip

    def _length(self, period: int | None, committed: bool) -> float | None:  # noqa: FBT001
        return {SOON: 0.0, LATE: self.later(committed=committed)}.get(period or 0)

    def _in_time(self, lengths: Lengths, limit: float, *, committed: bool) -> Iterator[Moment]:
        needs = 0.0 if committed else self._needed * lengths.others
        shortest = self._shortest(lengths, limit, committed=committed)
        longer = self._longer(lengths, shortest)
        if _fits(longer, limit, needs) != _fits(shortest, limit, needs):
            longer = shortest
        for chosen, share in ((shortest, 0.0), (longer, 0.5), (shortest, 1.0)):
            beside = _fits(chosen, limit, needs)[1]
            at = _latest(chosen.longest, limit, needs if beside else 0.0) * share
            jitter = max(0.0, 2 * (1 - chosen.pause / _full(lengths.tries)))
            asked = limit if lengths.retry_after == NEVER else chosen.retry_after
            yield Moment(
                at, limit, self._two(at, limit, share),
                None if chosen.opens is None else at + chosen.opens,
                jitter, asked, _backoff(1, jitter),
            )  # fmt: skip

    def _shortest(self, lengths: Lengths, limit: float, *, committed: bool) -> _Chosen:
        full, patience = _full(lengths.tries), self._policy.patience
        pause = _backoff(lengths.tries, 1 - _JUST)
        if lengths.pause == LATE:
            pause = max(pause, patience + (min(full, limit) - patience) * _JUST)
        later = self.later(committed=committed)
        return _Chosen(
            pause,
            {SOON: 0.0, LATE: later}.get(-1 if lengths.opens is None else lengths.opens),
            {LATE: later}.get(lengths.retry_after),
        )

    def _longer(self, lengths: Lengths, shortest: _Chosen) -> _Chosen:
        """Longer ones of the same kind, where the jitter draws no luck."""
        full, patience = _full(lengths.tries), self._policy.patience
        pause = full if lengths.pause == LATE else min(full, patience * (1 - 1e-9))
        soon = min(patience, pause)
        return _Chosen(
            pause,
            # What is drawn on top of it leaves it within the patience.
            soon / 2 if shortest.opens == 0.0 else shortest.opens,
            soon if lengths.retry_after == SOON else shortest.retry_after,
        )


def _fits(chosen: _Chosen, limit: float, needs: float) -> tuple[bool, bool]:
    """Whether everything ends in time, and beside what others need, if the call just began."""
    return chosen.longest < limit, chosen.longest < limit - min(needs, limit * SHARE)


def _latest(longest: float, limit: float, needs: float) -> float:
    """The latest instant from which so long a wait ends in time, beside what others need."""
    left = min(longest + needs, longest / (1 - SHARE)) if needs else longest
    return max(0.0, limit - left * (1 + _JUST) - limit * 1e-12)


def _spent(limit: float) -> tuple[float, ...]:
    return limit, limit * 1.5, limit * 2 + 1


def _full(tries: int) -> float:
    """The longest backoff, seconds; see docs/machine.md."""
    return min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(max(tries, 1) - 1, 60))


def _backoff(tries: int, jitter: float) -> float:
    return _full(tries) * (1 - jitter / 2)
