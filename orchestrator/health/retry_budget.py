"""Budget of retries: a bucket of tokens for each provider entry, which retries spend. Pure.

While a provider fails for everybody, a retry is one more request that fails, and keeps it down.
So retries are paid for: from a bucket that answers fill, and that a few dozen failed retries empty.
An empty bucket closes the row ``retry`` alone: fallback, rotation, repair and waits stay open.

The numbers are those of the AWS SDKs: 500 tokens; 14 for a retry, 5 after a throttle, given back
where it succeeds; 1 for any other success (botocore/retries/quota.py and standard.py of botocore
1.43.67, August 2026: the costs of its updated behaviour, which came on 4 May 2026 with b8db539 and
is still asked for by a variable there). Where ``q`` of all requests fail, each by itself, answers
bring ``1 - q`` a call and failed retries spend ``14 q² (1 + q)``: even at 22 in 100.
"""

from __future__ import annotations

import attrs

from orchestrator.health.availability import MarksOverlay
from orchestrator.health.records import Record, TargetKeys
from orchestrator.states.error import Error
from orchestrator.states.facts import Target
from orchestrator.states.reasons import Reason

COST = 14
"""Tokens of a retry after a failure that may be over at once."""

THROTTLED_COST = 5
"""Tokens of a retry after a rate limit, which says itself when to come back. An overload does not,
and is no throttle there either: 503 is among botocore's ``_TRANSIENT_STATUS_CODES``."""

PER_SUCCESS = 1
"""Tokens that an answer brings which was not a retry's."""

FULL_AFTER = 3600.0
"""Seconds after the last retry that was paid for or refused, when the bucket is full again: what
failed an hour ago says nothing about now (our own choice, 2026-11; the SDKs live for less)."""

TOUCH_SECONDS = 60.0
"""Refused retries are noted no more often: each note is a write."""


@attrs.frozen
class Reservation:
    """What a call has set aside for one retry.

    Attributes:
        key: Of the bucket's record.
        target: Name of the target that it may try again.
        cost: Tokens.
        is_used: True once the retry was taken; else the tokens are given back.
    """

    key: str
    target: str
    cost: int
    is_used: bool = False


def reserve(
    overlay: MarksOverlay, place: TargetKeys, target: Target, error: Error, now: float
) -> Reservation | None:
    """Set aside what a retry at ``target`` costs after ``error``; ``None``: there is not as much.

    In the step that tells the call of it, or all that fail at once would see the same full bucket.
    """
    size, key = place.pool.retry_budget, place.retry_budget
    if not size:
        return Reservation(key, target.name, 0)
    old = overlay.get(key)
    cost = THROTTLED_COST if error.reason is Reason.RATE_LIMIT else COST
    spent = _spent(old, now)
    if spent + cost <= size:
        overlay.put(key, _drawn(old if spent else None, spent + cost, size, now))
        return Reservation(key, target.name, cost)
    if old is not None and now - old.failed >= TOUCH_SECONDS:
        overlay.put(key, _drawn(old, spent, size, now))
    return None


def take(
    overlay: MarksOverlay, held: Reservation, target: Target | None, now: float, *, is_granted: bool
) -> Reservation | None:
    """What is held after a take, of ``target`` where the call has waited for that alone.

    Only a retry waits for the target where the call failed just before: a repair goes there at
    once, a way back leads elsewhere. What is not to be had yet may be waited for once more.
    """
    if held.is_used or target is None or target.name != held.target:
        give_back(overlay, held, now)
        return None
    return attrs.evolve(held, is_used=True) if is_granted else held


def give_back(overlay: MarksOverlay, held: Reservation | None, now: float) -> None:
    """Give back what was set aside for a retry that was not made."""
    if held is not None and not held.is_used:
        _refill(overlay, held.key, held.cost, now)


def note_success(
    overlay: MarksOverlay, place: TargetKeys, held: Reservation | None, now: float
) -> None:
    """Fill the bucket after an answer: with what the retry cost, where it was one."""
    tokens = PER_SUCCESS if held is None else held.cost
    _refill(overlay, place.retry_budget, tokens, now)


def tokens_left(record: Record | None, size: int, now: float) -> int:
    """Tokens in the bucket of ``size`` at ``now`` (epoch)."""
    return size - min(size, _spent(record, now))


def _refill(overlay: MarksOverlay, key: str, tokens: int, now: float) -> None:
    record = overlay.get(key)
    if record is None:
        return
    spent = _spent(record, now) - tokens
    # A full bucket needs no record, so that a board where nothing is wrong stays empty.
    full = spent <= 0
    overlay.put(key, None if full else attrs.evolve(record, spent=spent, requested=now))


def _spent(record: Record | None, now: float) -> int:
    return 0 if record is None or now - record.failed >= FULL_AFTER else record.spent


def _drawn(old: Record | None, spent: int, size: int, now: float) -> Record:
    since = now if old is None else old.since
    return Record(None, since, now, now, now, failures=0, spent=spent, budget=size)
