"""What a user allows a call to do, and for how long."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from functools import lru_cache

import attrs

from orchestrator.states.reasons import DEFAULT_MOVES, SPECS, Move, Reason


class OnInterrupted(enum.StrEnum):
    """What to do when a stream breaks after content reached the caller."""

    FAIL = "fail"
    CONTINUE = "continue"
    HOLD = "hold"


@attrs.frozen
class Timeouts:
    """Limits of one attempt, in seconds.

    Attributes:
        connect: Until the connection stands, TLS included.
        first_token: Streamed attempts: until the first content; ``None`` means
            ``"auto"`` (see :mod:`orchestrator.states.limits`).
        idle: Streamed attempts: between chunks.
        total: Unstreamed attempts: from the connection to the whole answer.
        stream_total: Streamed: from the first content to the end of the stream.
    """

    connect: float = 5.0
    first_token: float | None = None
    idle: float = 30.0
    total: float = 120.0
    stream_total: float = 600.0

    @lru_cache(maxsize=1024)  # noqa: B019 - limits are values of a config, and few
    def with_first_token(self, first_token: float) -> Timeouts:
        """These limits with ``first_token`` resolved."""
        return Timeouts(self.connect, first_token, self.idle, self.total, self.stream_total)

    def within(self, seconds: float) -> Timeouts:
        """These limits, none of those until the first content longer than ``seconds``."""
        first = self.first_token
        if self.connect <= seconds and self.total <= seconds and (first or 0.0) <= seconds:
            return self
        first = None if first is None else min(seconds, first)
        connect, total = min(seconds, self.connect), min(seconds, self.total)
        return Timeouts(connect, first, self.idle, total, self.stream_total)


@attrs.frozen
class Policy:
    """What a call may do. Every bound of the machine follows from this alone.

    Attributes:
        max_attempts: Sends over the whole call, rotations included; waits too.
        attempts_per_target: Sends at one stay that no rotation or repair preceded.
        deadline: Seconds from the start until content reaches the caller.
        patience: Seconds of the longest single wait worth making while an
            unasked target stands by.
        on_interrupted: What to do when a stream breaks after the commit boundary.
        on: The moves allowed for each reason.

    Raises:
        ValueError: A bound is none, or billing lists more than fallback.
    """

    max_attempts: int = 16
    attempts_per_target: int = 3
    deadline: float = 300.0
    patience: float = 10.0
    on_interrupted: OnInterrupted = OnInterrupted.FAIL
    on: Mapping[Reason, frozenset[Move]] = attrs.field(default=DEFAULT_MOVES, hash=False)

    def __attrs_post_init__(self) -> None:
        for name, least in (("max_attempts", 1), ("attempts_per_target", 1), ("patience", 0)):
            value = getattr(self, name)
            if not least <= value < float("inf"):
                raise ValueError(f"{name} is {value!r}; allowed: {least} or more")
        if not 0 < self.deadline < float("inf"):
            raise ValueError(f"deadline is {self.deadline!r}; allowed: seconds above 0")
        extra = self.on.get(Reason.BILLING, frozenset()) - {Move.FALLBACK}
        if extra:
            raise ValueError(
                f"billing may not list {', '.join(sorted(extra))}: the account has no money, so "
                "neither another of its keys nor a wait can help; allowed: fallback"
            )

    def moves(self, reason: Reason, *, first_target: bool) -> frozenset[Move]:
        """The moves allowed for ``reason``.

        A request that is bad at a later target may be bad only there, since each
        target reads requests in its own way: so ``bad_request`` falls back from
        any target but the first one asked.
        """
        allowed = self.on.get(reason, frozenset())
        return allowed if first_target else allowed | SPECS[reason].moves_later
