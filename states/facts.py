"""The facts that come in with events: targets, what was taken of one, and what stands by.

The machine never asks the health board; these values come in with events, so that a
recorded list of events replays bit for bit. All instants are seconds since the
call's ``Started``, like the ``at`` of events.
"""

from __future__ import annotations

import enum

import attrs

from orchestrator.states.error import Error
from orchestrator.states.policy import Timeouts


@attrs.frozen
class Target:
    """Provider and model, with what the machine must know about them.

    Attributes:
        provider: The provider entry's name: one billing account at one endpoint.
        model: The model's name as the provider spells it.
        context: The context window in tokens; ``None`` means unknown, which fits.
        reasoning: True where the model is known to think before it speaks.
        stream: Whether an attempt here is asked for as a stream: always, never, or
            (``None``) where the caller asks for one.
        timeouts: The limits of an attempt at this target.
    """

    provider: str
    model: str
    context: int | None = None
    reasoning: bool = False
    stream: bool | None = None
    timeouts: Timeouts = Timeouts()
    name: str = attrs.field(init=False, repr=False, eq=False)

    @name.default
    def _name(self) -> str:
        return f"{self.provider}/{self.model}"

    def __str__(self) -> str:
        return self.name


class Mark(enum.StrEnum):
    """Why something may not be sent to now."""

    COOLDOWN = "cooldown"
    CIRCUIT = "circuit"
    BENCH = "bench"
    DEAD = "dead"


@attrs.frozen
class Taken:
    """What an arrival got hold of.

    Attributes:
        target: The target to send to.
        credential: The label of the credential to send with.
        probe: True where this send tests a bench or circuit that has ended.
        seen_first_token: Seconds that this target was seen to need until its
            first content, ``None`` where nothing is known.
        cut_first_token: Of a probe: the first-token limit, in seconds, that cut the
            last wait there; ``None`` where none did.
        stream: Whether the request, as repaired for this target, must be asked for as a
            stream (or must not be); ``None`` where no repair says so.
    """

    target: Target
    credential: str
    probe: bool = False
    seen_first_token: float | None = None
    cut_first_token: float | None = None
    stream: bool | None = None


@attrs.frozen
class Clear:
    """A target that cannot be sent to now: why, and when that ends.

    Attributes:
        target: The target.
        mark: What stands in the way (the mark that ends last; for credentials,
            the one of the pool that ends first).
        at: When it ends, seconds since ``Started``; infinite for ``DEAD``.
        error: The remembered failure, in the provider's own words.
        since: When it began, seconds since ``Started`` (negative: before this call).
        probed: True where the mark has ended and another call's probe is under
            way; ``at`` is then when its claim expires.
        expected: When the failure itself said that it ends, seconds since ``Started``,
            where that is longer than a cooldown lasts; ``at`` is then the next instant
            at which one call may probe.
    """

    target: Target
    mark: Mark
    at: float
    error: Error | None = None
    since: float = 0.0
    probed: bool = False
    expected: float | None = None


@attrs.frozen
class Standby:
    """What could be sent to at one instant, in one atomic look at the board.

    Attributes:
        credentials: Labels of the ready credentials of the target where the call
            is; empty where it is nowhere, or where the target may not be sent to.
        targets: The targets of the route that could be sent to now, in route
            order, unfiltered by policy.
        clears: The other targets of the route, in route order.
        seen: (target name, seconds) of those in ``targets`` that were seen to need
            longer than usual until their first content.
        retry_affordable: False where the retries at the provider that has just failed have
            spent what is meant for them: too many of them came to nothing.
    """

    credentials: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    clears: tuple[Clear, ...] = ()
    seen: tuple[tuple[str, float], ...] = ()
    retry_affordable: bool = True

    def clear(self, target: Target) -> Clear | None:
        """The entry for ``target`` in :attr:`clears`, if it has one."""
        for clear in self.clears:
            if clear.target.name == target.name:
                return clear
        return None
