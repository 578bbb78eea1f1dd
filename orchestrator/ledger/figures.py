"""Figures of many calls: what became of them, what their attempts took and cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import attrs

from orchestrator.states import State, StoppedBy

_SUCCEED, _CANCELLED = State.SUCCEED.value, StoppedBy.CANCELLED.value


def ending_of(
    outcome: str, stopped_by: str | None, *, attempts: int, first_asked: str, first_of_route: str
) -> str:
    """The name of the count of :class:`CallCounts` that a finished call belongs to.

    Args:
        outcome: Its final state.
        stopped_by: Why it ended where it failed.
        attempts: How many requests were sent.
        first_asked: The target of the first of them; empty where none is known.
        first_of_route: The first target that the call might have asked.
    """
    if outcome == _SUCCEED:
        # What `simulate --random` and `replay` mean by it.
        is_first = attempts == 1 and first_asked in ("", first_of_route)
        return "answered_at_once" if is_first else "rescued"
    return "left" if stopped_by == _CANCELLED else "lost"


def rescue_reason(failures: Iterable[str | None], skipped: Iterable[str]) -> str:
    """What the first choice of a rescued call was not to be had for.

    Args:
        failures: The reasons of its attempts, in order; ``None`` of one that did not fail.
        skipped: The reasons for which targets were passed over, in order.
    """
    return next(filter(None, failures), None) or next(filter(None, skipped), "unknown")


@attrs.define
class TargetFigures:
    """The attempts at one target, or of one target on one day.

    Attributes:
        attempts: Requests that were sent.
        answered: Those that the caller's answer came from.
        seconds: That they took together.
        prompt_tokens, completion_tokens: As the provider counted them, whatever came of it.
        wasted_tokens: Those among both of attempts that failed or were abandoned.
        uncounted: Attempts that may be on the bill and of which the provider told no tokens.
        money: What they cost in US dollars, as far as it is known.
        unpriced: Attempts with tokens whose price is not known.
    """

    attempts: int = 0
    answered: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    wasted_tokens: int = 0
    uncounted: int = 0
    money: Decimal = Decimal(0)
    unpriced: int = 0

    def add(self, other: TargetFigures) -> None:
        """Add another's sums."""
        for field in attrs.fields(TargetFigures):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))


@attrs.define
class CallCounts:
    """What became of calls.

    Attributes:
        calls: All of them.
        answered_at_once: Answered by the first attempt, at the first target of the route.
        rescued: Answered although that was not to be had.
        lost: Failed.
        left: Ended by the caller, who went away.
        unfinished: Of which no end is recorded.
    """

    calls: int = 0
    answered_at_once: int = 0
    rescued: int = 0
    lost: int = 0
    left: int = 0
    unfinished: int = 0


@attrs.define
class Statistics:
    """Many calls, summed.

    Attributes:
        files: Where they were read.
        total: What became of all.
        rescues: How many were rescued, by the reason that their first choice failed for.
        losses: How many were lost, by their cause.
        days: What became of those that began on each day, by local time.
        targets: Their attempts, by target.
        target_days: The same, by day and target.
        since, until: When the first and the last of them began (epoch); ``None`` without any.
        cut_off: Calls whose beginning is in no file, and which are not counted.
        is_priced: True where prices were at hand.
    """

    files: tuple[str, ...] = ()
    total: CallCounts = attrs.field(factory=CallCounts)
    rescues: Counter[str] = attrs.field(factory=Counter)
    losses: Counter[str] = attrs.field(factory=Counter)
    days: dict[date, CallCounts] = attrs.field(factory=dict)
    targets: dict[str, TargetFigures] = attrs.field(factory=dict)
    target_days: dict[tuple[date, str], TargetFigures] = attrs.field(factory=dict)
    since: float | None = None
    until: float | None = None
    cut_off: int = 0
    is_priced: bool = False

    def every_day(self) -> Iterator[tuple[date, CallCounts]]:
        """From the first day to the last, those without a call among them."""
        day, last = min(self.days, default=date.max), max(self.days, default=date.min)
        while day <= last:
            yield day, self.days.get(day, CallCounts())
            day += timedelta(days=1)

    @property
    def attempts(self) -> TargetFigures:
        """The attempts at all targets."""
        return total_of(self.targets.values())

    def attempts_on(self, day: date) -> TargetFigures:
        """The attempts of the calls that began on ``day``."""
        return total_of(sums for (on, _), sums in self.target_days.items() if on == day)


def total_of(figures: Iterable[TargetFigures]) -> TargetFigures:
    """The sums of several."""
    total = TargetFigures()
    for each in figures:
        total.add(each)
    return total


def as_mapping(figures: TargetFigures | CallCounts) -> Mapping[str, Any]:
    """Sums as values that JSON can say; money is a number of US dollars."""
    values: dict[str, Any] = attrs.asdict(figures)
    if "money" in values:
        values["money"] = float(values["money"])
    return values
