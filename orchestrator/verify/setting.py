"""What is checked: a route, its pools and a policy, with the reasons that behave alike merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from orchestrator.verify.choices import Instants
from states.error import Error
from states.policy import Policy
from states.reasons import Reason
from states.target import Target

SINGULAR = frozenset(
    {Reason.BILLING, Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.TIMEOUT, Reason.UNKNOWN}
)
"""Reasons that guards and effects call by name; never merged with another."""

TOO_LARGE = frozenset({Reason.CONTEXT_OVERFLOW, Reason.PAYLOAD_TOO_LARGE})
"""Reasons that count only where a target's context is known."""

DIAGNOSED = tuple(reason for reason in Reason if reason not in (Reason.CANCELLED, Reason.DEADLINE))
"""Reasons that a diagnosis can have; the two others are the machine's own."""


@attrs.frozen
class ReasonClass:
    """Reasons between which this policy makes no difference.

    Attributes:
        reasons: The members; the first stands for all.
        repair: The number of the repair that the error names, 0 for none.
    """

    reasons: tuple[Reason, ...]
    repair: int = 0

    @property
    def name(self) -> str:
        """What sequences call it."""
        named = f"+repair{self.repair if self.repair > 1 else ''}" if self.repair else ""
        return f"{self.reasons[0]}{named}"


@attrs.frozen
class Setting:
    """One route under one policy.

    Attributes:
        route: The targets in order.
        pool: How many credentials each provider has.
        policy: What a call may do.
        streamed: True where calls may be streamed.
        name: The route's name.
        repairs: How many different repairs of a request are tried at one target at most. Each
            that is needed besides is one attempt more, up to ``policy.max_attempts``.
        diagnosed: The reasons that errors can have; every one unless less is asked for.
    """

    route: tuple[Target, ...]
    pool: Mapping[str, int] = attrs.field(hash=False)
    policy: Policy = attrs.field(factory=Policy)
    streamed: bool = True
    name: str = "default"
    repairs: int = 1
    diagnosed: tuple[Reason, ...] = DIAGNOSED

    @property
    def credentials(self) -> tuple[int, ...]:
        """How many credentials each target of the route can be sent with."""
        return tuple(max(1, self.pool.get(target.provider, 1)) for target in self.route)

    def instants(self, *, committed: bool) -> Instants:
        """The representative instants of this policy, before and after the commit boundary."""
        limit, patience = (
            self.stream_limit if committed else self.policy.deadline,
            self.policy.patience,
        )
        return Instants(limit, (patience + limit) / 2 if patience < limit else None)

    @property
    def stream_limit(self) -> float:
        """The longest that a stream may go on after its first content, seconds."""
        return max(target.timeouts.stream_total for target in self.route)

    @property
    def reasons(self) -> tuple[ReasonClass, ...]:
        """Every reason by itself."""
        return (*(ReasonClass((reason,)) for reason in self.diagnosed), *self._repairable)

    @property
    def _repairable(self) -> tuple[ReasonClass, ...]:
        """Errors that name a repair, besides those that name none.

        The rules of classification name repairs for bad requests alone. Billing too: a repair
        must not lead back to an account without money, should a rule ever name one there.
        """
        most = {Reason.BAD_REQUEST: self.repairs, Reason.BILLING: min(1, self.repairs)}
        return tuple(
            ReasonClass((reason,), repair)
            for reason, count in most.items()
            if reason in self.diagnosed
            for repair in range(1, count + 1)
        )

    @property
    def classes(self) -> tuple[ReasonClass, ...]:
        """Every reason, those that behave alike under this policy together."""
        sized = any(target.context is not None for target in self.route)
        groups: dict[object, list[Reason]] = {}
        for reason in self.diagnosed:
            singular = reason if reason in SINGULAR else sized and reason in TOO_LARGE
            moves = tuple(self.policy.moves(reason, first_target=first) for first in (True, False))
            groups.setdefault((moves, singular), []).append(reason)
        return (*(ReasonClass(tuple(members)) for members in groups.values()), *self._repairable)

    def seconds(self, target: Target) -> float:
        """The longest that one attempt at ``target`` can take, to its answer or first content.

        First content is waited for 120 s where "auto" decides (DESIGN section 6,
        2026-11), longer where the target was seen to need more.
        """
        limits = target.timeouts
        first = 120.0 if limits.first_token is None else limits.first_token
        return limits.connect + max(limits.total, first if self.streamed else 0.0)


def errors(classes: Sequence[ReasonClass]) -> tuple[Error, ...]:
    """One error for each class."""
    return tuple(
        Error(
            one.reasons[0],
            f"verify.{one.name}",
            message=f"any {one.name}",
            repair=f"repair#{one.repair}" if one.repair else None,
        )
        for one in classes
    )
