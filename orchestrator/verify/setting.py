"""What is checked: a route, its pools and a policy, with the reasons that behave alike merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from orchestrator.verify.choices import Instants
from states.error import Error
from states.policy import Policy
from states.reasons import Move, Reason
from states.target import Target

SINGULAR = frozenset(
    {Reason.BILLING, Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.TIMEOUT, Reason.UNKNOWN}
)
"""Reasons that guards and effects call by name; never merged with another."""

TOO_LARGE = frozenset({Reason.CONTEXT_OVERFLOW, Reason.PAYLOAD_TOO_LARGE})
"""Reasons that count only where a target's context is known."""

_REPAIRED = (Reason.BAD_REQUEST, Reason.BILLING)
"""Reasons whose errors are checked with a repair named, besides without."""

_NEVER_DIAGNOSED = frozenset({Reason.CANCELLED, Reason.DEADLINE})


@attrs.frozen
class ReasonClass:
    """Reasons between which this policy makes no difference.

    Attributes:
        reasons: The members; the first stands for all.
        repair: True where the error names a repair.
    """

    reasons: tuple[Reason, ...]
    repair: bool = False

    @property
    def name(self) -> str:
        """What sequences call it."""
        return f"{self.reasons[0]}+repair" if self.repair else str(self.reasons[0])


@attrs.frozen
class Setting:
    """One route under one policy.

    Attributes:
        route: The targets in order.
        pool: How many credentials each provider has.
        policy: What a call may do.
        streamed: True where calls may be streamed.
        name: The route's name.
        repairs: How many repairs of a request may follow each other at a target.
    """

    route: tuple[Target, ...]
    pool: Mapping[str, int] = attrs.field(hash=False)
    policy: Policy = attrs.field(factory=Policy)
    streamed: bool = True
    name: str = "default"
    repairs: int = 1

    @property
    def credentials(self) -> tuple[int, ...]:
        """How many credentials each target of the route can be sent with."""
        return tuple(max(1, self.pool.get(target.provider, 1)) for target in self.route)

    @property
    def remembers(self) -> bool:
        """Whether a node keeps every key that was used at a target the call may go back to.

        Of a large route only one or two are kept, which allows more than a call can do.
        """
        return len(self.route) * max(self.credentials, default=1) <= 6

    @property
    def instants(self) -> Instants:
        """The representative instants of this policy."""
        deadline, patience = self.policy.deadline, self.policy.patience
        later = (patience + deadline) / 2 if patience < deadline else None
        return Instants(deadline, later)

    @property
    def classes(self) -> tuple[ReasonClass, ...]:
        """Every reason, those that behave alike under this policy together."""
        sized = any(target.context is not None for target in self.route)
        groups: dict[object, list[Reason]] = {}
        for reason in Reason:
            if reason in _NEVER_DIAGNOSED:
                continue
            singular = reason if reason in SINGULAR else sized and reason in TOO_LARGE
            moves = tuple(self.policy.moves(reason, first_target=first) for first in (True, False))
            groups.setdefault((moves, singular), []).append(reason)
        plain = tuple(ReasonClass(tuple(members)) for members in groups.values())
        # Billing too: a repair must not lead back to an account without money.
        named = (ReasonClass((reason,), repair=True) for reason in _REPAIRED)
        return (*plain, *named)

    def seconds(self, target: Target) -> float:
        """The longest that one attempt at ``target`` can take, to its answer or first content.

        First content is waited for 120 s where "auto" decides (DESIGN section 6,
        2026-11), longer where the target was seen to need more.
        """
        limits = target.timeouts
        first = 120.0 if limits.first_token is None else limits.first_token
        return limits.connect + max(limits.total, first if self.streamed else 0.0)


def merges(setting: Setting) -> list[str]:
    """What is merged, a sentence each."""
    alike = [one for one in setting.classes if len(one.reasons) > 1]
    return [
        "credentials of a pool that the call has not used are alike, and so are those it has",
        "targets with a provider of their own, as many credentials and the same context are alike",
        *(f"reasons with the same moves: {', '.join(one.reasons)}" for one in alike),
        "repairs: one stands for all; each is used at most once at a target",
        "times: within the patience, within the deadline, past it; waits and races are free",
        "what is left of attempts and waits is told apart only where a guard looks at it",
        *(
            ()
            if setting.remembers
            else ("of the keys used at a target that was left, no more than two are kept",)
        ),
        "a target that the call left for good stands by for ever, and must be refused",
    ]


def errors(classes: Sequence[ReasonClass]) -> tuple[Error, ...]:
    """One error for each class."""
    return tuple(
        Error(
            one.reasons[0],
            f"verify.{one.name}",
            message=f"any {one.name}",
            repair="repair#1" if one.repair else None,
        )
        for one in classes
    )


def moves_of(setting: Setting, reason: Reason, *, asked: int) -> frozenset[Move]:
    """The moves that the policy allows for ``reason`` after ``asked`` targets."""
    return setting.policy.moves(reason, first_target=asked <= 1)
