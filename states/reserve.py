"""The time that a call keeps back for the targets that it has not asked.

Attempts are kept back by counting them; so is time, or one target that fails slowly would
use up the deadline while a healthy one stands by (invariant 8). Numbers: the contract, 2026-11.
"""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.chain import Looked, unasked
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.target import Target

STREAMED_NEEDS = 15.0
"""Seconds that an attempt needs until its first content."""

WHOLE_NEEDS = 60.0
"""Seconds that an attempt needs until its whole answer."""

LARGEST_SHARE = 0.5
"""Of the time that is left, the part that is kept back at most."""


def kept_back(call: Call, event: Looked) -> float:
    """Seconds that a send or a wait at ``event`` leaves to the unasked targets that stand by."""
    if call.committed or Move.FALLBACK not in _moves_after_silence(call):
        return 0.0
    others = unasked(call, event)
    if not others:
        return 0.0
    seen = dict(event.standby.seen)
    needed = sum(max(_needs(call, target), seen.get(target.name, 0.0)) for target in others)
    return min(needed, max(0.0, call.ends_at - event.at) * LARGEST_SHARE)


def _moves_after_silence(call: Call) -> frozenset[Move]:
    """What the policy allows once a limit cuts a wait: without a fallback, nothing is gained."""
    return call.policy.moves(Reason.TIMEOUT, first_target=len(call.asked) <= 1)


def _needs(call: Call, target: Target) -> float:
    held = call.policy.on_interrupted is OnInterrupted.HOLD
    return STREAMED_NEEDS if call.streams_at(target) and not held else WHOLE_NEEDS
