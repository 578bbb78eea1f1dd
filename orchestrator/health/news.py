"""News of the board: the marks that a step made, prolonged or lifted. Pure.

Told once, of the step that changed the mark: whoever meets it later, or fails beside it, brings
no news. A cooldown is none, since it simply ends.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

import attrs

from orchestrator.health.records import TOLERANCE, Changes, Marks, Record, parts
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark, Target

_WEIGHT = {None: 0, Mark.COOLDOWN: 0, Mark.CIRCUIT: 1, Mark.BENCH: 2, Mark.DEAD: 3}
"""Which of two marks of one thing is the worse news; 0 is none."""


class MarkChange(enum.StrEnum):
    """What became of a mark."""

    MADE = "made"
    PROLONGED = "prolonged"
    """Its probe failed: it goes on as it was, only longer."""

    LIFTED = "lifted"
    """An answer disproved it, or a top-up ended it."""


@attrs.frozen
class MarkNews:
    """What became of one mark.

    Attributes:
        change: What became of it.
        provider: The provider entry.
        credential: The label, where it is about a credential.
        model: The model, where it is about a target, or a credential for one model only.
        mark: The mark.
        since: When it began (epoch).
        lasted: Seconds since then.
        left: Seconds until it ends, or is due; infinite for ``DEAD``.
        expected: Seconds until it ends by what the failure itself said, where it said so.
        error: The remembered failure; its message is masked.
    """

    change: MarkChange
    provider: str
    credential: str | None
    model: str | None
    mark: Mark
    since: float
    lasted: float
    left: float
    expected: float | None
    error: Error | None


@attrs.frozen
class BoardNews:
    """News, and where calls of the route go since.

    Attributes:
        marks: What became of marks, in one step.
        to: The first target of the route that any call could be sent to now; ``None``: none.
        credentials: How many of the credentials there are ready.
    """

    marks: tuple[MarkNews, ...]
    to: Target | None
    credentials: tuple[str, ...]


def mark_news(marks: Marks, changes: Changes, now: float) -> tuple[MarkNews, ...]:
    """What ``changes`` of ``marks`` are news of, at the instant ``now`` (epoch)."""
    return tuple(_news(marks, changes, now))


def _news(marks: Marks, changes: Changes, now: float) -> Iterator[MarkNews]:
    for name, new in changes.items():
        old = marks.get(name)
        change = _change(old, new)
        # What is over is told by what it was, though a count or a figure may be left of it.
        record = old if change is MarkChange.LIFTED else new
        if change is not None and record is not None:
            yield _mark_news(name, change, record, now)


def _change(old: Record | None, new: Record | None) -> MarkChange | None:
    before = 0 if old is None else _WEIGHT[old.mark]
    if new is None:
        return MarkChange.LIFTED if before else None
    after = _WEIGHT[new.mark]
    if not after:
        return MarkChange.LIFTED if before and new.mark is None else None
    # A mark that was of another account's keys, or ended and was forgotten, began anew.
    if old is None or after > before or (after == before and new.since > old.since + TOLERANCE):
        return MarkChange.MADE
    # Calls that were under way together fail together: only what ends later is news.
    return MarkChange.PROLONGED if new.until > old.until + TOLERANCE else None


def _mark_news(name: str, change: MarkChange, record: Record, now: float) -> MarkNews:
    _, scope, identity = parts(name)
    mark = record.mark
    if mark is None:
        raise AssertionError("a mere count is no news")
    return MarkNews(
        change,
        identity[0],
        identity[2] if scope.names_credential else None,
        identity[-1] if scope.names_model else None,
        mark,
        record.since,
        max(0.0, now - record.since),
        float("inf") if mark is Mark.DEAD else max(0.0, record.until - now),
        None if record.expected is None else max(0.0, record.expected - now),
        record.error,
    )
