"""What a call asks its driver to do: at most one command for each state entered."""

from __future__ import annotations

import enum

import attrs

from orchestrator.states.error import Error
from orchestrator.states.facts import Target
from orchestrator.states.policy import Timeouts


class StoppedBy(enum.StrEnum):
    """Why a failed call ended."""

    EXHAUSTED = "exhausted"
    """Nobody was left to ask, nor a wait that fits."""

    ATTEMPTS = "attempts"
    """The policy's ``max_attempts`` were sent."""

    DEADLINE = "deadline"
    """The time was over."""

    CANCELLED = "cancelled"
    """The caller went away."""

    COMMITTED = "committed"
    """Content had reached the caller, and nobody may go on with it."""


@attrs.frozen(slots=False)  # with slots nine fields are set by function calls: 0.3 µs of a call
class Send:
    """Send attempt ``number`` and answer with ``Succeeded``, ``Streaming`` or ``Failed``.

    Attributes:
        target: Where to.
        credential: The label of the credential to send with.
        number: The attempt's number over the whole call, from 1.
        timeouts: The limits of this attempt; ``first_token`` is resolved, and none of those
            until the first content goes beyond ``until``.
        ends_at: When the call's time is over, seconds since ``Started``; if this
            comes before a limit of the attempt, answer with ``DeadlineReached``.
        until: When the attempt is over, seconds since ``Started``, unless content has
            reached the caller: the rest of the time is kept back for other targets. A
            limit that ends there says nothing about the target.
        probe: True where this send tests a bench or circuit that has ended.
        kept_alive: The ``first_token`` in seconds, once the provider says that it is at
            work (a comment in its stream).
        streamed: True where the answer is asked for as a stream.
    """

    target: Target
    credential: str
    number: int
    timeouts: Timeouts
    ends_at: float
    until: float
    probe: bool = False
    kept_alive: float = 0.0
    streamed: bool = False


@attrs.frozen
class Relay:
    """Pass the stream on to the caller; answer with ``Succeeded`` or ``Failed``."""

    ends_at: float


@attrs.frozen
class Diagnose:
    """Classify the failure, report it, and answer with ``Diagnosed``."""


@attrs.frozen
class Rotate:
    """Take another credential of ``target``, none of ``used``; answer with ``Rotated``."""

    target: Target
    used: frozenset[str]


@attrs.frozen
class Switch:
    """Take the first of ``targets`` that can be had; answer with ``Switched``."""

    targets: tuple[Target, ...]


@attrs.frozen
class Wait:
    """Sleep until ``until`` (seconds since ``Started``), then take ``target``; ``Waited``."""

    until: float
    target: Target


@attrs.frozen
class Repair:
    """Change a copy of the request as ``name`` says, take ``target``; ``Repaired``."""

    name: str
    target: Target


@attrs.frozen
class Finish:
    """The call is over. Nothing may follow.

    Attributes:
        cause: ``None`` on success; else the error on which the call left the
            first target it considered, ``None`` only where no target was ever known.
        stopped_by: ``None`` on success; else why the call ended.
    """

    cause: Error | None = None
    stopped_by: StoppedBy | None = None


Command = Send | Relay | Diagnose | Rotate | Switch | Wait | Repair | Finish
