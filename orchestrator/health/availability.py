"""Availability of targets at one instant: marks in, blockers and a standby out. Pure.

What anybody would see of a pool is kept with the marks, told again until something in it
ends, and after a change only the credentials that it is about are looked at anew. So a look
costs much the same whether a pool has one credential or a thousand.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from orchestrator.health import latency
from orchestrator.health.clock_skew import corrected
from orchestrator.health.records import TOLERANCE, Marks, Record, TargetKeys, marked_labels
from orchestrator.states.error import Error
from orchestrator.states.facts import Clear, Mark, Standby, Target
from orchestrator.states.routing import clears_at

EARLY_SECONDS = 15.0
"""After a start at which nothing stood by, a bench or an open circuit counts as due
this long after the last request there (our own choice, 2026-11)."""

_PROBED_AFTER = frozenset({Mark.BENCH, Mark.CIRCUIT})


class MarksOverlay:
    """Marks at an instant, with changes laid over them, so that a step sees its own.

    Args:
        base: The marks as stored.
        now: The instant (epoch). What the marks cannot be at it is corrected, as a change.
    """

    __slots__ = ("_now", "base", "changes")

    def __init__(self, base: Marks, now: float) -> None:
        self._now = now
        self.base = base
        self.changes: dict[str, Record | None] = {}

    @property
    def empty(self) -> bool:
        """True where there is surely no mark, and no count."""
        return not self.changes and (not self.base or self.base.is_clear)

    def get(self, key: str) -> Record | None:
        """The record of ``key`` as of now in this step."""
        # Also where it was removed: a step must not see again what it has lifted itself.
        if key in self.changes:
            return self.changes[key]
        record = self.base.get(key)
        if record is None:
            return None
        sound = corrected(record, self._now)
        # Written with the step's own changes, or each step would correct it anew.
        if sound is not record:
            self.changes[key] = sound
        return sound

    def put(self, key: str, record: Record | None) -> None:
        """Change a record, or remove it with ``None``."""
        # To remove what is not there is no change, and a step without changes writes nothing.
        if record is not None or self.get(key) is not None:
            self.changes[key] = record

    def holding(self, place: TargetKeys, keys: Iterable[str]) -> Iterator[tuple[str, Record]]:
        """Those of ``keys`` that there is a record of which holds for ``place``."""
        for key in keys:
            record = self.get(key)
            if record is not None and place.holds(record):
                yield key, record

    def labels_at(self, place: TargetKeys) -> Collection[str]:
        """Labels of the place's pool that there is, or was, a record of."""
        return {*self.base.labels_at(place.provider), *self.changed_at(place)}

    def changed_at(self, place: TargetKeys) -> Collection[str]:
        """Labels of the place's pool that the changes are about."""
        if not self.changes:
            return ()
        return marked_labels(self.changes).get(place.provider, ())


@attrs.frozen
class Caller:
    """Who looks.

    Attributes:
        holder: A call's id.
        early: True where benches count as due early for it.
        probing: The label of the credential with which it probes; it sees past the marks
            whose probe it holds.
    """

    holder: str
    early: bool = False
    probing: str | None = None


@attrs.frozen
class Blocker:
    """What stands in the way, and until when (epoch); see :class:`.Clear`."""

    mark: Mark
    at: float
    since: float = -math.inf
    error: Error | None = None
    probed: bool = False
    expected: float | None = None


@attrs.frozen
class Availability:
    """One place at one instant.

    Attributes:
        block: What stands in the way, ``None`` where the place can be sent to.
        ready: Labels of the ready credentials, in the pool's order; empty where it cannot
            be sent to.
    """

    block: Blocker | None
    ready: tuple[str, ...]


@attrs.frozen
class _PoolAvailability:
    """The credentials of a place's pool, from one instant until another (epoch).

    Attributes:
        blocks: What stands in the way of each that is not ready.
        ready: The labels of the others, in the pool's order.
        since: When it was seen.
        until: When the first of the blocks changes.
    """

    blocks: Mapping[str, Blocker]
    ready: tuple[str, ...]
    since: float = -math.inf
    until: float = math.inf

    def holds(self, now: float) -> bool:
        """True where it would be seen at ``now`` too."""
        return self.since <= now < self.until


Route = Sequence[tuple[Target, TargetKeys]]


def find_blocker(record: Record, now: float, caller: Caller) -> Blocker | None:
    """What ``record`` keeps ``caller`` from at ``now``, if anything."""
    mark, claim = record.mark, record.claim
    # The contract: a probe goes to one claimant of all processes; who holds it may send.
    if mark is None or (claim is not None and claim.holder == caller.holder):
        return None
    end, since, error = ends(record, early=caller.early), record.since, record.error
    if end > now + TOLERANCE:
        return Blocker(mark, end, since, error, expected=expected(record, now))
    # A holder that crashed does not give its claim back: then the next caller probes.
    if claim is None or claim.expires <= now + TOLERANCE:
        return None
    return Blocker(mark, claim.expires, since, error, probed=True, expected=expected(record, now))


def ends(record: Record, *, early: bool = False) -> float:
    """When the mark ends (epoch), for good only after a success for one that is probed."""
    if record.mark is Mark.DEAD:
        return math.inf
    # The contract: where nothing stands by at the start, at most one request in 15 s.
    if early and record.mark in _PROBED_AFTER:
        return min(record.until, record.requested + EARLY_SECONDS)
    return record.until


def expected(record: Record, now: float) -> float | None:
    """When the mark ends by what the failure itself said (epoch), where that is to come."""
    named = record.expected
    return named if named is not None and named > now + TOLERANCE else None


def is_probed(record: Record) -> bool:
    """True where a send past this record, which does not block, is its probe."""
    return record.mark in _PROBED_AFTER


def find_availability(
    overlay: MarksOverlay, place: TargetKeys, now: float, caller: Caller
) -> Availability:
    """What stands in the way of ``place``, and which credentials are ready."""
    if overlay.empty and place.labels:
        return Availability(None, place.labels)
    binding = _blockers(overlay, place, place.entry, now, caller)
    pool = _pool(overlay, place, now, caller)
    if not pool.ready:
        # In the pool's order, so that of two that end together all processes tell the same.
        binding.append(_first((pool.blocks[label] for label in place.labels), now))
    block = _last(binding, now) if binding else None
    return Availability(block, () if block else pool.ready)


def standby(
    overlay: MarksOverlay,
    route: Route,
    here: TargetKeys | None,
    now: float,
    caller: Caller,
    started: float,
) -> Standby:
    """What stands by for ``caller``; ``here`` is the place whose credentials are told."""
    targets: list[Target] = []
    clears: list[Clear] = []
    slow: tuple[tuple[str, float], ...] = ()
    for target, place in route:
        block = find_availability(overlay, place, now, caller).block
        if block is not None:
            clears.append(clear(target, block, now, started))
            continue
        targets.append(target)
        needs = latency.unusual(overlay.get(place.first_token), now)
        if needs is not None:
            slow = (*slow, (target.name, needs))
    ready = find_availability(overlay, here, now, caller).ready if here is not None else ()
    return Standby(ready, tuple(targets), tuple(clears), slow)


def clear(target: Target, block: Blocker, now: float, started: float) -> Clear:
    """``block`` in the call's own time."""
    named = None if block.expected is None else block.expected - started
    since = min(block.since, now) - started
    return Clear(target, block.mark, block.at - started, block.error, since, block.probed, named)


def _pool(
    overlay: MarksOverlay, place: TargetKeys, now: float, caller: Caller
) -> _PoolAvailability:
    """The credentials of ``place`` as ``caller`` sees them."""
    # To an early caller other benches are due than to anybody: nothing kept holds for it.
    kept = None if caller.early else _kept(overlay, place, now)
    if kept is None:
        return _renewed(
            _PoolAvailability({}, ()), overlay, overlay.labels_at(place), place, now, caller
        )
    labels = overlay.changed_at(place)
    # Its own claim bars all others, so the kept view shows the credential as blocked.
    if caller.probing is not None:
        labels = {*labels, caller.probing}
    return _renewed(kept, overlay, labels, place, now, caller) if labels else kept


def _kept(overlay: MarksOverlay, place: TargetKeys, now: float) -> _PoolAvailability | None:
    """The pool as anybody sees it in the stored marks; ``None`` where they need a change."""
    marks = overlay.base
    kept: _PoolAvailability | None = marks.looks.get(place)
    if kept is not None and kept.holds(now):
        return kept
    # From the marks before this change only what the change is about needs another look: of a pool
    # of a thousand keys with half of them out, one key instead of five hundred.
    looks, changes = marks.before
    kept = looks.get(place)
    labels: Collection[str] = marked_labels(changes).get(place.provider, ())
    if kept is None or not kept.holds(now):
        kept, labels = _PoolAvailability({}, ()), marks.labels_at(place.provider)
    stored = MarksOverlay(marks, now)
    found = _renewed(kept, stored, labels, place, now, ANYBODY)
    # The clock went back: what was seen holds for the corrected marks alone.
    if stored.changes:
        return None
    # Two threads may write it at once: both have seen the same, so the last one may stay.
    marks.looks[place] = found
    return found


ANYBODY = Caller("")
"""A caller that has claimed nothing: what it sees, any new call would."""


def _renewed(
    known: _PoolAvailability,
    overlay: MarksOverlay,
    labels: Collection[str],
    place: TargetKeys,
    now: float,
    caller: Caller,
) -> _PoolAvailability:
    """``known`` with the credentials of ``labels`` looked at anew."""
    blocks, ready, until = dict(known.blocks), known.ready, known.until
    is_changed = not (blocks or ready)
    for label in labels:
        was_blocked = blocks.pop(label, None) is not None
        # A label of another process's config, or one that was renamed since, is not the place's.
        keys = place.credential_keys(label) if label in place.fingerprints else ()
        found = _blockers(overlay, place, keys, now, caller)
        if found:
            blocks[label] = _last(found, now)
            until = min(until, *map(_changes_at, found), math.inf)
        is_changed = is_changed or was_blocked != bool(found)
    # Else the same are ready as before, however many they are.
    if is_changed:
        ready = tuple([label for label in place.labels if label not in blocks])
    return _PoolAvailability(blocks, ready, now, until)


def _changes_at(block: Blocker) -> float:
    # Whether a probe under way is looked at again before others end changes at each instant.
    return -math.inf if block.probed else block.at - TOLERANCE


def _blockers(
    overlay: MarksOverlay, place: TargetKeys, keys: Iterable[str], now: float, caller: Caller
) -> list[Blocker]:
    found = []
    for _, record in overlay.holding(place, keys):
        block = find_blocker(record, now, caller)
        if block is not None:
            found.append(block)
    return found


def _last(blocks: Iterable[Blocker], now: float) -> Blocker:
    # Of two that end together the bench binds: it ends with a probe, the other by itself.
    def ends(block: Blocker) -> tuple[float, bool]:
        until = clears_at(block, now) if block.probed else block.at
        return block.at if until is None else until, block.mark is Mark.BENCH

    return max(blocks, key=ends)


def _first(blocks: Iterable[Blocker], now: float) -> Blocker:
    """The credential that comes back first, one that may be waited for before a bench.

    A bench is never waited for, so one that is due soon must not hide a cooldown.
    """

    def waited(block: Blocker) -> tuple[float, float]:
        until = clears_at(block, now)
        return math.inf if until is None else until, block.at

    return min(blocks, key=waited, default=Blocker(Mark.DEAD, math.inf))
