"""What many calls came to: how many were rescued, at what cost, and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import attrs

from orchestrator.config.config import Config
from orchestrator.lab.simulation.mixes import DAY, Mix, answers
from orchestrator.lab.simulation.simulation import Simulation
from orchestrator.ledger import Ledger


@attrs.frozen
class Tally:
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

    tallies: tuple[Tally, ...]

    @property
    def at_once(self) -> int:
        """Calls that the first attempt at the first target answered."""
        return sum(each.first_try for each in self.tallies)

    @property
    def rescued(self) -> int:
        """Calls that were answered although their first choice was not to be had."""
        return sum(each.rescued for each in self.tallies)

    @property
    def lost(self) -> int:
        """Calls that failed."""
        return sum(not each.answered for each in self.tallies)

    @property
    def rescue_rate(self) -> float | None:
        """The share of the troubled calls that were rescued; ``None`` where none was troubled."""
        troubled = self.rescued + self.lost
        return self.rescued / troubled if troubled else None

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests to each provider."""
        total: Counter[str] = Counter()
        for each in self.tallies:
            total.update(each.requests)
        return dict(sorted(total.items()))

    def of(self, number: str) -> tuple[float, float, float, float]:
        """Mean, median, 95th percentile and most of ``attempts`` or ``seconds``."""
        values = sorted(float(getattr(each, number)) for each in self.tallies)
        if not values:
            return (0.0, 0.0, 0.0, 0.0)
        return sum(values) / len(values), _share(values, 0.5), _share(values, 0.95), values[-1]

    def hours(self) -> tuple[Survey, ...]:
        """The calls that began in each hour of the day."""
        found: list[list[Tally]] = [[] for _ in range(24)]
        for each in self.tallies:
            found[int(each.at // 3600) % 24].append(each)
        return tuple(Survey(tuple(tallies)) for tallies in found)


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
        simulation.transport.answers = answers(mix, targets, began, seed)
        tallies = []
        for number in range(count):
            due = began + number * DAY / count
            simulation.clock.advance(due - simulation.clock.time())
            at = simulation.clock.time() - began
            done = simulation.call(stream=stream, timeout=timeout)
            if keep is not None:
                keep(done.ledger)
            sent = done.ledger.attempts
            first = targets[0].name
            tallies.append(tally(at, sent, first, answered=done.answered, seconds=done.seconds))
    return Survey(tuple(tallies))


class Asked(Protocol):
    """An attempt, as far as it is counted."""

    @property
    def target(self) -> str:
        """Its ``provider/model``."""

    @property
    def provider(self) -> str:
        """Its provider."""


def tally(at: float, sent: Sequence[Asked], first: str, *, answered: bool, seconds: float) -> Tally:
    """The numbers of one call whose route begins with the target ``first``."""
    at_once = answered and len(sent) == 1 and sent[0].target == first
    return Tally(at, answered, at_once, len(sent), seconds, _requests(sent))


def _requests(sent: Iterable[Asked]) -> Mapping[str, int]:
    return dict(Counter(attempt.provider for attempt in sent))


def _share(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]
