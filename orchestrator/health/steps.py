"""The board's steps. Pure: marks and a call's state in; answer, changes and state out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, TypeVar

import attrs

from orchestrator.health import marking, patience
from orchestrator.health.look import (
    TOLERANCE,
    Draft,
    Look,
    Route,
    Viewer,
    is_probed,
    look,
    standby,
)
from orchestrator.health.pool import Pool
from orchestrator.health.records import Changes, Claim, Marks, Place, Record, Slot, Subject
from states.error import Error
from states.reasons import Reason
from states.standby import Mark, Standby, Taken
from states.target import Target

T = TypeVar("T")

_NO_WORD = frozenset({Reason.CANCELLED, Reason.DEADLINE})
"""Our own endings: a probe that they cut short says nothing about the provider."""


@attrs.frozen
class Stay:
    """Where a call is: the place, its credential, since when (epoch), and its claims."""

    place: Place
    label: str
    at: float
    claims: tuple[str, ...] = ()


@attrs.frozen
class State:
    """What the board knows of one call.

    Attributes:
        viewer: Its id, and whether benches count as due early for it.
        stay: Its latest take.
        pending: Failures to count when it leaves the thing that the key is about.
        counted: Keys of circuits on which it has counted, once for each call.
    """

    viewer: Viewer
    stay: Stay | None = None
    pending: Mapping[str, tuple[marking.Rule, Error]] = MappingProxyType({})
    counted: frozenset[str] = frozenset()


@attrs.frozen
class Asking:
    """One question of a call.

    Attributes:
        route: Every target of the call, for the standby.
        started: When the call began (epoch).
        now: The instant of the question (epoch).
    """

    route: Route
    started: float
    now: float


@attrs.frozen
class Wanted:
    """What a take may give.

    Attributes:
        route: The targets, the preferred one first.
        used: Labels of credentials not to take.
        order: The labels of a pool in the order of its strategy.
        claim_seconds: How long a granted probe is this call's alone.
    """

    route: Route
    used: Collection[str]
    order: Callable[[Pool], Sequence[str]]
    claim_seconds: float


@attrs.frozen
class Outcome(Generic[T]):
    """What a step came to. Without changes there is nothing to store."""

    answer: T
    changes: Changes
    state: State


Arrived = Outcome[tuple[Taken | None, Standby]]


def start(marks: Marks, state: State, asking: Asking, wanted: Wanted) -> Arrived:
    """Take the first target that can be had; if none stands by, let benches be due early."""
    arrived = take(marks, state, asking, wanted)
    taken, present = arrived.answer
    if taken is not None or present.targets:
        return arrived
    early = attrs.evolve(state, viewer=attrs.evolve(state.viewer, early=True))
    return take(marks, early, asking, wanted)


def take(marks: Marks, state: State, asking: Asking, wanted: Wanted) -> Arrived:
    """Take the first of ``wanted`` that can be had, and leave what the call was at."""
    draft, now = Draft(marks), asking.now
    grant = _grant(draft, wanted, now, state.viewer)
    if grant is None:
        state = _leave(draft, state, {k for _, place in wanted.route for k in place.entry}, now)
        here = wanted.route[0][1] if len(wanted.route) == 1 else None
        taken = None
    else:
        target, here, label = grant
        state = _leave(draft, state, set(here.entry), now)
        state = _stay(draft, state, here, label, now, wanted.claim_seconds)
        seen = patience.estimate(draft.get(here.first_token), now)
        probe = bool(state.stay and state.stay.claims)
        taken = Taken(target, label, probe=probe, seen_first_token=seen)
    present = standby(draft, asking.route, here, now, state.viewer, asking.started)
    return Outcome((taken, present), draft.changes, state)


def report(
    marks: Marks, state: State, asking: Asking, place: Place, label: str, error: Error
) -> Outcome[Standby]:
    """Mark what ``error`` says about ``place`` and its credential ``label``."""
    draft, now = Draft(marks), asking.now
    claims = _claims_at(state, place, label)
    rule = marking.rule_for(error)
    key = None if rule is None else place.key(rule.slot, rule.subject, label)
    if error.reason not in _NO_WORD:
        _rearm(draft, [other for other in claims if other != key], now)
    if rule is not None and key is not None:
        state = _mark(draft, state, key, rule, error, now, probe=key in claims)
    if error.reason is Reason.UNKNOWN:
        unknown = place.key(Slot.UNKNOWN, Subject.TARGET)
        draft.put(unknown, _one_more(draft.get(unknown), error, now))
    if claims:
        state = _release(draft, state)
    present = standby(draft, asking.route, place, now, state.viewer, asking.started)
    return Outcome(present, draft.changes, state)


def succeed(marks: Marks, state: State, place: Place, label: str, now: float) -> Outcome[None]:
    """Remove the marks that an answer from ``place`` with ``label`` disproves."""
    draft = Draft(marks)
    keys = (*place.entry, *dict(place.credentials)[label])
    claims = _claims_at(state, place, label)
    sent = state.stay.at if state.stay is not None and state.stay.place is place else now
    for key in keys:
        record = draft.get(key)
        if record is not None and (key in claims or _is_disproved(record, sent, now)):
            draft.put(key, None)
    pending = {key: value for key, value in state.pending.items() if key not in keys}
    state = attrs.evolve(state, pending=pending)
    if claims:
        state = _release(draft, state)
    return Outcome(None, draft.changes, state)


def first_token(
    marks: Marks, state: State, place: Place, seconds: float, now: float
) -> Outcome[None]:
    """Remember how long ``place`` was silent before its first content, where that is news."""
    draft = Draft(marks)
    record = patience.learned(draft.get(place.first_token), seconds, now)
    if record is not None:
        draft.put(place.first_token, record)
    return Outcome(None, draft.changes, state)


def close(marks: Marks, state: State, now: float) -> Outcome[None]:
    """Count what is pending and give back what was claimed."""
    draft = Draft(marks)
    state = _leave(draft, state, set(), now)
    return Outcome(None, draft.changes, state)


def _grant(
    draft: Draft, wanted: Wanted, now: float, viewer: Viewer
) -> tuple[Target, Place, str] | None:
    for target, place in wanted.route:
        seen = look(draft, place, now, viewer)
        label = _choose(seen, wanted, place.pool)
        if label is not None:
            return target, place, label
    return None


def _choose(seen: Look, wanted: Wanted, pool: Pool) -> str | None:
    free = [label for label in seen.ready if label not in wanted.used]
    if not free:
        return None
    return next(label for label in wanted.order(pool) if label in free)


def _leave(draft: Draft, state: State, kept: Collection[str], now: float) -> State:
    """Count the failures on all but ``kept``, and give back the claims of the last take."""
    state = _release(draft, state)
    left = {key: value for key, value in state.pending.items() if key not in kept}
    if not left:
        return state
    for key, (rule, error) in left.items():
        draft.put(key, marking.counted(draft.get(key), rule, error, now))
    pending = {key: value for key, value in state.pending.items() if key in kept}
    return attrs.evolve(state, pending=pending, counted=state.counted | left.keys())


def _stay(
    draft: Draft, state: State, place: Place, label: str, now: float, seconds: float
) -> State:
    """Move the call to ``place``; claim the probe of every mark that it sends past."""
    keys = () if draft.empty else (*place.entry, *dict(place.credentials)[label])
    claims = []
    for key in keys:
        record = draft.get(key)
        if record is not None and is_probed(record):
            early = record.until > now + TOLERANCE
            claim = Claim(state.viewer.holder, now + seconds, early)
            draft.put(key, attrs.evolve(record, claim=claim, requested=now))
            claims.append(key)
    return attrs.evolve(state, stay=Stay(place, label, now, tuple(claims)))


def _release(draft: Draft, state: State) -> State:
    if state.stay is None or not state.stay.claims:
        return state
    for key in state.stay.claims:
        record = draft.get(key)
        if record is None or record.claim is None:
            continue
        if record.claim.holder == state.viewer.holder:
            draft.put(key, attrs.evolve(record, claim=None))
    return attrs.evolve(state, stay=attrs.evolve(state.stay, claims=()))


def _claims_at(state: State, place: Place, label: str) -> tuple[str, ...]:
    stay = state.stay
    if stay is None or stay.place is not place or stay.label != label:
        return ()
    return stay.claims


def _rearm(draft: Draft, claims: Collection[str], now: float) -> None:
    for key in claims:
        record = draft.get(key)
        if record is not None:
            draft.put(key, marking.rearmed(record, now))


def _mark(
    draft: Draft,
    state: State,
    key: str,
    rule: marking.Rule,
    error: Error,
    now: float,
    *,
    probe: bool,
) -> State:
    old = draft.get(key)
    if rule.slot is not Slot.CIRCUIT or (probe and old is not None and old.mark is not None):
        draft.put(key, marking.marked(old, rule, error, now, probe=probe))
        return attrs.evolve(state, counted=state.counted | {key}) if probe else state
    if key in state.counted:
        return state
    return attrs.evolve(state, pending={**state.pending, key: (rule, error)})


def _one_more(old: Record | None, error: Error, now: float) -> Record:
    if old is None:
        return Record(None, now, now, now, now, error=error)
    return attrs.evolve(marking.unmoved(old, error, now), failures=old.failures + 1)


def _is_disproved(record: Record, sent: float, now: float) -> bool:
    """True where an answer to a request of the instant ``sent`` speaks against the mark.

    A request that was under way before a bench or a cooldown began says nothing about
    it; but that a target answers at all closes its circuit.
    """
    if record.mark is None or record.mark is Mark.CIRCUIT:
        return True
    if record.mark is Mark.COOLDOWN:
        return record.until <= now + TOLERANCE
    return record.failed <= sent
