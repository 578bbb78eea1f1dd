"""Models of providers that many calls ask at once: what they answer, when, and under which load."""

from __future__ import annotations

from random import Random

import attrs

from orchestrator.lab.simulation.script_items import OK, Item

_SHED = "503"
_LIMITED = "429"


@attrs.frozen
class ProviderPhase:
    """A time in which a provider fails.

    Attributes:
        since, until: From when to when, seconds since the fleet began.
        word: What each request meets, as an item of a script says it: ``402``, ``503``,
            ``connect``, ``timeout``, ...
        share: The share of the requests that meet it; the others are answered.
        seconds: Until that is here.
        retry_after: What the answer asks to wait, in seconds.
    """

    since: float
    until: float
    word: str
    share: float = 1.0
    seconds: float = 0.3
    retry_after: float | None = None


@attrs.frozen
class PlannedProvider:
    """What a provider is like.

    Attributes:
        seconds: The least and the most that an answer takes, without load.
        phases: When it fails; of those that overlap, the first holds.
        slots: Requests that it works on at a time; ``None`` for any number. Further ones wait.
        queue: Seconds that a request may have to wait for its turn; one that would wait longer
            is shed, with a 503.
        shed_cost: The share of a request's work that it takes to shed one: what makes a
            provider answer less the more it is asked.
        per_second: Requests a second above which it answers with 429; ``None`` for any number.
    """

    seconds: tuple[float, float] = (0.3, 1.3)
    phases: tuple[ProviderPhase, ...] = ()
    slots: int | None = None
    queue: float = 1.0
    shed_cost: float = 0.0
    per_second: float | None = None


class SimulatedProvider:
    """A provider under way. Whatever comes of a request is known when it arrives.

    Args:
        planned: What it is like.
        dice: Draws what it answers.
    """

    def __init__(self, planned: PlannedProvider, dice: Random) -> None:
        self._planned, self._dice = planned, dice
        self._work = 0.0
        self._tokens = planned.per_second or 0.0
        self._at = 0.0

    def answer(self, now: float) -> Item:
        """What a request meets that arrives at ``now``."""
        planned, dice = self._planned, self._dice
        self._pass_time(now)
        for phase in planned.phases:
            if phase.since <= now < phase.until and dice.random() < phase.share:
                return Item(phase.word, seconds=phase.seconds, retry_after=phase.retry_after)
        if planned.per_second is not None:
            if self._tokens < 1:
                return Item(_LIMITED, seconds=0.05, retry_after=1)
            self._tokens -= 1
        least, most = planned.seconds
        needs = least + (most - least) * dice.random()
        return Item(OK, seconds=needs) if planned.slots is None else self._queue_up(needs)

    def _pass_time(self, now: float) -> None:
        passed, self._at = now - self._at, now
        if self._planned.slots is not None:
            self._work = max(0.0, self._work - passed * self._planned.slots)
        if (limit := self._planned.per_second) is not None:
            self._tokens = min(limit, self._tokens + passed * limit)

    def _queue_up(self, needs: float) -> Item:
        planned = self._planned
        wait = self._work / (planned.slots or 1)
        if wait > planned.queue:
            self._work += planned.shed_cost * needs
            return Item(_SHED, seconds=0.05)
        # Also where the caller leaves before it is done: the provider does not know.
        self._work += needs
        return Item(OK, seconds=wait + needs)
