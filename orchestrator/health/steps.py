"""Steps of the board: marks and a call's claims in; answer, changes and claims out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, TypeVar

import attrs

from orchestrator.health import latency, penalties, retry_budget
from orchestrator.health.availability import (
    Caller,
    MarksOverlay,
    Route,
    find_availability,
    is_probed,
    standby,
)
from orchestrator.health.news import MarkNews
from orchestrator.health.pool import Choose, Pool
from orchestrator.health.records import (
    TOLERANCE,
    Changes,
    Claim,
    MarkKind,
    Marks,
    MarkScope,
    Record,
    TargetKeys,
)
from orchestrator.states.error import Error
from orchestrator.states.facts import Mark, Standby, Taken, Target
from orchestrator.states.reasons import Reason, Scope

T_co = TypeVar("T_co", covariant=True)

_NO_WORD = frozenset({Reason.CANCELLED, Reason.DEADLINE})
"""Our own endings: a probe that they cut short says nothing about the provider."""

_OF_ACCOUNTS = frozenset({MarkKind.BILLING, MarkKind.RATE_LIMIT})
"""What is about the account of the credential that was sent, unless a relay quotes it."""


@attrs.frozen
class Occupancy:
    """Where a call is: the target, its place and credential, and since when (epoch)."""

    target: Target
    place: TargetKeys
    label: str
    at: float


@attrs.frozen
class PendingFailure:
    """A failure that counts when the call leaves; see :func:`.penalties.count_failure`."""

    penalty: penalties.Penalty
    error: Error
    cut_first_token: float | None = None


@attrs.frozen
class CallClaims:
    """What the board knows of one call.

    Attributes:
        caller: Its id, and whether benches count as due early for it.
        occupancy: Its latest take.
        claims: Keys of the marks whose probe it holds there.
        pending: Failures to count when it leaves the thing that the key is about.
        counted: Keys of circuits on which it has counted, once for each call.
        probed: True once it was granted a probe: it makes one while anything else stands by.
        retry: What it has set aside for a retry, until it is known what became of that.
    """

    caller: Caller
    occupancy: Occupancy | None = None
    claims: tuple[str, ...] = ()
    pending: Mapping[str, PendingFailure] = MappingProxyType({})
    counted: frozenset[str] = frozenset()
    probed: bool = False
    retry: retry_budget.Reservation | None = None

    @property
    def owes(self) -> bool:
        """True where it holds a probe or tokens to give back, or has a failure to count."""
        return bool(self.claims or self.pending or self.retry)


@attrs.frozen
class Query:
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
class Candidates:
    """What a take may give.

    Attributes:
        route: The targets, the preferred one first.
        used: Labels of credentials not to take.
        choose: The turn of a pool's strategy.
        claim_seconds: How long a granted probe is this call's alone.
        waited: True where the call has waited for it.
    """

    route: Route
    used: Collection[str]
    choose: Callable[[Pool], Choose]
    claim_seconds: float
    waited: bool = False


@attrs.frozen
class StepOutcome(Generic[T_co]):
    """What a step came to. Without changes there is nothing to store.

    Attributes:
        answer: To the question.
        changes: To the marks.
        state: What the board knows of the call now.
        news: Of marks that a person may want to hear of; filled in where it is stored.
    """

    answer: T_co
    changes: Changes
    state: CallClaims
    news: tuple[MarkNews, ...] = ()


TakeOutcome = StepOutcome[tuple[Taken | None, Standby]]


def start(marks: Marks, state: CallClaims, query: Query, candidates: Candidates) -> TakeOutcome:
    """Take the first target that can be had; if none stands by, let benches be due early."""
    arrived = take(marks, state, query, candidates)
    taken, present = arrived.answer
    if taken is not None or present.targets:
        return arrived
    # The contract: then, and for this call's later takes too, benches are due 15 s after the
    # last request. Decided at the start alone: a call that had a choice has used it.
    early = attrs.evolve(state, caller=attrs.evolve(state.caller, early=True))
    return take(marks, early, query, candidates)


def take(marks: Marks, state: CallClaims, query: Query, candidates: Candidates) -> TakeOutcome:
    """Take the first of ``candidates`` that can be had, and leave what the call was at."""
    if not state.owes and (not marks or marks.is_clear):
        unmarked = _take_unmarked(state, query, candidates)
        if unmarked is not None:
            return unmarked
    overlay, now = MarksOverlay(marks, query.now), query.now
    grant = _grant(overlay, state, candidates, now)
    if state.retry is not None:
        waited = candidates.route[0][0] if candidates.waited else None
        granted = grant is not None
        retry = retry_budget.take(overlay, state.retry, waited, now, is_granted=granted)
        state = attrs.evolve(state, retry=retry)
    if grant is None:
        # What it asked for it may yet come back to, after a wait: those failures are not over.
        state = _settle(
            overlay, state, {k for _, place in candidates.route for k in place.entry}, now
        )
        # A rotation or a wait is about one target, whose credentials the machine wants to see.
        here = candidates.route[0][1] if len(candidates.route) == 1 else None
        taken = None
    else:
        target, here, label = grant
        # The contract: a call's own failures count once, when it leaves the target.
        state = _settle(overlay, state, here.entry, now)
        state = _claim_probes(
            overlay, state, Occupancy(target, here, label, now), candidates.claim_seconds
        )
        taken = _taken(overlay, target, here, label, now, probe=state.caller.probing is not None)
    present = standby(overlay, query.route, here, now, state.caller, query.started)
    return StepOutcome((taken, present), overlay.changes, state)


def report(
    marks: Marks,
    state: CallClaims,
    query: Query,
    place: TargetKeys,
    label: str,
    error: Error,
    cut_first_token: float | None = None,
    again: Target | None = None,
) -> StepOutcome[Standby]:
    """Mark what ``error`` says about ``place`` and its credential ``label``.

    Args:
        marks: The records.
        state: What the board knows of the call.
        query: The question.
        place: Where the attempt was sent.
        label: The credential that it was sent with.
        error: The failure.
        cut_first_token: The first-token limit, in seconds, that cut the wait, if one did.
        again: What the call may try again, so that the tokens for it are set aside.
    """
    overlay, now = MarksOverlay(marks, query.now), query.now
    claims = _claims_at(state, place, label)
    penalty = penalties.penalty_for(error, place.pool.accounts)
    key = None if penalty is None else place.key(penalty.kind, penalty.scope, label)
    if error.status is not None and error.reason is not Reason.CONNECTION:
        # Whoever answers, whatever it is, can be reached.
        state = _disprove(overlay, state, place, [place.reachable], label, now)
    # The probe brought no success, whatever it failed of: its other marks go on as they were.
    if error.reason not in _NO_WORD and error.scope is not Scope.REQUEST:
        _restart_timers(overlay, [other for other in claims if other != key], now)
    if penalty is not None and key is not None:
        news = PendingFailure(penalty, error, cut_first_token)
        state = _mark(overlay, state, place, label, key, news, now)
    if error.reason is Reason.UNKNOWN:
        unknown = place.key(MarkKind.UNKNOWN, MarkScope.TARGET)
        overlay.put(unknown, _count_unknown(overlay.get(unknown), error, now))
    if claims:
        state = _release(overlay, state)
    retry_budget.give_back(overlay, state.retry, now)
    retry = retry_budget.reserve(overlay, place, again, error, now) if again else None
    state = attrs.evolve(state, retry=retry)
    present = _standby_after(overlay, state, query, place)
    if again is not None and retry is None:
        present = attrs.evolve(present, retry_affordable=False)
    return StepOutcome(present, overlay.changes, state)


def _standby_after(
    overlay: MarksOverlay, state: CallClaims, query: Query, place: TargetKeys
) -> Standby:
    present = standby(overlay, query.route, place, query.now, state.caller, query.started)
    if not state.probed or len(present.targets) <= 1:
        return present
    # One probe a call is enough while anything else stands by.
    known = [key for key in present.credentials if not _probes(overlay, place, place.keys(key))]
    return attrs.evolve(present, credentials=tuple(known))


def succeed(
    marks: Marks, state: CallClaims, place: TargetKeys, label: str, now: float
) -> StepOutcome[None]:
    """Remove the marks that an answer from ``place`` with ``label`` disproves."""
    overlay = MarksOverlay(marks, now)
    claims = _claims_at(state, place, label)
    state = _disprove(overlay, state, place, place.keys(label), label, now)
    if claims:
        state = _release(overlay, state)
    retry_budget.note_success(overlay, place, state.retry, now)
    return StepOutcome(None, overlay.changes, attrs.evolve(state, retry=None))


def first_token(
    marks: Marks, state: CallClaims, place: TargetKeys, seconds: float, now: float
) -> StepOutcome[None]:
    """Remember how long ``place`` was silent before its first content, where that is news."""
    overlay = MarksOverlay(marks, now)
    record = latency.learned(overlay.get(place.first_token), seconds, now)
    if record is not None:
        overlay.put(place.first_token, record)
    return StepOutcome(None, overlay.changes, state)


def close(marks: Marks, state: CallClaims, now: float) -> StepOutcome[None]:
    """Count what is pending and give back what was claimed."""
    overlay = MarksOverlay(marks, now)
    state = _settle(overlay, state, (), now)
    retry_budget.give_back(overlay, state.retry, now)
    return StepOutcome(None, overlay.changes, attrs.evolve(state, retry=None))


def _take_unmarked(state: CallClaims, query: Query, candidates: Candidates) -> TakeOutcome | None:
    """What :func:`take` comes to where nothing is marked, claimed or pending, as nearly always.

    ``None`` where a pool of the route has no credential: that stands in the way like a mark.
    """
    targets = tuple([target for target, place in query.route if place.labels])
    if len(targets) < len(query.route):
        return None
    for target, place in candidates.route:
        free = place.labels
        if candidates.used:
            free = tuple([label for label in free if label not in candidates.used])
        if free:
            label = candidates.choose(place.pool)(free)
            occupancy = Occupancy(target, place, label, query.now)
            present = Standby(place.labels, targets)
            return StepOutcome(
                (Taken(target, label), present), {}, attrs.evolve(state, occupancy=occupancy)
            )
    return None


def _grant(
    overlay: MarksOverlay, state: CallClaims, candidates: Candidates, now: float
) -> tuple[Target, TargetKeys, str] | None:
    """The first that can be had; once a call has probed, the first that is no other probe."""
    probe = None
    for target, place in candidates.route:
        ready = find_availability(overlay, place, now, state.caller).ready
        free = [each for each in ready if each not in candidates.used] if candidates.used else ready
        if not free:
            continue
        choose = candidates.choose(place.pool)
        if not state.probed:
            return target, place, choose(free)
        known = [label for label in free if not _probes(overlay, place, place.keys(label))]
        if known:
            return target, place, choose(known)
        probe = probe or (target, place, choose(free))
    return probe


def _probes(
    overlay: MarksOverlay, place: TargetKeys, keys: Iterable[str]
) -> list[tuple[str, Record]]:
    """The marks that a request sent past ``keys`` would probe."""
    return [(key, record) for key, record in overlay.holding(place, keys) if is_probed(record)]


def _taken(
    overlay: MarksOverlay, target: Target, place: TargetKeys, label: str, now: float, *, probe: bool
) -> Taken:
    if overlay.empty:
        return Taken(target, label)
    seen = latency.estimate(overlay.get(place.first_token), now)
    circuit = overlay.get(place.circuit) if probe else None
    cut = circuit.cut_first_token if circuit is not None else None
    return Taken(target, label, probe=probe, seen_first_token=seen, cut_first_token=cut)


def _settle(
    overlay: MarksOverlay, state: CallClaims, kept: Collection[str], now: float
) -> CallClaims:
    """Count the failures on all but ``kept``, and give back the claims of the last take."""
    state = _release(overlay, state)
    left = {key: value for key, value in state.pending.items() if key not in kept}
    if not left:
        return state
    for key, news in left.items():
        counted = penalties.count_failure(
            overlay.get(key), news.penalty, news.error, now, news.cut_first_token
        )
        overlay.put(key, counted)
    pending = {key: value for key, value in state.pending.items() if key in kept}
    return attrs.evolve(state, pending=pending, counted=state.counted | left.keys())


def _claim_probes(
    overlay: MarksOverlay, state: CallClaims, occupancy: Occupancy, seconds: float
) -> CallClaims:
    """Move the call to ``occupancy``; claim the probe of every mark that it sends past."""
    now, place = occupancy.at, occupancy.place
    claims = [] if overlay.empty else _probes(overlay, place, place.keys(occupancy.label))
    if not claims:
        return attrs.evolve(state, occupancy=occupancy)
    for key, record in claims:
        early = record.until > now + TOLERANCE
        claim = Claim(state.caller.holder, now + seconds, early, seconds)
        overlay.put(key, attrs.evolve(record, claim=claim, requested=now))
    caller = attrs.evolve(state.caller, probing=occupancy.label)
    held = tuple(key for key, _ in claims)
    return attrs.evolve(state, occupancy=occupancy, claims=held, caller=caller, probed=True)


def _release(overlay: MarksOverlay, state: CallClaims) -> CallClaims:
    if not state.claims:
        return state
    for key in state.claims:
        record = overlay.get(key)
        if record is None or record.claim is None:
            continue
        # A claim that ran out may have been granted to another call since.
        if record.claim.holder == state.caller.holder:
            overlay.put(key, attrs.evolve(record, claim=None))
    caller = attrs.evolve(state.caller, probing=None)
    return attrs.evolve(state, claims=(), caller=caller)


def _claims_at(state: CallClaims, place: TargetKeys, label: str) -> tuple[str, ...]:
    occupancy = state.occupancy
    if occupancy is None or occupancy.place is not place or occupancy.label != label:
        return ()
    return state.claims


def _restart_timers(overlay: MarksOverlay, claims: Collection[str], now: float) -> None:
    for key in claims:
        record = overlay.get(key)
        if record is not None:
            overlay.put(key, penalties.renew(record, now))


def _disprove(
    overlay: MarksOverlay,
    state: CallClaims,
    place: TargetKeys,
    keys: Sequence[str],
    label: str,
    now: float,
) -> CallClaims:
    """Remove the marks under ``keys`` that an answer from ``place`` with ``label`` disproves."""
    claims = _claims_at(state, place, label)
    # A mark that began while the request was under way is news that the answer cannot deny.
    sent = (
        state.occupancy.at
        if state.occupancy is not None and state.occupancy.place is place
        else now
    )
    if not overlay.empty:
        for key, record in overlay.holding(place, keys):
            # What a vendor said of its money is kept, and is no mark while nothing is wrong.
            if record.mark is None and record.balance is not None:
                continue
            if key in claims or _is_disproved(record, sent, now):
                overlay.put(key, penalties.lifted(record))
    if state.pending.keys().isdisjoint(keys):
        return state
    pending = {key: value for key, value in state.pending.items() if key not in keys}
    return attrs.evolve(state, pending=pending)


def _mark(
    overlay: MarksOverlay,
    state: CallClaims,
    place: TargetKeys,
    label: str,
    key: str,
    news: PendingFailure,
    now: float,
) -> CallClaims:
    penalty, error = news.penalty, news.error
    probe = key in _claims_at(state, place, label)
    old = overlay.get(key)
    # Counts wait until the call leaves, so that its own retries count as one failing call; but the
    # probe of an open circuit has told what was to be told.
    if penalty.mark is Mark.CIRCUIT and not (probe and old is not None and old.mark is not None):
        if key in state.counted:
            return state
        return attrs.evolve(state, pending={**state.pending, key: news})
    # A mark of an account that is not ours any more is no level to go on from.
    known = old if old is not None and place.holds(old) else None
    record = penalties.apply_penalty(known, penalty, error, now, probe=probe)
    record = penalties.with_cut_limit(record, news.cut_first_token)
    if penalty.kind in _OF_ACCOUNTS and not error.quoted:
        before = old.credentials if old is not None else ()
        record = penalties.with_credential(record, before, place.fingerprints[label])
    overlay.put(key, record)
    # What follows is about circuits: this failure is on the board, and must not count again.
    if not probe and penalty.kind is not MarkKind.CIRCUIT:
        return state
    pending = {other: value for other, value in state.pending.items() if other != key}
    return attrs.evolve(state, pending=pending, counted=state.counted | {key})


def _count_unknown(old: Record | None, error: Error, now: float) -> Record:
    if old is None:
        return Record(None, now, now, now, now, error=error)
    return attrs.evolve(penalties.touch(old, error, now), failures=old.failures + 1)


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
