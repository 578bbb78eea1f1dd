"""A call whose own ``timeout`` is shorter than an attempt may take: who has how much of it.

In a config, one attempt's limits must fit in the deadline. A caller's ``timeout`` may be
anything; where the first target's limits do not fit in it, a server that hangs would use the
whole call, and a healthy fallback would never be asked. So the call's time is divided by the
targets that stand by, and each but the last of them has its share. The last one has all that
is left, and so has every target whose fallbacks are out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from states import Target
from states.attempt import FIRST_TOKEN_WITH_OTHERS


@attrs.frozen
class Shared:
    """A route for one call.

    Attributes:
        route: The targets, those with a share limited to it.
        shares: Seconds, by the name of each target that was limited.
    """

    route: tuple[Target, ...]
    shares: dict[str, float] = attrs.field(factory=dict)


def shared(
    route: Sequence[Target], standing: Collection[str], timeout: float, *, reasoning: bool
) -> Shared:
    """``route``, with limits that leave each target that stands by its turn.

    Args:
        route: The targets in order.
        standing: Names of those that could be sent to now.
        timeout: The call's own deadline in seconds.
        reasoning: True where the request asks the model to think before it speaks.
    """
    turns = [target.name for target in route if target.name in standing]
    turns = turns or [target.name for target in route]
    last = max(index for index, target in enumerate(route) if target.name == turns[-1])
    share = timeout / len(turns)
    limited = {
        target.name: share
        for target in route[:last]
        if len(turns) > 1 and longest(target) > timeout
    }
    targets = (
        _limited(target, share, thinks=reasoning or target.reasoning)
        if target.name in limited
        else target
        for target in route
    )
    return Shared(tuple(targets), limited)


def longest(target: Target) -> float:
    """Seconds that one attempt at ``target`` may take until it has brought something."""
    limits = target.timeouts
    return limits.connect + max(limits.total, limits.first_token or 0.0)


def _limited(target: Target, share: float, *, thinks: bool) -> Target:
    limits = target.timeouts
    first = limits.first_token
    if first is not None:
        first = min(first, share)
    elif thinks or share < FIRST_TOKEN_WITH_OTHERS:
        # Else "auto" is shorter than the share already.
        first = share
    return attrs.evolve(
        target,
        timeouts=attrs.evolve(
            limits,
            connect=min(limits.connect, share),
            first_token=first,
            total=min(limits.total, share),
        ),
    )
