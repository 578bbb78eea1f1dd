"""Correction of records at an instant: nothing in them comes from the future. Pure.

The wall clock is shared by processes but may be set back, and a row may hold nonsense. So
no mark outlives its own length: what lies too far ahead counts as having begun now.
"""

from __future__ import annotations

import attrs

from orchestrator.health.balance import AccountBalance, corrected_balance
from orchestrator.health.penalties import LONGEST, YEAR
from orchestrator.health.records import Claim, Record

SKEW = 1.0
"""Seconds by which one call's time may be ahead of another's: each counts its own from its
start, and the wall clock is slewed meanwhile. So much is not worth a correction."""

LONGEST_CLAIM = 3600.0
"""Seconds that a probe belongs to one call at most."""


def corrected(record: Record, now: float) -> Record:
    """``record`` as it can be at ``now`` (epoch); itself where all of it can be."""
    ends = now + _length(record)
    # Nearly every record is sound, and is told again as it is: no copy, and no write.
    if _is_sound(record, now + SKEW, ends + SKEW):
        return record
    return attrs.evolve(
        record,
        since=min(record.since, now),
        until=min(record.until, ends),
        failed=min(record.failed, now),
        requested=min(record.requested, now),
        seconds=max(0.0, record.seconds),
        claim=_claim(record.claim, now),
        expected=_expected(record.expected, now),
        cut_first_token=record.cut_first_token if _is_limit(record) else None,
        balance=None if record.balance is None else corrected_balance(record.balance, now),
        spent=max(0, record.spent),
    )


def dated(record: Record, seconds: float) -> Record:
    """``record`` with all its instants so many seconds later: told by another clock."""
    claim, expected, balance = record.claim, record.expected, record.balance
    return attrs.evolve(
        record,
        since=record.since + seconds,
        until=record.until + seconds,
        failed=record.failed + seconds,
        requested=record.requested + seconds,
        claim=None if claim is None else attrs.evolve(claim, expires=claim.expires + seconds),
        expected=None if expected is None else expected + seconds,
        balance=None if balance is None else _dated_balance(balance, seconds),
    )


def _dated_balance(known: AccountBalance, seconds: float) -> AccountBalance:
    at, asked = (when + seconds if when else 0.0 for when in (known.at, known.asked))
    return attrs.evolve(known, at=at, asked=asked)


def _is_sound(record: Record, now: float, ends: float) -> bool:
    return (
        record.since <= now
        and record.failed <= now
        and record.requested <= now
        and record.until <= ends
        and record.seconds >= 0.0
        and record.spent >= 0
        and (record.claim is None or record.claim.expires <= now + _granted(record.claim))
        and (record.expected is None or record.expected <= now + YEAR)
        and _is_limit(record)
        and (record.balance is None or corrected_balance(record.balance, now) is record.balance)
    )


def _length(record: Record) -> float:
    """Seconds for which the mark may still stand; without one, ``until`` means nothing."""
    # A count does not stand in the way, so nothing of it can do so for too long.
    if record.mark is None:
        return 0.0
    return max(0.0, min(record.seconds, LONGEST.get(record.mark, 0.0)))


def _granted(claim: Claim) -> float:
    return max(0.0, min(claim.seconds, LONGEST_CLAIM))


def _claim(claim: Claim | None, now: float) -> Claim | None:
    if claim is None:
        return None
    # A claim from the future would keep everybody from a target until the clock gets there.
    return attrs.evolve(claim, expires=min(claim.expires, now + _granted(claim)))


def _expected(expected: float | None, now: float) -> float | None:
    return None if expected is None else min(expected, now + YEAR)


def _is_limit(record: Record) -> bool:
    """False where the limit that cut a wait cannot have been one."""
    return record.cut_first_token is None or 0.0 < record.cut_first_token <= YEAR
