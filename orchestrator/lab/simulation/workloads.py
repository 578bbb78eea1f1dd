"""Days on which providers fail, drawn from a seed, and what many calls over one came to.

A mix is a day of virtual time over which the calls are spread. The times, shares and
durations are made up to be clear, not measured; each is stated where it stands (2026-11-21).
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Protocol

import attrs

from orchestrator.config.config import Config
from orchestrator.lab.simulation.pump import Answers
from orchestrator.lab.simulation.script_items import CONNECT, CUT, OK, TIMEOUT, Item
from orchestrator.lab.simulation.simulation import Simulation
from orchestrator.ledger import Ledger
from orchestrator.states import Send, Target

DAY = 86_400.0
"""Seconds over which the calls of a mix are spread."""

_HOUR = 3_600.0
_CALM = 0.01
"""The share of answers that fail on a calm day."""

_DOWN = ("503", "502", CONNECT, TIMEOUT)
_WEAK = ("503", "529", "500", TIMEOUT, CUT)


class Mix(enum.StrEnum):
    """The value is what a command line says."""

    OUTAGE = "outage"
    """The first target's provider is down from 11:00 to 13:00: 503, 502, refused or silent."""

    BROWN_OUT = "brown-out"
    """Every provider fails a quarter of its requests all day, some in the middle of the answer,
    and answers in up to 5 s."""

    KEYS = "keys"
    """Every key of the first provider is throttled for half of the hours, each in its own."""

    BILLING = "billing"
    """The first target's provider runs out of money at noon; the top-up comes at 18:00."""


def answers(mix: Mix, route: Sequence[Target], began: float, seed: int = 0) -> Answers:
    """The answers of such a day.

    Args:
        mix: The kind of day.
        route: The targets; the trouble is at the provider of the first, or everywhere.
        began: When the day began, seconds since the epoch.
        seed: Draws everything.
    """
    dice = Random(f"{mix}/{seed}")
    trouble = _TROUBLES[mix](route[0].provider, dice)

    def answer(send: Send, now: float) -> Item:
        item = trouble(send, (now - began) / _HOUR)
        if item is not None:
            return item
        return Item("503" if dice.random() < _CALM else OK, seconds=_seconds(dice))

    return answer


Trouble = Callable[[Send, float], Item | None]
"""``(send, hour of the day)``: what is wrong then; ``None`` where nothing is."""


def _seconds(dice: Random) -> float:
    return 0.3 + dice.random()


def _outage(first: str, dice: Random) -> Trouble:
    def trouble(send: Send, hour: float) -> Item | None:
        down = send.target.provider == first and 11 <= hour % 24 < 13
        return Item(dice.choice(_DOWN), seconds=_seconds(dice)) if down else None

    return trouble


def _brown_out(_first: str, dice: Random) -> Trouble:
    def trouble(_send: Send, _hour: float) -> Item | None:
        weak = dice.random() < 0.25
        return Item(dice.choice(_WEAK) if weak else OK, seconds=0.3 + 4.7 * dice.random())

    return trouble


def _keys(first: str, dice: Random) -> Trouble:
    throttled: dict[tuple[str, int], bool] = {}

    def trouble(send: Send, hour: float) -> Item | None:
        if send.target.provider != first:
            return None
        key = (send.credential, int(hour))
        if not throttled.setdefault(key, dice.random() < 0.5):
            return None
        left = (1 - hour % 1) * _HOUR
        return Item("429", seconds=_seconds(dice), retry_after=round(left))

    return trouble


def _billing(first: str, dice: Random) -> Trouble:
    def trouble(send: Send, hour: float) -> Item | None:
        broke = send.target.provider == first and 12 <= hour % 24 < 18
        return Item("billing", seconds=_seconds(dice)) if broke else None

    return trouble


_TROUBLES: Mapping[Mix, Callable[[str, Random], Trouble]] = {
    Mix.OUTAGE: _outage,
    Mix.BROWN_OUT: _brown_out,
    Mix.KEYS: _keys,
    Mix.BILLING: _billing,
}


@attrs.frozen
class CallFigures:
    """One call in numbers.

    Attributes:
        at: When it began, seconds since the first call of the survey.
        answered: True where the caller got an answer.
        first_try: True where its first attempt, at the route's first target, answered.
        attempts: How many were sent.
        seconds: How long the call took.
        requests: Requests to each provider.
    """

    at: float
    answered: bool
    first_try: bool
    attempts: int
    seconds: float
    requests: Mapping[str, int] = attrs.field(hash=False)

    @property
    def rescued(self) -> bool:
        """True where the call was answered although its first choice was not to be had."""
        return self.answered and not self.first_try


@attrs.frozen
class Survey:
    """Many calls in numbers."""

    calls: tuple[CallFigures, ...]

    @property
    def at_once(self) -> int:
        """Calls that the first attempt at the first target answered."""
        return sum(each.first_try for each in self.calls)

    @property
    def rescued(self) -> int:
        """Calls that were answered although their first choice was not to be had."""
        return sum(each.rescued for each in self.calls)

    @property
    def lost(self) -> int:
        """Calls that failed."""
        return sum(not each.answered for each in self.calls)

    @property
    def rescue_rate(self) -> float | None:
        """The share of the troubled calls that were rescued; ``None`` where none was troubled."""
        troubled = self.rescued + self.lost
        return self.rescued / troubled if troubled else None

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests to each provider."""
        total: Counter[str] = Counter()
        for each in self.calls:
            total.update(each.requests)
        return dict(sorted(total.items()))

    def as_mapping(self) -> dict[str, Any]:
        """The ends of the calls, as values that JSON can say."""
        return {
            "answered_at_once": self.at_once,
            "rescued": self.rescued,
            "lost": self.lost,
            "rescue_rate": self.rescue_rate,
            "requests": self.requests,
        }

    def spread(self, number: str) -> tuple[float, float, float, float]:
        """Mean, median, 95th percentile and most of ``attempts`` or ``seconds``."""
        values = sorted(float(getattr(each, number)) for each in self.calls)
        if not values:
            return (0.0, 0.0, 0.0, 0.0)
        return sum(values) / len(values), _share(values, 0.5), _share(values, 0.95), values[-1]

    def hours(self) -> tuple[Survey, ...]:
        """The calls that began in each hour of the day."""
        found: list[list[CallFigures]] = [[] for _ in range(24)]
        for each in self.calls:
            found[int(each.at // 3600) % 24].append(each)
        return tuple(Survey(tuple(calls)) for calls in found)


def survey(
    config: Config,
    mix: Mix,
    count: int,
    *,
    seed: int = 0,
    route: str | None = None,
    stream: bool = False,
    timeout: float | None = None,
    keep: Callable[[Ledger], None] | None = None,
) -> Survey:
    """Run ``count`` calls, spread over a day of ``mix``, over one health board.

    Args:
        config: The routes, pools and policy.
        mix: The kind of day.
        count: How many calls.
        seed: Draws everything.
        route: The route; ``default`` where nothing is given.
        stream: Whether they are streamed.
        timeout: Their deadline in seconds, in place of the policy's.
        keep: Called with the ledger of each call, in order.

    Raises:
        UnknownRoute: There is no such route or target.
    """
    targets = config.route(route)
    with Simulation(config, answers(mix, targets, 0.0), seed=seed, route=route) as simulation:
        began = simulation.clock.time()
        simulation.answers = answers(mix, targets, began, seed)
        calls = []
        for number in range(count):
            due = began + number * DAY / count
            simulation.clock.advance(due - simulation.clock.time())
            at = simulation.clock.time() - began
            done = simulation.call(stream=stream, timeout=timeout)
            if keep is not None:
                keep(done.ledger)
            sent = done.ledger.attempts
            first = targets[0].name
            calls.append(figures_of(at, sent, first, answered=done.answered, seconds=done.seconds))
    return Survey(tuple(calls))


class CountedAttempt(Protocol):
    """An attempt, as far as it is counted."""

    @property
    def target(self) -> str:
        """Its ``provider/model``."""

    @property
    def provider(self) -> str:
        """Its provider."""


def figures_of(
    at: float, sent: Sequence[CountedAttempt], first: str, *, answered: bool, seconds: float
) -> CallFigures:
    """The numbers of one call whose route begins with the target ``first``."""
    at_once = answered and len(sent) == 1 and sent[0].target == first
    return CallFigures(at, answered, at_once, len(sent), seconds, _requests(sent))


def _requests(sent: Iterable[CountedAttempt]) -> Mapping[str, int]:
    return dict(Counter(attempt.provider for attempt in sent))


def _share(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]
