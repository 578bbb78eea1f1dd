"""Penalties of failures: what is marked, for how long, and what a further failure adds.

A wait of up to 5 minutes that a rate limit names is a fact: a cooldown, which simply ends.
A longer one, whoever names it, is an expectation: a bench with due dates, at each of which
one call may probe. So money that was added, or a window that opened early, is noticed.

Lengths are our own choice (2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import attrs

from orchestrator.health.records import TOLERANCE, MarkKind, MarkScope, Record
from orchestrator.pooling import Accounts
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark
from orchestrator.states.reasons import SPECS, MarkSpec, Reason, Scope

FAILING_CALLS = 3
"""Calls in a row that must fail before a circuit opens."""

LONGEST_COOLDOWN = 300.0
"""Seconds up to which a named wait is a fact; a longer one is an expectation."""

YEAR = 366 * 86_400.0
"""Seconds that a mark is expected to last at most, whatever a provider names."""

TOP_LEVEL = 16
"""Levels are not counted beyond this; every schedule has reached its top long before."""

MOST_FINGERPRINTS = 100
"""Credentials that a mark of their account remembers: one in a pool is enough to hold it."""

Schedule = tuple[float, ...]
"""Seconds that the first mark lasts, the second in a row, ...; the last of them holds on."""

_COOLDOWN: Schedule = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
CIRCUIT: Schedule = (5.0, 10.0)
_BENCH: Schedule = (300.0, 600.0, 1200.0, 2400.0, 3600.0)
_LONG_WAIT: Schedule = (60.0, *_BENCH)
"""Of what usually ends within seconds one expects more."""

LONGEST: Mapping[Mark, float] = MappingProxyType(
    {
        Mark.COOLDOWN: LONGEST_COOLDOWN,
        Mark.CIRCUIT: CIRCUIT[-1],
        Mark.BENCH: _BENCH[-1],
    }
)
"""Seconds until a mark ends, or is due again, at most."""


@attrs.frozen
class Penalty:
    """What a failure marks.

    Attributes:
        kind: The kind of failure.
        scope: What is marked.
        mark: The mark.
        schedule: How long it lasts.
        named: Seconds that the failure itself names and that hold in place of the
            schedule, ``None`` where it names none.
        expected: Seconds that the failure names and that are only expected.
    """

    kind: MarkKind
    scope: MarkScope
    mark: Mark
    schedule: Schedule
    named: float | None = None
    expected: float | None = None

    def seconds(self, level: int) -> float:
        """How long a mark of ``level`` lasts."""
        if self.named is not None:
            return self.named
        return self.schedule[max(0, min(level, len(self.schedule) - 1))]


_SCHEDULES: Mapping[Mark, Schedule] = MappingProxyType(
    {Mark.COOLDOWN: _COOLDOWN, Mark.CIRCUIT: CIRCUIT, Mark.BENCH: _BENCH}
)


def _penalty(spec: MarkSpec) -> Penalty:
    mark = Mark(spec.mark)
    return Penalty(MarkKind(spec.slot), MarkScope(spec.subject), mark, _SCHEDULES[mark])


PENALTIES: Mapping[Reason, Penalty] = MappingProxyType(
    {reason: _penalty(spec.mark) for reason, spec in SPECS.items() if spec.mark is not None}
)
"""What each reason marks; the others mark nothing."""

_QUOTED: Mapping[Reason, Penalty] = MappingProxyType(
    {r: _penalty(spec.quoted.mark) for r, spec in SPECS.items() if spec.quoted is not None}
)
"""Where a relay quotes them they are its own trouble: no key and no account of ours."""

_BY_SCOPE: Mapping[tuple[Reason, Scope], MarkScope] = MappingProxyType(
    {
        (reason, scope): MarkScope(subject)
        for reason, spec in SPECS.items()
        if spec.mark is not None
        for scope, subject in spec.mark.subjects.items()
    }
)


def penalty_for(error: Error, accounts: Accounts = Accounts.SEPARATE) -> Penalty | None:
    """What ``error`` marks; ``None`` where it marks nothing.

    Args:
        error: The failure.
        accounts: Whose limits the credentials of the pool meet.
    """
    if error.empty or error.scope is Scope.REQUEST:
        return None
    penalty = PENALTIES.get(error.reason)
    if penalty is None:
        return None
    # A relay that passes on the words of its own provider: the account is not ours.
    if error.quoted and error.reason in _QUOTED:
        penalty = _QUOTED[error.reason]
    elif error.scope is not None:
        penalty = attrs.evolve(penalty, scope=_scope(penalty, error.reason, error.scope, accounts))
    return _timed(penalty, error.retry_after)


def _scope(penalty: Penalty, reason: Reason, scope: Scope, accounts: Accounts) -> MarkScope:
    # All keys meet the same limit: to try the next one is one more refused request.
    if reason is Reason.RATE_LIMIT and scope is Scope.ACCOUNT and accounts is Accounts.ONE:
        return MarkScope.PROVIDER
    return _BY_SCOPE.get((reason, scope), penalty.scope)


def _timed(penalty: Penalty, wait: float | None) -> Penalty:
    """``penalty`` with the wait that the failure names, in seconds."""
    if wait is None:
        return penalty
    # The contract: a longer wait is an expectation, whoever names it, and is probed.
    if wait > LONGEST_COOLDOWN:
        schedule = _BENCH if penalty.mark is Mark.BENCH else _LONG_WAIT
        return attrs.evolve(penalty, mark=Mark.BENCH, schedule=schedule, expected=min(YEAR, wait))
    # A bench is not cut short by words, only by a probe. A circuit is the call's own to wait for.
    return attrs.evolve(penalty, named=max(0.0, wait)) if penalty.mark is Mark.COOLDOWN else penalty


def apply_penalty(
    old: Record | None, penalty: Penalty, error: Error, now: float, *, probe: bool
) -> Record:
    """The mark after ``error`` at ``now``.

    Calls that were under way together fail together: a failure that finds the mark
    in force is the same news and does not lengthen it by a level.

    Args:
        old: The record so far.
        penalty: The penalty for ``error``.
        error: The failure.
        now: When it was reported (epoch).
        probe: True where the request was the probe of this very mark.
    """
    if penalty.kind is MarkKind.AUTH and error.revoked:
        gone = Penalty(penalty.kind, penalty.scope, Mark.DEAD, (0.0,))
        return _fresh(old, gone, error, now)
    if old is None or old.mark is None:
        # A top-up ended its bench, and no call was answered since: the doubling goes on.
        again = old is not None and penalty.kind is MarkKind.BILLING
        level = min(TOP_LEVEL, old.level + 1) if old is not None and again else 0
        return _fresh(old, penalty, error, now, level)
    # Revoked is for good: a later 429 of the same key says nothing better.
    if old.mark is Mark.DEAD:
        return touch(old, error, now)
    # Twenty calls that were under way meet one limit: that is one failure, not twenty levels.
    if not probe and old.until > now + TOLERANCE:
        return _in_force(old, penalty, error, now)
    if old.mark is not penalty.mark and (
        penalty.mark is Mark.BENCH or error.retry_after is not None
    ):
        # It names another kind of wait than the mark was about, and knows better.
        return _fresh(old, penalty, error, now)
    # The contract: a failed early probe does not lengthen the bench.
    if probe and is_early(old):
        return _expecting(touch(old, error, now), penalty, now)
    return escalate(old, penalty, error, now)


def count_failure(
    old: Record | None,
    penalty: Penalty,
    error: Error,
    now: float,
    cut_first_token: float | None = None,
) -> Record:
    """The circuit after one more failing call, which was not its probe.

    Args:
        old: The record so far.
        penalty: The penalty for a circuit.
        error: The failure.
        now: When the call left (epoch).
        cut_first_token: The first-token limit, in seconds, that cut its wait, if one did.
    """
    if old is None:
        return Record(None, now, now, now, now, error=error, cut_first_token=cut_first_token)
    news = with_cut_limit(touch(old, error, now), cut_first_token)
    news = attrs.evolve(news, failures=old.failures + 1)
    # Counting does not lengthen what is open already: only its probe tells about it.
    if old.mark is not None or news.failures < FAILING_CALLS:
        return news
    seconds = penalty.seconds(0)
    return attrs.evolve(
        news, mark=penalty.mark, since=now, until=now + seconds, level=0, seconds=seconds
    )


def with_cut_limit(record: Record, cut_first_token: float | None) -> Record:
    """``record`` with the first-token limit that cut the last wait, where one did."""
    if cut_first_token is None:
        return record
    return attrs.evolve(record, cut_first_token=cut_first_token)


def with_credential(record: Record, before: Sequence[str], fingerprint: str) -> Record:
    """``record`` of a thing that a credential's account met, as those did ``before`` it.

    Args:
        record: The mark.
        before: The fingerprints that were remembered.
        fingerprint: That of the credential that was sent.
    """
    known = [each for each in before if each != fingerprint]
    return attrs.evolve(record, credentials=(*known[1 - MOST_FINGERPRINTS :], fingerprint))


def escalate(old: Record, penalty: Penalty, error: Error, now: float) -> Record:
    """The mark in force again, one level up."""
    level = min(TOP_LEVEL, old.level + 1)
    if old.mark is not penalty.mark:
        # A long wait was named before, and nothing now: it is expected as before.
        penalty = attrs.evolve(penalty, mark=Mark.BENCH, schedule=_LONG_WAIT)
    seconds = penalty.seconds(level)
    # A cooldown that ended was over; a bench that ended goes on until a success.
    since = now if old.mark is Mark.COOLDOWN else old.since
    longer = attrs.evolve(
        touch(old, error, now),
        since=since,
        until=now + seconds,
        level=level,
        seconds=seconds,
        failures=old.failures + 1,
    )
    return _expecting(longer, penalty, now)


def renew(old: Record, now: float) -> Record:
    """The mark in force again for as long as before: its probe failed for another reason."""
    # As long as before, not longer: another reason says nothing about this mark.
    until = old.until if is_early(old) else now + old.seconds
    again = attrs.evolve(old, until=until, failed=now, requested=now)
    return _until_expected(again, old.expected, now)


def touch(old: Record, error: Error, now: float) -> Record:
    """The mark with its end unchanged and the newest failure remembered."""
    return attrs.evolve(old, failed=now, requested=now, error=error)


def is_early(record: Record) -> bool:
    """True where the probe under way was granted before the mark ended."""
    return record.claim is not None and record.claim.early


def lifted(record: Record) -> Record | None:
    """What is left of a mark that an answer disproves; ``None`` for nothing."""
    balance = record.balance
    if balance is None:
        return None
    # The contract: a call that is answered outweighs what the vendor says of its money.
    heard = attrs.evolve(balance, is_disproved=balance.said is not None and balance.said.is_empty)
    return attrs.evolve(record, mark=None, claim=None, error=None, balance=heard)


def _fresh(
    old: Record | None, penalty: Penalty, error: Error, now: float, level: int = 0
) -> Record:
    seconds = penalty.seconds(level)
    record = Record(penalty.mark, now, now + seconds, now, now, level, seconds, error=error)
    if old is not None:
        record = attrs.evolve(
            record,
            failures=old.failures + 1,
            claim=old.claim,
            credentials=old.credentials,
            cut_first_token=old.cut_first_token,
        )
    return _expecting(record, penalty, now)


def _in_force(old: Record, penalty: Penalty, error: Error, now: float) -> Record:
    """The mark after more of the same news; a shorter wait does not cut a longer one."""
    if penalty.mark is Mark.BENCH and old.mark is not Mark.BENCH:
        return _fresh(old, penalty, error, now)
    news = touch(old, error, now)
    if penalty.mark is Mark.COOLDOWN and old.mark is Mark.COOLDOWN:
        seconds = penalty.seconds(old.level)
        later = now + seconds > old.until
        return attrs.evolve(news, until=now + seconds, seconds=seconds) if later else news
    if penalty.expected is None:
        return news
    return _until_expected(news, max(now + penalty.expected, old.expected or 0.0), now)


def _expecting(record: Record, penalty: Penalty, now: float) -> Record:
    """``record`` with what its newest failure names in place of what was expected before."""
    newest = record.expected if penalty.expected is None else now + penalty.expected
    return _until_expected(record, newest, now)


def _until_expected(record: Record, expected: float | None, now: float) -> Record:
    """``record``, due at the latest at ``expected``, where that is still to come."""
    if expected is None or expected <= now + TOLERANCE:
        return attrs.evolve(record, expected=None) if record.expected is not None else record
    return attrs.evolve(record, expected=expected, until=min(record.until, expected))
