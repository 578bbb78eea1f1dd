"""One setting that stands for every config whose route has the same shape.

What a config may choose is free here, so that one search shows what holds of all of them:

* which moves a policy allows for a reason: an error comes with its own set of them;
* ``max_attempts`` and ``waits``: a million, of which any number may be gone. Guards look at
  what is left, and at whether anything was sent; a guard that compares the number itself is
  refused here. What must hold where a send may follow (an attempt is left) is assumed at each
  node and shown of each move, so it holds of calls by induction;
* ``attempts_per_target``: three values stand for all. One try with more to come, more than one
  with more to come, none left: each is told apart by the guards, and a send may lead to any;
* keys: two were used, a third was not; any of them may be ready or not. Whoever has one key
  has a board that never offers another;
* repairs: one was made at each target; an error names that one, another, or none;
* instants: a wait ends within the patience, past it, past what is kept back for others, or
  past the call's time, whatever its length;
* contexts: whether one is larger than another is free each time that it is asked.

The merges are those of :mod:`orchestrator.lab.verify.merging`.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from typing import ClassVar, cast

import attrs

from orchestrator.lab.verify.choices import Choices, Instants, OpenCounter
from orchestrator.lab.verify.merging import MergedNodes
from orchestrator.lab.verify.nodes import Key, Slot
from orchestrator.lab.verify.setting import QUOTED, ErrorClass, ErrorKind, Setting
from orchestrator.states.call import Call
from orchestrator.states.error import Error
from orchestrator.states.facts import Target
from orchestrator.states.policy import OnInterrupted, Policy
from orchestrator.states.reasons import Move, Reason

MOST = 10**6
"""Attempts and waits of the policy that stands for all."""

TRIES = 3
"""Tries of the policy that stands for all: one, more, and the last."""

USED, KEYS = 2, 3
"""Keys that were used at every target that was asked, and keys that it has."""

Shape = tuple[int, ...]
"""How many targets share the first one's provider, it included, then so for each other provider."""


def shapes(targets: int) -> Iterator[Shape]:
    """Every shape of a route of so many targets."""
    for first in range(1, targets + 1):
        for others in _partitions(targets - first, targets):
            yield (first, *others)


def _partitions(total: int, largest: int) -> Iterator[tuple[int, ...]]:
    if not total:
        yield ()
    for part in range(min(total, largest), 0, -1):
        for rest in _partitions(total - part, part):
            yield (part, *rest)


class FreeContext(int):
    """A context of which it is free whether it is larger than another, or unknown.

    Attributes:
        choices: Who decides; they are set once there are any.
    """

    choices: Choices

    def __gt__(self, other: object) -> bool:
        return self.choices.remembered((id(self), id(other)))

    def __lt__(self, other: object) -> bool:
        return self.choices.remembered((id(other), id(self)))

    def __le__(self, other: object) -> bool:
        return not self > other

    def __ge__(self, other: object) -> bool:
        return not self < other

    __hash__ = int.__hash__


@attrs.frozen
class FreeKind(ErrorKind):
    """A kind of error for which a policy allows just these moves.

    Attributes:
        allowed: The moves.
    """

    allowed: frozenset[Move] = frozenset()

    @property
    def name(self) -> str:
        """See :attr:`ErrorKind.name`."""
        return f"{super().name}[{','.join(sorted(self.allowed))}]"

    def moves(self, policy: Policy, *, first_target: bool) -> frozenset[Move]:  # noqa: ARG002 - as a kind
        """See :meth:`ErrorKind.moves`."""
        return self.allowed - {Move.ROTATE} if self.quoted else self.allowed


class Latest:
    """What a policy that allows anything is asked about: the latest error of the call at hand.

    Attributes:
        call: The call at hand.
        diagnosed: The kind of error that it is just told of; ``None`` where of none.
        kinds: The kinds by the rule of their errors.
        choices: Who decides what is allowed for another reason.
    """

    def __init__(self) -> None:
        self.call: Call | None = None
        self.diagnosed: FreeKind | None = None
        self.kinds: dict[str, FreeKind] = {}
        self.choices = Choices()

    def kind(self) -> FreeKind | None:
        """The kind of the latest error; ``None`` where there is none."""
        if self.diagnosed is not None or self.call is None:
            return self.diagnosed
        error = self.call.error
        return None if error is None else self.kinds.get(error.rule)


@attrs.frozen
class FreePolicy(Policy):
    """A policy of which the latest error says what it allows.

    Attributes:
        latest: The latest error.
    """

    latest: Latest = attrs.field(factory=Latest, eq=False, repr=False)

    def moves(self, reason: Reason, *, first_target: bool) -> frozenset[Move]:  # noqa: ARG002 - as a policy
        """See :meth:`.Policy.moves`: of another reason fallback alone is ever asked for."""
        kind = self.latest.kind()
        if kind is not None and kind.reason is reason:
            return kind.allowed
        return _ONWARD if self.latest.choices.remembered(reason) else _STAY


_ONWARD, _STAY = frozenset({Move.FALLBACK}), frozenset[Move]()

_SUBSETS = tuple(
    frozenset(moves)
    for count in range(len(Move) + 1)
    for moves in itertools.combinations(Move, count)
)
"""Every set of moves; of billing a policy allows fallback at most."""


@attrs.frozen
class FreeSetting(Setting):
    """A setting that stands for every config with a route of this shape."""

    @property
    def kinds(self) -> tuple[ErrorKind, ...]:
        """Every kind of error with every set of moves that a policy can allow for it."""
        return tuple(_free_kinds(sized=any(one.context is not None for one in self.route)))

    @property
    def classes(self) -> tuple[ErrorClass, ...]:
        """Every kind by itself."""
        return tuple(ErrorClass((kind,)) for kind in self.kinds)

    def is_as_unknown(self, kind: ErrorKind) -> bool:
        """See :meth:`Setting.is_as_unknown`: there is an unknown error with its moves."""
        return kind.empty


def _free_kinds(*, sized: bool) -> Iterator[FreeKind]:
    """The generic reason stands for all that no guard names; the others for themselves."""
    named = (Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.TIMEOUT, Reason.UNKNOWN)
    for allowed in _SUBSETS:
        yield FreeKind(Reason.SERVER_ERROR, allowed=allowed)
        yield from (FreeKind(reason, allowed=allowed) for reason in named)
        yield FreeKind(Reason.BAD_REQUEST, 2, allowed=allowed)
        if allowed in (_SUBSETS[0], _SUBSETS[-1]):
            # A repair that was made before is none: two sets of moves show that it is.
            yield FreeKind(Reason.BAD_REQUEST, 1, allowed=allowed)
        yield FreeKind(Reason.INVALID_RESPONSE, empty=True, allowed=allowed)
        if sized:
            yield FreeKind(Reason.CONTEXT_OVERFLOW, allowed=allowed)
        if Move.ROTATE not in allowed:
            others = (reason for reason in QUOTED if reason is not Reason.BILLING)
            yield from (FreeKind(reason, quoted=True, allowed=allowed) for reason in others)
    for allowed in (_STAY, _ONWARD):
        yield from (FreeKind(Reason.BILLING, number, allowed=allowed) for number in (0, 1, 2))
        yield FreeKind(Reason.BILLING, quoted=True, allowed=allowed)


def free_setting(
    shape: Shape, on_interrupted: OnInterrupted, *, contexts: bool = False
) -> FreeSetting:
    """The setting that stands for every config with a route of ``shape``.

    Args:
        shape: The shape.
        on_interrupted: What the policy says of broken streams.
        contexts: Whether the contexts of targets are known.
    """
    route = tuple(
        Target(
            chr(ord("a") + block),
            str(model + 1),
            context=FreeContext(1) if contexts else None,
        )
        for block, size in enumerate(shape)
        for model in range(size)
    )
    policy = FreePolicy(max_attempts=MOST, attempts_per_target=TRIES, on_interrupted=on_interrupted)
    return FreeSetting(route, {target.provider: KEYS for target in route}, policy)


class FreeNumber(OpenCounter):
    """The number of attempts or waits: what is left of it may be compared, it may not."""

    __slots__ = ()
    __hash__: ClassVar[None]  # as an open counter

    def __le__(self, other: int) -> bool:
        limit = other - self.plus if self.sign > 0 else self.plus - other
        if abs(MOST - limit) > _NEAR:
            raise AssertionError("a guard compares the number of attempts or waits with a constant")
        return super().__le__(other)

    def __eq__(self, other: object) -> bool:
        if other == 0 and self.sign > 0 and self.plus == 0:
            choices = self.choices
            return choices.at_most(self.counter, 0)
        return super().__eq__(other)


_NEAR = 100
"""Attempts that may be left where a guard asks: there are no longer routes."""


class FreeNodes(MergedNodes):
    """Nodes of a setting that stands for many: counts of keys and repairs are forgotten."""

    def __init__(self, setting: Setting, classes: tuple[ErrorClass, ...]) -> None:
        self.latest = cast(FreePolicy, setting.policy).latest
        self._by_rule = {one.first.error().rule: index for index, one in enumerate(classes)}
        super().__init__(setting, classes)

    def encode(self, call: Call) -> tuple[Key, tuple[int, ...]]:
        """See :meth:`Nodes.encode`."""
        before = self.latest.call, self.latest.diagnosed
        self.latest.call, self.latest.diagnosed = call, None
        try:
            return super().encode(call)
        finally:
            self.latest.call, self.latest.diagnosed = before

    def class_of(self, error: Error) -> int:
        """See :meth:`Nodes.class_of`."""
        return self._by_rule[error.rule]

    def open_to(self, call: Call, place: int) -> bool:
        """See :meth:`Nodes.open_to`; outside of a step every target is large enough."""
        target = self.route[place]
        if target.provider in call.billed:
            return False
        if not self.latest.choices.running or call.too_small is None or target.context is None:
            return True
        return target.context > call.too_small

    def _kept(self, call: Call, place: int, back: Collection[str], *, here: bool) -> Slot:
        slot = super()._kept(call, place, back, here=here)
        return slot._replace(used=USED, repaired=1) if slot.used else slot


def tries_after(call: Call) -> tuple[int, ...]:
    """The tries that a send may have left a call with, of which ``attempts_per_target`` decides."""
    return (1, TRIES) if call.tries == 1 else (TRIES - 1, TRIES)


def late_jitters(pause: float, instants: Instants) -> tuple[float, ...]:
    """Jitters for which a backoff of ``pause`` seconds at most ends wherever it can matter."""
    just_before = instants.limit * (1 - _GRAIN)
    ends = [just_before] if instants.later is None else [just_before, instants.later]
    return (Instants.NEVER, *(2 * (1 - end / pause) for end in ends), 0.0)


_GRAIN = 1e-6
"""The part of a call's time before its end that is never kept back for others alone."""
