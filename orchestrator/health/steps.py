"""The board's steps. Pure: marks and a call's state in; answer, changes and state out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, TypeVar

import attrs

from orchestrator.health import marking, patience
from orchestrator.health.look import Draft, Route, Viewer, is_probed, look, standby
from orchestrator.health.pool import Choose, Pool
from orchestrator.health.records import (
    TOLERANCE,
    Changes,
    Claim,
    Marks,
    Place,
    Record,
    Slot,
    Subject,
)
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark, Standby, Taken, Target
from orchestrator.states.reasons import Reason, Scope

T_co = TypeVar("T_co", covariant=True)

_NO_WORD = frozenset({Reason.CANCELLED, Reason.DEADLINE})
"""Our own endings: a probe that they cut short says nothing about the provider."""

_OF_ACCOUNTS = frozenset({Slot.BILLING, Slot.RATE_LIMIT})
"""What is about the account of the credential that was sent, unless a relay quotes it."""


@attrs.frozen
class Stay:
    """Where a call is: the target, its place and credential, and since when (epoch)."""

    target: Target
    place: Place
    label: str
    at: float


@attrs.frozen
class Pending:
    """A failure that counts when the call leaves; see :func:`.marking.counted`."""

    rule: marking.Rule
    error: Error
    cut_first_token: float | None = None


@attrs.frozen
class State:
    """What the board knows of one call.

    Attributes:
        viewer: Its id, and whether benches count as due early for it.
        stay: Its latest take.
        claims: Keys of the marks whose probe it holds there.
        pending: Failures to count when it leaves the thing that the key is about.
        counted: Keys of circuits on which it has counted, once for each call.
        probed: True once it was granted a probe: it makes one while anything else stands by.
    """

    viewer: Viewer
    stay: Stay | None = None
    claims: tuple[str, ...] = ()
    pending: Mapping[str, Pending] = MappingProxyType({})
    counted: frozenset[str] = frozenset()
    probed: bool = False

    @property
    def owes(self) -> bool:
        """True where it holds a probe to give back, or has a failure to count."""
        return bool(self.claims or self.pending)


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
        choose: The turn of a pool's strategy.
        claim_seconds: How long a granted probe is this call's alone.
    """

    route: Route
    used: Collection[str]
    choose: Callable[[Pool], Choose]
    claim_seconds: float


@attrs.frozen
class Outcome(Generic[T_co]):
    """What a step came to. Without changes there is nothing to store."""

    answer: T_co
    changes: Changes
    state: State


Arrived = Outcome[tuple[Taken | None, Standby]]


def start(marks: Marks, state: State, asking: Asking, wanted: Wanted) -> Arrived:
    """Take the first target that can be had; if none stands by, let benches be due early."""
    arrived = take(marks, state, asking, wanted)
    taken, present = arrived.answer
    if taken is not None or present.targets:
        return arrived
    # The contract: then, and for this call's later takes too, benches are due 15 s after the
    # last request. Decided at the start alone: a call that had a choice has used it.
    early = attrs.evolve(state, viewer=attrs.evolve(state.viewer, early=True))
    return take(marks, early, asking, wanted)


def take(marks: Marks, state: State, asking: Asking, wanted: Wanted) -> Arrived:
    """Take the first of ``wanted`` that can be had, and leave what the call was at."""
    if not (marks or state.owes):
        unmarked = _take_unmarked(state, asking, wanted)
        if unmarked is not None:
            return unmarked
    draft, now = Draft(marks, asking.now), asking.now
    grant = _grant(draft, state, wanted, now)
    if grant is None:
        # What it asked for it may yet come back to, after a wait: those failures are not over.
        state = _leave(draft, state, {k for _, place in wanted.route for k in place.entry}, now)
        # A rotation or a wait is about one target, whose credentials the machine wants to see.
        here = wanted.route[0][1] if len(wanted.route) == 1 else None
        taken = None
    else:
        target, here, label = grant
        # The contract: a call's own failures count once, when it leaves the target.
        state = _leave(draft, state, here.entry, now)
        state = _stay(draft, state, Stay(target, here, label, now), wanted.claim_seconds)
        taken = _taken(draft, target, here, label, now, probe=state.viewer.probing is not None)
    present = standby(draft, asking.route, here, now, state.viewer, asking.started)
    return Outcome((taken, present), draft.changes, state)


def report(
    marks: Marks,
    state: State,
    asking: Asking,
    place: Place,
    label: str,
    error: Error,
    cut_first_token: float | None = None,
) -> Outcome[Standby]:
    """Mark what ``error`` says about ``place`` and its credential ``label``."""
    draft, now = Draft(marks, asking.now), asking.now
    claims = _claims_at(state, place, label)
    rule = marking.rule_for(error, place.pool.accounts)
    key = None if rule is None else place.key(rule.slot, rule.subject, label)
    if error.status is not None and error.reason is not Reason.CONNECTION:
        # Whoever answers, whatever it is, can be reached.
        state = _disprove(draft, state, place, [place.reachable], label, now)
    # The probe brought no success, whatever it failed of: its other marks go on as they were.
    if error.reason not in _NO_WORD and error.scope is not Scope.REQUEST:
        _rearm(draft, [other for other in claims if other != key], now)
    if rule is not None and key is not None:
        news = Pending(rule, error, cut_first_token)
        state = _mark(draft, state, place, label, key, news, now)
    if error.reason is Reason.UNKNOWN:
        unknown = place.key(Slot.UNKNOWN, Subject.TARGET)
        draft.put(unknown, _one_more(draft.get(unknown), error, now))
    if claims:
        state = _release(draft, state)
    present = standby(draft, asking.route, place, now, state.viewer, asking.started)
    if state.probed and len(present.targets) > 1:
        # One probe a call is enough while anything else stands by.
        known = [key for key in present.credentials if not _probes(draft, place, place.keys(key))]
        present = attrs.evolve(present, credentials=tuple(known))
    return Outcome(present, draft.changes, state)


def succeed(marks: Marks, state: State, place: Place, label: str, now: float) -> Outcome[None]:
    """Remove the marks that an answer from ``place`` with ``label`` disproves."""
    draft = Draft(marks, now)
    claims = _claims_at(state, place, label)
    state = _disprove(draft, state, place, place.keys(label), label, now)
    if claims:
        state = _release(draft, state)
    return Outcome(None, draft.changes, state)


def first_token(
    marks: Marks, state: State, place: Place, seconds: float, now: float
) -> Outcome[None]:
    """Remember how long ``place`` was silent before its first content, where that is news."""
    draft = Draft(marks, now)
    record = patience.learned(draft.get(place.first_token), seconds, now)
    if record is not None:
        draft.put(place.first_token, record)
    return Outcome(None, draft.changes, state)


def close(marks: Marks, state: State, now: float) -> Outcome[None]:
    """Count what is pending and give back what was claimed."""
    draft = Draft(marks, now)
    state = _leave(draft, state, (), now)
    return Outcome(None, draft.changes, state)


def _take_unmarked(state: State, asking: Asking, wanted: Wanted) -> Arrived | None:
    """What :func:`take` comes to where nothing is marked, claimed or pending, as nearly always.

    ``None`` where a pool of the route has no credential: that stands in the way like a mark.
    """
    targets = tuple([target for target, place in asking.route if place.labels])
    if len(targets) < len(asking.route):
        return None
    for target, place in wanted.route:
        free = place.labels
        if wanted.used:
            free = tuple([label for label in free if label not in wanted.used])
        if free:
            label = wanted.choose(place.pool)(free)
            stay = Stay(target, place, label, asking.now)
            present = Standby(place.labels, targets)
            return Outcome((Taken(target, label), present), {}, attrs.evolve(state, stay=stay))
    return None


def _grant(
    draft: Draft, state: State, wanted: Wanted, now: float
) -> tuple[Target, Place, str] | None:
    """The first that can be had; once a call has probed, the first that is no other probe."""
    probe = None
    for target, place in wanted.route:
        ready = look(draft, place, now, state.viewer).ready
        free = [each for each in ready if each not in wanted.used] if wanted.used else ready
        if not free:
            continue
        choose = wanted.choose(place.pool)
        if not state.probed:
            return target, place, choose(free)
        known = [label for label in free if not _probes(draft, place, place.keys(label))]
        if known:
            return target, place, choose(known)
        probe = probe or (target, place, choose(free))
    return probe


def _probes(draft: Draft, place: Place, keys: Iterable[str]) -> list[tuple[str, Record]]:
    """The marks that a request sent past ``keys`` would probe."""
    return [(key, record) for key, record in draft.holding(place, keys) if is_probed(record)]


def _taken(
    draft: Draft, target: Target, place: Place, label: str, now: float, *, probe: bool
) -> Taken:
    if draft.empty:
        return Taken(target, label)
    seen = patience.estimate(draft.get(place.first_token), now)
    circuit = draft.get(place.circuit) if probe else None
    cut = circuit.cut_first_token if circuit is not None else None
    return Taken(target, label, probe=probe, seen_first_token=seen, cut_first_token=cut)


def _leave(draft: Draft, state: State, kept: Collection[str], now: float) -> State:
    """Count the failures on all but ``kept``, and give back the claims of the last take."""
    state = _release(draft, state)
    left = {key: value for key, value in state.pending.items() if key not in kept}
    if not left:
        return state
    for key, news in left.items():
        counted = marking.counted(draft.get(key), news.rule, news.error, now, news.cut_first_token)
        draft.put(key, counted)
    pending = {key: value for key, value in state.pending.items() if key in kept}
    return attrs.evolve(state, pending=pending, counted=state.counted | left.keys())


def _stay(draft: Draft, state: State, stay: Stay, seconds: float) -> State:
    """Move the call to ``stay``; claim the probe of every mark that it sends past."""
    now, place = stay.at, stay.place
    claims = [] if draft.empty else _probes(draft, place, place.keys(stay.label))
    if not claims:
        return attrs.evolve(state, stay=stay)
    for key, record in claims:
        early = record.until > now + TOLERANCE
        claim = Claim(state.viewer.holder, now + seconds, early, seconds)
        draft.put(key, attrs.evolve(record, claim=claim, requested=now))
    viewer = attrs.evolve(state.viewer, probing=stay.label)
    held = tuple(key for key, _ in claims)
    return attrs.evolve(state, stay=stay, claims=held, viewer=viewer, probed=True)


def _release(draft: Draft, state: State) -> State:
    if not state.claims:
        return state
    for key in state.claims:
        record = draft.get(key)
        if record is None or record.claim is None:
            continue
        # A claim that ran out may have been granted to another call since.
        if record.claim.holder == state.viewer.holder:
            draft.put(key, attrs.evolve(record, claim=None))
    viewer = attrs.evolve(state.viewer, probing=None)
    return attrs.evolve(state, claims=(), viewer=viewer)


def _claims_at(state: State, place: Place, label: str) -> tuple[str, ...]:
    stay = state.stay
    if stay is None or stay.place is not place or stay.label != label:
        return ()
    return state.claims


def _rearm(draft: Draft, claims: Collection[str], now: float) -> None:
    for key in claims:
        record = draft.get(key)
        if record is not None:
            draft.put(key, marking.rearmed(record, now))


def _disprove(
    draft: Draft, state: State, place: Place, keys: Sequence[str], label: str, now: float
) -> State:
    """Remove the marks under ``keys`` that an answer from ``place`` with ``label`` disproves."""
    claims = _claims_at(state, place, label)
    # A mark that began while the request was under way is news that the answer cannot deny.
    sent = state.stay.at if state.stay is not None and state.stay.place is place else now
    if not draft.empty:
        for key, record in draft.holding(place, keys):
            if key in claims or _is_disproved(record, sent, now):
                draft.put(key, None)
    if state.pending.keys().isdisjoint(keys):
        return state
    pending = {key: value for key, value in state.pending.items() if key not in keys}
    return attrs.evolve(state, pending=pending)


def _mark(
    draft: Draft, state: State, place: Place, label: str, key: str, news: Pending, now: float
) -> State:
    rule, error = news.rule, news.error
    probe = key in _claims_at(state, place, label)
    old = draft.get(key)
    # Counts wait until the call leaves, so that its own retries count as one failing call; but the
    # probe of an open circuit has told what was to be told.
    if rule.mark is Mark.CIRCUIT and not (probe and old is not None and old.mark is not None):
        if key in state.counted:
            return state
        return attrs.evolve(state, pending={**state.pending, key: news})
    # A mark of an account that is not ours any more is no level to go on from.
    known = old if old is not None and place.holds(old) else None
    record = marking.marked(known, rule, error, now, probe=probe)
    record = marking.remembering(record, news.cut_first_token)
    if rule.slot in _OF_ACCOUNTS and not error.quoted:
        before = old.credentials if old is not None else ()
        record = marking.met_by(record, before, place.fingerprints[label])
    draft.put(key, record)
    # What follows is about circuits: this failure is on the board, and must not count again.
    if not probe and rule.slot is not Slot.CIRCUIT:
        return state
    pending = {other: value for other, value in state.pending.items() if other != key}
    return attrs.evolve(state, pending=pending, counted=state.counted | {key})


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
