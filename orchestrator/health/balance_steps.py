"""Steps of the board about money: who asks a vendor, and what follows from its answer. Pure."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from orchestrator.health.availability import ANYBODY, MarksOverlay
from orchestrator.health.balance import (
    BENCH_SECONDS,
    WORD_SECONDS,
    AccountBalance,
    BalanceStatement,
    MoneyMarks,
    asked_now,
    judge_statement,
    next_question,
    unanswered,
)
from orchestrator.health.clock_skew import SKEW
from orchestrator.health.records import TOLERANCE, MarkKind, Marks, MarkScope, Record, TargetKeys
from orchestrator.health.steps import CallClaims, StepOutcome
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark

_NOBODY = CallClaims(ANYBODY)
"""A question of the vendor is no call's: there is nothing to take and to give back."""


def known_balance(marks: Marks, place: TargetKeys, now: float) -> AccountBalance | None:
    """What is known of the money of the provider of ``place``; ``None`` where nobody has asked."""
    record = _held(MarksOverlay(marks, now), place, MarkKind.BALANCE)
    return None if record is None else record.balance


def question_due(marks: Marks, place: TargetKeys, every: float, now: float) -> float:
    """When the vendor is to be asked next (epoch); see :func:`.balance.next_question`."""
    return _due(MarksOverlay(marks, now), place, every, now)


def begin_question(marks: Marks, place: TargetKeys, every: float, now: float) -> StepOutcome[bool]:
    """Whether the caller is the one that asks now: one of all processes, and once an interval."""
    overlay = MarksOverlay(marks, now)
    if _due(overlay, place, every, now) > now + TOLERANCE:
        return StepOutcome(False, {}, _NOBODY)
    _keep(overlay, place, lambda known: asked_now(known, now), now)
    return StepOutcome(True, overlay.changes, _NOBODY)


def miss(marks: Marks, place: TargetKeys, trouble: str, now: float) -> StepOutcome[None]:
    """A question came to nothing, for ``trouble``: that marks nothing."""
    overlay = MarksOverlay(marks, now)
    _keep(overlay, place, lambda known: unanswered(known, trouble), now)
    return StepOutcome(None, overlay.changes, _NOBODY)


def hear(
    marks: Marks, place: TargetKeys, label: str, said: BalanceStatement, error: Error, now: float
) -> StepOutcome[BalanceStatement | None]:
    """A vendor said ``said``; the answer is what it said before.

    Args:
        marks: As they are.
        place: Any place of the provider.
        label: The credential with which it was asked.
        said: What it said.
        error: What keeps calls away where it calls the account empty.
        now: The instant (epoch).
    """
    overlay = MarksOverlay(marks, now)
    old, billing = (_held(overlay, place, kind) for kind in (MarkKind.BALANCE, MarkKind.BILLING))
    before = None if old is None else old.balance
    effect = judge_statement(
        before,
        said,
        now,
        billed=None if billing is None else billing.failed,
        is_billed=billing is not None and billing.mark is not None,
        is_lengthened=billing is not None and billing.level > 0,
    )
    if effect.ends_billing and billing is not None:
        # Its level stays: where the next call is billed again, the doubling goes on.
        ended = attrs.evolve(billing, mark=None, until=now, claim=None, expected=None)
        overlay.put(place.key(MarkKind.BILLING, MarkScope.PROVIDER), ended)
    figures = Record(None, now, now, now, now, failures=0, balance=effect.balance)
    record = _benched(old, figures, error, now) if effect.benches else figures
    credentials = (place.fingerprints[label],)
    overlay.put(_key(place), attrs.evolve(record, credentials=credentials))
    return StepOutcome(None if before is None else before.said, overlay.changes, _NOBODY)


def _benched(old: Record | None, figures: Record, error: Error, now: float) -> Record:
    until = now + BENCH_SECONDS
    bench = attrs.evolve(figures, mark=Mark.BENCH, until=until, seconds=BENCH_SECONDS, error=error)
    if old is None or old.mark is None:
        return bench
    # A word may be wrong for ever. Where no call has looked for so long, it renews nothing, and
    # the bench comes due: an answer disproves the word.
    if now >= old.requested + WORD_SECONDS:
        bench = attrs.evolve(bench, until=old.until)
    # The same news again: it goes on, with the probe that may be under way. When a call was sent
    # there last is not for a question to move, which is none.
    return attrs.evolve(bench, since=old.since, requested=old.requested, claim=old.claim)


def _key(place: TargetKeys) -> str:
    return place.key(MarkKind.BALANCE, MarkScope.PROVIDER)


def _held(overlay: MarksOverlay, place: TargetKeys, kind: MarkKind) -> Record | None:
    """The provider's record of ``kind``, where it is about an account that the pool has."""
    found = overlay.holding(place, [place.key(kind, MarkScope.PROVIDER)])
    return next((record for _, record in found), None)


def _due(overlay: MarksOverlay, place: TargetKeys, every: float, now: float) -> float:
    stored = overlay.base.get(_key(place))
    if stored is not None and stored.balance is not None and stored.balance.asked > now + SKEW:
        # The clock was set back. Corrected at each look, it would be asked never: a look writes
        # nothing.
        return 0.0
    record, billing = (_held(overlay, place, kind) for kind in (MarkKind.BALANCE, MarkKind.BILLING))
    billed = billing is not None and billing.mark is not None
    benched = billed or (record is not None and record.mark is not None)
    marks = MoneyMarks(benched, billing.until if billing is not None and billed else None)
    return next_question(None if record is None else record.balance, every, marks)


def _keep(
    overlay: MarksOverlay,
    place: TargetKeys,
    change: Callable[[AccountBalance | None], AccountBalance],
    now: float,
) -> None:
    """Put what ``change`` makes of what is known of the money."""
    old = _held(overlay, place, MarkKind.BALANCE)
    record = Record(None, now, now, now, now, failures=0) if old is None else old
    if record.mark is None:
        record = attrs.evolve(record, requested=now)  # it is in use, and not to be forgotten
    overlay.put(_key(place), attrs.evolve(record, balance=change(record.balance)))
