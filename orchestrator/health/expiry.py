"""Removal of records: of those that are stale, and of those that a user resets. Pure."""

from __future__ import annotations

from typing import TypeVar

import attrs

from orchestrator.health.records import Changes, MarkKind, Marks, Record, parts
from orchestrator.health.steps import StepOutcome
from orchestrator.states.facts import Mark

DAY = 86_400.0

STALE_SECONDS = 7 * DAY
"""A record goes this long after it ended and was last touched: nobody has sent there
for a week, so the next call may as well find out anew."""

DEAD_STALE_SECONDS = 366 * DAY
"""A revoked key stays out until its secret changes; this only keeps the file small."""

T = TypeVar("T")


@attrs.frozen
class Removal:
    """The changes of a reset, and how many marks they remove."""

    answer: int
    changes: Changes


def pruned(marks: Marks, outcome: StepOutcome[T], now: float) -> StepOutcome[T]:
    """``outcome`` with stale records removed besides, where it changes something at all."""
    stale = {
        name: None
        for name, record in marks.items()
        if name not in outcome.changes and is_stale(record, now)
    }
    # A step that changes nothing takes no lock, and removing old marks is no reason for one.
    if not stale or not outcome.changes:
        return outcome
    return attrs.evolve(outcome, changes={**outcome.changes, **stale})


def is_stale(record: Record, now: float) -> bool:
    """True where ``record`` says nothing that is still worth knowing at ``now`` (epoch)."""
    kept = DEAD_STALE_SECONDS if record.mark is Mark.DEAD else STALE_SECONDS
    return now > max(record.until, record.failed, record.requested) + kept


def reset(marks: Marks, provider: str | None) -> Removal:
    """Remove the marks and failure counts of ``provider``, or of all."""
    gone = {name: record for name, record in marks.items() if _is_reset(name, provider)}
    removed = sum(record.mark is not None for record in gone.values())
    return Removal(removed, dict.fromkeys(gone))


def _is_reset(name: str, provider: str | None) -> bool:
    kind, _, identity = parts(name)
    # They mark nothing: they are kept for whoever writes the rule that is missing.
    return kind is not MarkKind.UNKNOWN and provider in (None, identity[0])
