"""First-token latency of targets: how long each was silent, and what that earns. Pure.

A slow reasoning model is silent for longer than a dead one is worth waiting for; only what
it did before tells them apart. The longest of the recent silences counts, halved with every
hour: it is forgotten by itself, so that a shorter one never has to be written.
"""

from __future__ import annotations

import math

from orchestrator.health.records import Record

MOST_SECONDS = 120.0
"""The longest patience, as for a target without an alternative (our own choice, 2026-11)."""

SPARE = 2.0
"""How many times the longest silence is borne, since the next may be longer."""

WORTH_KNOWING = 6.0
"""Seconds of silence that earn no more than the 12 s which every target gets: they are not
written, so that a call at a quick target writes nothing."""

HALVED_AFTER = 3600.0
"""Seconds after which what was seen counts half; a model's speed changes with the day's load."""

NOTABLE = 1.25
"""A silence is written where it is longer than what is known by more than a quarter."""


USUAL_SECONDS = SPARE * WORTH_KNOWING
"""What every target gets; see ``orchestrator.states.limits.FIRST_TOKEN_WITH_OTHERS``."""


def estimate(record: Record | None, now: float) -> float | None:
    """Seconds worth waiting for the first content at ``now`` (epoch), ``None`` where unknown."""
    return None if record is None else min(MOST_SECONDS, SPARE * _known(record, now))


def unusual(record: Record | None, now: float) -> float | None:
    """The :func:`estimate` where it is longer than what every target gets."""
    if record is None:
        return None
    seconds = estimate(record, now)
    return seconds if seconds is not None and seconds > USUAL_SECONDS else None


def learned(record: Record | None, seconds: float, now: float) -> Record | None:
    """The record after a silence of ``seconds`` that content ended, ``None`` where it stays.

    Args:
        record: What is known so far.
        seconds: From the request to the first content.
        now: When the content came (epoch).
    """
    # Most answers end here: with a file a write takes 177 µs, a take without one 17 µs
    # (benchmarks/health_speed.py, 2026-11).
    known = WORTH_KNOWING if record is None else NOTABLE * _known(record, now)
    if not max(WORTH_KNOWING, known) < seconds < math.inf:
        return None
    # More than what the longest patience needs would only be forgotten later.
    longest = min(seconds, MOST_SECONDS / SPARE)
    if record is not None and longest <= known:
        return None
    return Record(None, now, now, now, now, seconds=longest, failures=0)


def _known(record: Record, now: float) -> float:
    """The longest silence as it counts at ``now``; another process's clock may be ahead."""
    return record.seconds * math.exp2(-max(0.0, now - record.since) / HALVED_AFTER)
