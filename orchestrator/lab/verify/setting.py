"""What is checked: a route, its pools and a policy, with the reasons that behave alike merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from orchestrator.lab.verify.choices import Instants
from orchestrator.states.call import Call
from orchestrator.states.error import Error
from orchestrator.states.facts import Target
from orchestrator.states.policy import Policy
from orchestrator.states.reasons import SPECS, Move, Reason

SINGULAR = frozenset(reason for reason, spec in SPECS.items() if spec.stands_alone)
"""Reasons that guards and effects call by name; never merged with another."""

THROTTLED = frozenset(reason for reason, spec in SPECS.items() if spec.throttles)
"""Reasons that a call may always come back after."""

TOO_LARGE = frozenset(reason for reason, spec in SPECS.items() if spec.sized)
"""Reasons that count only where a target's context is known."""

DIAGNOSED = tuple(reason for reason, spec in SPECS.items() if not spec.ours)
"""Reasons that a diagnosis can have; the two others are the machine's own."""


_JUST_PAST = 1e-6
"""The part of what is left behind an instant that is just past it."""

QUOTED = tuple(reason for reason, spec in SPECS.items() if spec.quoted is not None)
"""Reasons that are another account's trouble where a relay quotes them."""


@attrs.frozen
class ErrorKind:
    """What a policy or a guard can tell of an error.

    Attributes:
        reason: The reason.
        repair: The number of the repair that the error names, 0 for none.
        empty: Whether what came is an answer without anything in it.
        quoted: Whether a relay quotes the failure of whom it asked itself.
        by_model: Whether a rate limit is the model's alone, or ends at once: other targets of
            the provider stand by with the same key.
    """

    reason: Reason
    repair: int = 0
    empty: bool = False
    quoted: bool = False
    by_model: bool = False

    @property
    def name(self) -> str:
        """What sequences call it."""
        words = (
            f"repair{self.repair if self.repair > 1 else ''}" if self.repair else "",
            "empty" if self.empty else "",
            "quoted" if self.quoted else "",
            "by_model" if self.by_model else "",
        )
        return "+".join((str(self.reason), *filter(None, words)))

    def moves(self, policy: Policy, *, first_target: bool) -> frozenset[Move]:
        """What the policy allows: another key is no remedy for what a relay quotes."""
        moves = policy.moves(self.reason, first_target=first_target)
        return moves - {Move.ROTATE} if self.quoted else moves

    @property
    def takes_key(self) -> bool:
        """Whether nothing else can be sent with the key right after it (DESIGN, marks).

        A refused key is benched, a limited one cools, in the same step in which the call is
        told what stands by. What a relay quotes is never our key's.
        """
        return not (self.quoted or self.by_model) and self.reason in (
            Reason.AUTH,
            Reason.RATE_LIMIT,
        )

    def error(self) -> Error:
        """An error of this kind."""
        return Error(
            self.reason,
            f"verify.{self.name}",
            message=f"any {self.name}",
            repair=f"repair#{self.repair}" if self.repair else None,
            empty=self.empty,
            quoted=self.quoted,
        )


@attrs.frozen
class ErrorClass:
    """Kinds of errors between which this policy makes no difference.

    Attributes:
        kinds: The members; the first stands for all.
    """

    kinds: tuple[ErrorKind, ...]

    @property
    def first(self) -> ErrorKind:
        """The kind that stands for all."""
        return self.kinds[0]

    @property
    def name(self) -> str:
        """What sequences call it."""
        return self.first.name


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
        untied: Providers whose key may be good again at once after it was refused: those whose
            keys are read anew, or whose rules say that no key is to blame.
    """

    route: tuple[Target, ...]
    pool: Mapping[str, int] = attrs.field(hash=False)
    policy: Policy = attrs.field(factory=Policy)
    streamed: bool = True
    name: str = "default"
    repairs: int = 1
    diagnosed: tuple[Reason, ...] = DIAGNOSED
    untied: frozenset[str] = frozenset()

    def call(self) -> Call:
        """A call that begins. Of calls that may be streamed those are: less is kept back then."""
        return Call(self.route, self.policy, streamed=self.streamed)

    @property
    def credentials(self) -> tuple[int, ...]:
        """How many credentials each target of the route can be sent with."""
        return tuple(max(1, self.pool.get(target.provider, 1)) for target in self.route)

    def has_one_key(self, place: int) -> bool:
        """Whether the target at ``place`` has one key, and nothing is sent once it is out."""
        return self.credentials[place] == 1 and self.route[place].provider not in self.untied

    @property
    def has_tied_siblings(self) -> bool:
        """Whether two targets share one key."""
        tied = [
            target.provider for place, target in enumerate(self.route) if self.has_one_key(place)
        ]
        return len(set(tied)) < len(tied)

    def instants(self, *, committed: bool) -> Instants:
        """The representative instants of this policy, before and after the commit boundary."""
        limit = self.stream_limit if committed else self.policy.deadline
        patience = self.policy.patience
        # Just past the patience: what is kept back for others may leave no more than that.
        later = patience + (limit - patience) * _JUST_PAST
        return Instants(limit, later if patience < limit else None)

    @property
    def stream_limit(self) -> float:
        """The longest that a stream may go on after its first content, seconds."""
        return max(target.timeouts.stream_total for target in self.route)

    @property
    def kinds(self) -> tuple[ErrorKind, ...]:
        """Every kind of error that calls may meet.

        A repair comes with a bad request, and with billing: it must not lead back to an account
        without money, should a rule ever name one there. A secret that was read anew (auth) and
        a kept connection that was closed (connection) are repaired too; with their moves a repair
        comes in the setting that stands for all alone
        (:mod:`orchestrator.lab.verify.universal`).
        """
        repairs = {Reason.BAD_REQUEST: self.repairs, Reason.BILLING: min(1, self.repairs)}
        found = [
            *map(ErrorKind, self.diagnosed),
            *(ErrorKind(reason, repair)
              for reason, count in repairs.items() for repair in range(1, count + 1)),
            ErrorKind(Reason.INVALID_RESPONSE, empty=True),
            *(ErrorKind(reason, quoted=True) for reason in QUOTED),
            *((ErrorKind(Reason.RATE_LIMIT, by_model=True),) if self.has_tied_siblings else ()),
        ]  # fmt: skip
        return tuple(one for one in found if one.reason in self.diagnosed)

    @property
    def every_kind(self) -> tuple[ErrorClass, ...]:
        """Every kind by itself."""
        return tuple(ErrorClass((kind,)) for kind in self.kinds)

    @property
    def classes(self) -> tuple[ErrorClass, ...]:
        """Every kind, those that behave alike under this policy together."""
        groups: dict[object, list[ErrorKind]] = {}
        for kind in self.kinds:
            groups.setdefault(self._difference(kind), []).append(kind)
        return tuple(ErrorClass(tuple(members)) for members in groups.values())

    def _difference(self, kind: ErrorKind) -> object:
        """What the policy and the guards tell of ``kind``."""
        moves = tuple(kind.moves(self.policy, first_target=first) for first in (True, False))
        one_key = any(map(self.has_one_key, range(len(self.route))))
        return (
            moves, self._singular(kind), kind.repair, kind.empty, self._is_hopeless(kind),
            kind.takes_key and one_key, kind.by_model,
        )  # fmt: skip

    def is_as_unknown(self, kind: ErrorKind) -> bool:
        """Whether a kind that is tried once more is otherwise like an unknown error."""
        unknown, policy = ErrorKind(Reason.UNKNOWN), self.policy
        return unknown in self.kinds and all(
            kind.moves(policy, first_target=first) == unknown.moves(policy, first_target=first)
            for first in (True, False)
        )

    def _singular(self, kind: ErrorKind) -> Reason | None:
        """The reason, where a guard calls it by name."""
        sized = any(target.context is not None for target in self.route)
        if kind.quoted and kind.reason is Reason.RATE_LIMIT and not self._is_hopeless(kind):
            return Reason.OVERLOADED
        named = kind.reason in SINGULAR or (sized and kind.reason in TOO_LARGE)
        return kind.reason if named else None

    def _is_hopeless(self, kind: ErrorKind) -> bool:
        """Whether it takes the hope from a retry as nothing else does.

        Where others stand by, a quoted failure is left as one that asks to wait for longer
        than the patience: an overload does the same, where there is such a wait.
        """
        limits = (self.instants(committed=committed) for committed in (False, True))
        waits = kind.reason is Reason.RATE_LIMIT and all(each.later is not None for each in limits)
        retries = Move.RETRY in kind.moves(self.policy, first_target=True)
        return kind.quoted and retries and not waits

    def seconds(self, target: Target) -> float:
        """The longest that one attempt at ``target`` can take, to its answer or first content.

        First content is waited for 120 s where "auto" decides (our own choice,
        2026-11), longer where the target was seen to need more.
        """
        limits = target.timeouts
        first = 120.0 if limits.first_token is None else limits.first_token
        return limits.connect + max(limits.total, first if self.streamed else 0.0)


def errors(classes: Sequence[ErrorClass]) -> tuple[Error, ...]:
    """One error for each class."""
    return tuple(one.first.error() for one in classes)
