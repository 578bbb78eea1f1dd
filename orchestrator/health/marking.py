"""How a failure marks: what, for how long, and what a further failure makes of it.

Lengths are the contract's (2026-11): a bench lasts 5 minutes doubling to 1 hour, a
cooldown 1 second doubling to 30, a circuit 5 seconds doubling to 10 after 3 calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from orchestrator.health.records import Record, Slot, Subject
from states.error import Error
from states.reasons import Reason, Scope
from states.standby import Mark

FAILING_CALLS = 3
"""Calls in a row that must fail before a circuit opens."""

YEAR = 366 * 86_400.0
"""Seconds that a mark lasts at most, whatever a provider names."""

TOP_LEVEL = 16
"""Levels are not counted beyond this; every schedule has reached its top long before."""


@attrs.frozen
class Rule:
    """What a reason marks.

    Attributes:
        slot: The kind of failure.
        subject: What is marked.
        mark: The mark.
        first: Seconds that the first mark lasts; each further one twice as long.
        top: Seconds that a mark lasts at most.
        named: True where the failure's own ``retry_after`` goes before the schedule.
    """

    slot: Slot
    subject: Subject
    mark: Mark
    first: float
    top: float
    named: bool = False

    def seconds(self, level: int, error: Error) -> float:
        """How long a mark of ``level`` lasts after ``error``."""
        if self.named and error.retry_after is not None:
            return min(YEAR, max(0.0, error.retry_after))
        return min(self.top, self.first * 2.0**level)


_BILLING = Rule(Slot.BILLING, Subject.PROVIDER, Mark.BENCH, 300.0, 3600.0, named=True)
_RATE_LIMIT = Rule(Slot.RATE_LIMIT, Subject.CREDENTIAL, Mark.COOLDOWN, 1.0, 30.0, named=True)
_AUTH = Rule(Slot.AUTH, Subject.CREDENTIAL, Mark.BENCH, 300.0, 3600.0)
_REFUSED = Rule(Slot.REFUSED, Subject.TARGET, Mark.BENCH, 300.0, 3600.0)
_TARGET_CIRCUIT = Rule(Slot.CIRCUIT, Subject.TARGET, Mark.CIRCUIT, 5.0, 10.0)
_PROVIDER_CIRCUIT = Rule(Slot.CIRCUIT, Subject.PROVIDER, Mark.CIRCUIT, 5.0, 10.0)

RULES: Mapping[Reason, Rule] = MappingProxyType(
    {
        Reason.BILLING: _BILLING,
        Reason.RATE_LIMIT: _RATE_LIMIT,
        Reason.AUTH: _AUTH,
        Reason.FORBIDDEN: _REFUSED,
        Reason.MODEL_NOT_FOUND: _REFUSED,
        Reason.OVERLOADED: _TARGET_CIRCUIT,
        Reason.SERVER_ERROR: _TARGET_CIRCUIT,
        Reason.TIMEOUT: _TARGET_CIRCUIT,
        Reason.STREAM_INTERRUPTED: _TARGET_CIRCUIT,
        Reason.INVALID_RESPONSE: _TARGET_CIRCUIT,
        Reason.CONNECTION: _PROVIDER_CIRCUIT,
    }
)
"""What each reason marks; the others mark nothing."""

_NARROWER: Mapping[tuple[Reason, Scope], Subject] = MappingProxyType(
    {
        (Reason.BILLING, Scope.KEY): Subject.CREDENTIAL,
        (Reason.BILLING, Scope.MODEL): Subject.TARGET,
        (Reason.RATE_LIMIT, Scope.MODEL): Subject.CREDENTIAL_MODEL,
    }
)


def rule_for(error: Error) -> Rule | None:
    """The rule for ``error``, narrowed to its scope; ``None`` where nothing is marked."""
    rule = RULES.get(error.reason)
    if rule is None or error.scope is None:
        return rule
    return attrs.evolve(rule, subject=_NARROWER.get((error.reason, error.scope), rule.subject))


def marked(old: Record | None, rule: Rule, error: Error, now: float, *, probe: bool) -> Record:
    """The mark after ``error`` at ``now``.

    Calls that were under way together fail together: a failure that finds the mark
    in force is the same news and does not lengthen it by a level.

    Args:
        old: The record so far.
        rule: A rule for a bench or a cooldown.
        error: The failure.
        now: When it was reported (epoch).
        probe: True where the request was the probe of this very mark.
    """
    if rule.slot is Slot.AUTH and error.revoked:
        return _fresh(old, Mark.DEAD, error, now, 0.0)
    if old is None or old.mark is None:
        return _fresh(None, rule.mark, error, now, rule.seconds(0, error))
    if old.mark is Mark.DEAD or (probe and is_early(old)):
        return unmoved(old, error, now)
    if probe or old.until <= now:
        return lengthened(old, rule, error, now)
    seconds = rule.seconds(old.level, error)
    return attrs.evolve(unmoved(old, error, now), until=max(old.until, now + seconds))


def counted(old: Record | None, rule: Rule, error: Error, now: float) -> Record:
    """The circuit after one more failing call, which was not its probe."""
    if old is None:
        return Record(None, now, now, now, now, error=error)
    news = attrs.evolve(unmoved(old, error, now), failures=old.failures + 1)
    if old.mark is not None or news.failures < FAILING_CALLS:
        return news
    seconds = rule.seconds(0, error)
    return attrs.evolve(
        news, mark=rule.mark, since=now, until=now + seconds, level=0, seconds=seconds
    )


def lengthened(old: Record, rule: Rule, error: Error, now: float) -> Record:
    """The mark in force again, one level up."""
    level = min(TOP_LEVEL, old.level + 1)
    seconds = rule.seconds(level, error)
    # A cooldown that ended was over; a bench that ended goes on until a success.
    since = now if old.mark is Mark.COOLDOWN else old.since
    return attrs.evolve(
        unmoved(old, error, now),
        since=since,
        until=now + seconds,
        level=level,
        seconds=seconds,
        failures=old.failures + 1,
    )


def rearmed(old: Record, now: float) -> Record:
    """The mark in force again for as long as before: its probe failed for another reason."""
    until = old.until if is_early(old) else now + old.seconds
    return attrs.evolve(old, until=until, failed=now, requested=now)


def unmoved(old: Record, error: Error, now: float) -> Record:
    """The mark with its end unchanged and the newest failure remembered."""
    return attrs.evolve(old, failed=now, requested=now, error=error)


def is_early(record: Record) -> bool:
    """True where the probe under way was granted before the mark ended."""
    return record.claim is not None and record.claim.early


def _fresh(old: Record | None, mark: Mark, error: Error, now: float, seconds: float) -> Record:
    failures = 1 if old is None else old.failures + 1
    return Record(
        mark, now, now + seconds, now, now, seconds=seconds, failures=failures, error=error
    )
