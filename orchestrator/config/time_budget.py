"""What a route's deadline leaves each target where nobody answers, as calls share it out."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

import attrs

from orchestrator.states.facts import Target
from orchestrator.states.limits import (
    FIRST_TOKEN_ALONE,
    FIRST_TOKEN_WITH_OTHERS,
    LARGEST_SHARE,
    STREAMED_NEEDS,
    WHOLE_NEEDS,
)
from orchestrator.states.policy import OnInterrupted, Policy


@attrs.frozen
class Share:
    """The time of one target.

    Attributes:
        target: The target.
        seconds: What an attempt there has, where all before it used up theirs.
        needs: What an attempt there needs: until its whole answer, or its first content.
    """

    target: Target
    seconds: float
    needs: float


def shares(route: Sequence[Target], policy: Policy) -> tuple[Share, ...]:
    """The time of each target of ``route`` where every one is silent, callers not streaming."""
    left, found = policy.deadline, []
    for place, target in enumerate(route):
        kept = min(sum(_needs(each, policy) for each in route[place + 1 :]), left * LARGEST_SHARE)
        limit = _limit(target, policy, others=place + 1 < len(route))
        given = min(limit, left - kept)
        found.append(Share(target, given, min(limit, _needs(target, policy))))
        left -= given
    return tuple(found)


def shortages(route: Sequence[Target], policy: Policy) -> tuple[Share, ...]:
    """The targets that have less than they need."""
    return tuple(one for one in shares(route, policy) if one.seconds < one.needs)


def enough(route: Sequence[Target], policy: Policy) -> int:
    """The shortest deadline, in whole tens of seconds, that leaves each target what it needs."""
    limits = sum(
        _limit(target, policy, others=place + 1 < len(route)) for place, target in enumerate(route)
    )
    # Twice all limits is enough for sure: then none of them is shortened.
    tens = range(1, 1 + math.ceil(limits / LARGEST_SHARE / 10))
    place = bisect.bisect_left(tens, True, key=lambda ten: _is_enough(route, policy, 10 * ten))
    return 10 * (place + 1)


def _is_enough(route: Sequence[Target], policy: Policy, deadline: float) -> bool:
    return not shortages(route, attrs.evolve(policy, deadline=deadline))


def _needs(target: Target, policy: Policy) -> float:
    return STREAMED_NEEDS if _streams(target, policy) else WHOLE_NEEDS


def _limit(target: Target, policy: Policy, *, others: bool) -> float:
    if not _streams(target, policy):
        return target.timeouts.total
    patient = target.reasoning or not others
    usual = FIRST_TOKEN_ALONE if patient else FIRST_TOKEN_WITH_OTHERS
    return usual if target.timeouts.first_token is None else target.timeouts.first_token


def _streams(target: Target, policy: Policy) -> bool:
    """Whether silence is noticed at the first content although the caller does not stream."""
    return target.stream is True and policy.on_interrupted is not OnInterrupted.HOLD
