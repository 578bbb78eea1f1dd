"""Snapshot of the board, for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from orchestrator.health.availability import MarksOverlay, ends, expected
from orchestrator.health.balance import AccountBalance
from orchestrator.health.records import MarkKind, Marks, MarkScope, Record, TargetKeys
from orchestrator.health.retry_budget import COST, tokens_left
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark

_COUNTS = (MarkKind.UNKNOWN, MarkKind.RETRY_BUDGET)
"""What is shown in a way of its own."""


@attrs.frozen
class BoardRow:
    """What is known of one provider, credential or target.

    Attributes:
        provider: The provider entry.
        credential: The label, where this is about a credential.
        model: The model, where this is about a target, or about a credential for
            one model only.
        mark: What stands in the way, ``None`` where nothing does. A bench or circuit
            that has ended is still shown: it waits for its probe (:attr:`due`).
        since: When the mark began (epoch), ``None`` without a mark.
        until: When it ends (epoch), of a bench: when one call may probe next; infinite for
            ``DEAD``, ``None`` without a mark.
        error: The remembered failure.
        failures: Failures in a row.
        due: True where the mark has ended and the next call probes.
        probed: True where a call's probe is under way.
        unknown: How many failures of a target were of no known class.
        expected: Of a bench: when it ends by what the failure itself said (epoch), ``None``
            where it said nothing, or that is over.
        kind: Of what kind of failure the mark is, ``None`` without one.
        balance: What is known of the money of a provider; ``None`` where nobody has asked.
        retry_tokens: Of a provider: what retries there may still spend; ``None`` without a budget.
        retry_budget: Of a provider: what they may spend at most, 0 without a budget.
    """

    provider: str
    credential: str | None = None
    model: str | None = None
    mark: Mark | None = None
    since: float | None = None
    until: float | None = None
    error: Error | None = None
    failures: int = 0
    due: bool = False
    probed: bool = False
    unknown: int = 0
    expected: float | None = None
    kind: MarkKind | None = None
    balance: AccountBalance | None = None
    retry_tokens: int | None = None
    retry_budget: int = 0

    @property
    def has_paused_retries(self) -> bool:
        """True where too many retries came to nothing, so that none is made for now."""
        return self.retry_tokens is not None and self.retry_tokens < COST


def board_rows(
    marks: Marks, places: Iterable[TargetKeys], providers: Iterable[TargetKeys], now: float
) -> tuple[BoardRow, ...]:
    """One entry for each provider, each of its credentials and each target.

    A credential has one more for each model for which it alone is marked.

    Args:
        marks: The records.
        places: The targets to show.
        providers: One place of each provider entry, whatever its model.
        now: The instant (epoch).
    """
    # In the pool's order, since that is the order of the config that people compare it with.
    shown = []
    for provider in providers:
        entry = _entry(marks, provider, MarkScope.PROVIDER, "", now)
        shown.append(_with_budget(entry, marks, provider, now))
        shown.extend(
            _entry(marks, provider, MarkScope.CREDENTIAL, label, now) for label in provider.labels
        )
        for place in places:
            if place.pool is provider.pool:
                shown.extend(_of_target(marks, place, now))
    return tuple(shown)


def _with_budget(entry: BoardRow, marks: Marks, place: TargetKeys, now: float) -> BoardRow:
    size = place.pool.retry_budget
    if not size:
        return entry
    bucket = MarksOverlay(marks, now).get(place.retry_budget)
    return attrs.evolve(entry, retry_tokens=tokens_left(bucket, size, now), retry_budget=size)


def _of_target(marks: Marks, place: TargetKeys, now: float) -> list[BoardRow]:
    narrow = [_entry(marks, place, MarkScope.CREDENTIAL_MODEL, each, now) for each in place.labels]
    return [
        _entry(marks, place, MarkScope.TARGET, "", now),
        # For each model of each key there would be a row, and nearly all of them say nothing.
        *(entry for entry in narrow if entry.mark is not None),
    ]


def _entry(marks: Marks, place: TargetKeys, scope: MarkScope, label: str, now: float) -> BoardRow:
    found = _records(marks, place, scope, label, now)
    records = [record for _, record in found]
    unknown = marks.get(place.key(MarkKind.UNKNOWN, scope, label))
    entry = BoardRow(
        provider=place.pool.provider,
        credential=label or None,
        model=place.model if scope.names_model else None,
        failures=max((record.failures for record in records), default=0),
        unknown=unknown.failures if unknown is not None else 0,
        balance=next((record.balance for record in records if record.balance), None),
    )
    # Of several marks people are shown the one that must end last before calls go there.
    standing = [(kind, record) for kind, record in found if _stands(record, now)]
    if not standing:
        return entry
    kind, record = max(standing, key=lambda one: _weight(one[0], one[1], now))
    return _with_mark(entry, kind, record, now)


def _records(
    marks: Marks, place: TargetKeys, scope: MarkScope, label: str, now: float
) -> Sequence[tuple[MarkKind, Record]]:
    kinds = {place.key(kind, scope, label): kind for kind in MarkKind}
    found = MarksOverlay(marks, now).holding(place, kinds)
    return [(kinds[key], record) for key, record in found if kinds[key] not in _COUNTS]


def _stands(record: Record, now: float) -> bool:
    if record.mark is None:
        return False
    # A cooldown that ended is over; the others wait for the probe that lifts them.
    return record.mark is not Mark.COOLDOWN or record.until > now


def _weight(kind: MarkKind, record: Record, now: float) -> tuple[bool, bool, bool, float]:
    """What binds most comes last: in force, being probed, then merely due."""
    # That of the money spares targets which cost nothing, so any other binds more.
    binds = kind is not MarkKind.BALANCE
    return ends(record) > now, _is_probed(record, now), binds, ends(record)


def _is_probed(record: Record, now: float) -> bool:
    return record.claim is not None and record.claim.expires > now


def _with_mark(entry: BoardRow, kind: MarkKind, record: Record, now: float) -> BoardRow:
    probed = _is_probed(record, now)
    return attrs.evolve(
        entry,
        mark=record.mark,
        # Another process's clock may be ahead; a mark of the future would confuse a reader.
        since=min(record.since, now),
        until=ends(record),
        error=record.error,
        due=ends(record) <= now and not probed,
        probed=probed,
        expected=expected(record, now),
        kind=kind,
    )
