"""The settings that spin is asked about: small, and each with something of its own."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.setting import ErrorKind
from orchestrator.states.facts import Target
from orchestrator.states.policy import OnInterrupted, Policy
from orchestrator.states.reasons import DEFAULT_MOVES, Move, Reason

_ONE, _TWO = Target("acme", "one"), Target("beta", "two")
_SIBLING = Target("acme", "sibling")
_SMALL, _LARGE = Target("acme", "one", context=8_000), Target("beta", "two", context=32_000)
_THIRD = Target("corp", "three")

_FEW = (Reason.BILLING, Reason.RATE_LIMIT, Reason.TIMEOUT, Reason.UNKNOWN)
"""Reasons that guards and effects call by name, and that default policies tell apart."""

_POOLED = (Reason.BILLING, Reason.RATE_LIMIT, Reason.AUTH, Reason.OVERLOADED)
"""Reasons between which pools make a difference."""

_SIZED = (Reason.CONTEXT_OVERFLOW, Reason.PAYLOAD_TOO_LARGE, Reason.OVERLOADED, Reason.BAD_REQUEST)

_OTHER_MOVES: Mapping[Reason, frozenset[Move]] = {
    **DEFAULT_MOVES,
    Reason.RATE_LIMIT: frozenset({Move.ROTATE}),
    Reason.AUTH: frozenset({Move.ROTATE, Move.RETRY}),
    Reason.TIMEOUT: frozenset({Move.RETRY}),
    Reason.OVERLOADED: frozenset({Move.FALLBACK}),
    Reason.CONTENT_POLICY: frozenset({Move.FALLBACK}),
    Reason.CONTEXT_OVERFLOW: frozenset({Move.RETRY}),
}
_CHANGED = (
    Reason.RATE_LIMIT, Reason.AUTH, Reason.TIMEOUT, Reason.OVERLOADED, Reason.CONTENT_POLICY,
    Reason.CONTEXT_OVERFLOW,
)  # fmt: skip


@attrs.frozen
class Picked(Setting):
    """A setting so small that its moves can be compared one by one.

    Attributes:
        only: The names of the kinds of errors that calls meet.
    """

    only: tuple[str, ...] = ()

    @property
    def kinds(self) -> tuple[ErrorKind, ...]:
        """See :attr:`.Setting.kinds`: those that are picked."""
        return tuple(kind for kind in super().kinds if kind.name in self.only)


def _policy(attempts: int, tries: int = 2, **others: object) -> Policy:
    return Policy(attempts, tries, **others)  # type: ignore[arg-type]  # named by the caller


def _named() -> dict[str, Setting]:
    continued = _policy(3, on_interrupted=OnInterrupted.CONTINUE)
    moves = _policy(3, on=_OTHER_MOVES)
    return {
        "1 target, 2 keys": Setting((_ONE,), {"acme": 2}, _policy(4)),
        "1 target, 3 keys, 3 tries": Setting((_ONE,), {"acme": 3}, _policy(5, 3)),
        "2 targets, 1 key": Setting((_ONE, _TWO), {}, _policy(3)),
        "2 targets, 2 keys": Setting(
            (_ONE, _TWO), {"acme": 2, "beta": 2}, _policy(3), diagnosed=_POOLED
        ),
        "2 targets of 1 provider": Setting(
            (_ONE, _SIBLING), {"acme": 2}, _policy(3), diagnosed=_FEW
        ),
        "known contexts": Setting((_SMALL, _LARGE), {}, _policy(3), diagnosed=_SIZED),
        "streams that go on": Setting((_ONE, _TWO), {}, continued, diagnosed=_FEW),
        "streams past the deadline": Setting(
            (_ONE, _TWO), {}, attrs.evolve(continued, deadline=0.2), diagnosed=_FEW
        ),
        "patience 0.8 s": Setting(
            (_ONE, _TWO), {"acme": 2}, _policy(3, 3, patience=0.8), diagnosed=_FEW
        ),
        "patience past the deadline": Setting(
            (_ONE, _TWO), {}, _policy(3, deadline=5.0), diagnosed=_FEW
        ),
        "deadline within a backoff": Setting(
            (_ONE, _TWO), {}, _policy(4, 3, deadline=1.0, patience=0.2), diagnosed=_FEW
        ),
        "other moves allowed": Setting((_SMALL, _TWO), {"acme": 2}, moves, diagnosed=_CHANGED),
        "2 repairs, not streamed": Setting(
            (_ONE, _TWO), {}, _policy(4), streamed=False, repairs=2,
            diagnosed=(Reason.BAD_REQUEST, Reason.BILLING, Reason.UNKNOWN),
        ),
        "3 targets, 1 key": Setting(
            (_ONE, _TWO, _THIRD), {}, _policy(3),
            diagnosed=(Reason.BILLING, Reason.RATE_LIMIT),
        ),
    }  # fmt: skip


def _small() -> dict[str, Setting]:
    """Nothing waits for longer than the patience, but for where that makes a difference."""
    hasty = _policy(2, deadline=5.0)
    # Also at the first target, so that a repair which comes to nothing leads to the other.
    falls_back = attrs.evolve(
        hasty, on={**DEFAULT_MOVES, Reason.BAD_REQUEST: frozenset({Move.FALLBACK})}
    )
    same = Target("beta", "two", context=8_000)
    return {
        "moves: overloaded": Picked(
            (_ONE, _TWO), {}, _policy(3, deadline=5.0), only=("overloaded",)
        ),
        "moves: patience": Picked((_ONE, _TWO), {}, _policy(3, patience=0.8), only=("overloaded",)),
        "moves: rate limits": Picked((_ONE, _TWO), {"acme": 2}, hasty, only=("rate_limit",)),
        "moves: contexts": Picked((_SMALL, same), {}, hasty, only=("context_overflow",)),
        "moves: repairs": Picked(
            (_ONE, _TWO), {}, falls_back, only=("bad_request+repair", "invalid_response+empty")
        ),
        "moves: bills": Picked((_ONE, _SIBLING), {}, hasty, only=("billing",)),
    }


SMALL: Mapping[str, Setting] = _small()
"""Those in which machines with a mistake are asked about their moves."""

SETTINGS: Mapping[str, Setting] = {**_named(), **SMALL}
"""By name, as the report shows them."""

QUICK = (
    "1 target, 2 keys", "known contexts", "moves: overloaded", "moves: contexts", "moves: bills",
)  # fmt: skip
"""Those that every change is held to: every reason, and what takes a minute of CPU in all."""

PURPOSES: Mapping[str, str] = {
    "1 target, 2 keys": "every reason, rotation",
    "1 target, 3 keys, 3 tries": "tries and rotations mixed",
    "2 targets, 1 key": "every reason, fallback, way back",
    "2 targets, 2 keys": "pools on both sides",
    "2 targets of 1 provider": "one bill for both",
    "known contexts": "too small for the request",
    "streams that go on": '`on_interrupted = "continue"`, tool calls',
    "streams past the deadline": "after the first content the stream's own limit holds",
    "patience 0.8 s": "the third backoff is longer, the second may be",
    "patience past the deadline": "no wait is late",
    "deadline within a backoff": "whether a wait fits is up to the jitter",
    "other moves allowed": "`[policy.on]` replaced",
    "2 repairs, not streamed": "several repairs at one target",
    "3 targets, 1 key": "two left behind at once",
    "moves: overloaded": "one reason; retries, fallback, way back",
    "moves: patience": "the same, with waits that are late",
    "moves: rate limits": "one reason; rotation, retries",
    "moves: contexts": "a fallback that is just as small",
    "moves: repairs": "a repair, an empty answer",
    "moves: bills": "one reason, one provider for both",
}
"""What each setting is there for."""

EVERY: Mapping[str, int] = {
    "1 target, 2 keys": 199,
    "1 target, 3 keys, 3 tries": 797,
    "2 targets, 1 key": 3989,
    "2 targets, 2 keys": 1499,
    "2 targets of 1 provider": 997,
    "known contexts": 397,
    "streams that go on": 727,
    "streams past the deadline": 499,
    "patience 0.8 s": 997,
    "patience past the deadline": 293,
    "deadline within a backoff": 1499,
    "other moves allowed": 797,
    "2 repairs, not streamed": 1999,
    "3 targets, 1 key": 3989,
    "moves: overloaded": 5,
    "moves: patience": 9,
    "moves: rate limits": 1,
    "moves: contexts": 1,
    "moves: repairs": 5,
    "moves: bills": 1,
}
"""Of so many moves of a setting one is compared: 10,000 of the large ones, all of small ones."""

ROUND = ("1 target, 2 keys", "2 repairs, not streamed", "known contexts")
"""Those in which it is also asked whether a call can go round for ever; that takes longer."""
