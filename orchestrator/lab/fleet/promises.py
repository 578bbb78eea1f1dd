"""What is promised of a fleet, checked by what providers saw and what the shared store held.

Nothing here asks the machine what it believes: a fault in its own bookkeeping cannot hide
itself. A promise holds while the store can be reached; what a process does alone meanwhile is
not judged, but that its marks are not lost is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import attrs

from orchestrator.health.availability import EARLY_SECONDS
from orchestrator.health.penalties import LONGEST_COOLDOWN
from orchestrator.health.records import (
    CLAIM_SECONDS,
    MarkKind,
    MarkScope,
    Record,
    parts,
)
from orchestrator.health.retry_budget import COST, PER_SUCCESS, THROTTLED_COST
from orchestrator.lab.fleet.evidence import DEADLINE, FOUND, GRAIN, Evidence, Found
from orchestrator.lab.fleet.fleet import FleetRecord, FleetRequest
from orchestrator.lab.fleet.herds import find_herds
from orchestrator.lab.fleet.shared_store import FOUND_AFTER, elapsed
from orchestrator.pooling import RETRY_BUDGET
from orchestrator.states import Mark, Target

HOUR = 3600.0
MOST_FIRST_HOUR, MOST_LATER = 5, 2
"""Requests that an account without money gets in its first hour, and in each later one, while
another target stands by (docs/health.md)."""

_PROBED = frozenset({Mark.BENCH, Mark.CIRCUIT})


@attrs.frozen
class BrokenPromise:
    """A promise that did not hold.

    Attributes:
        promise: Its name.
        at: When, seconds since the fleet began.
        detail: What was seen.
    """

    promise: str
    at: float
    detail: str

    def __str__(self) -> str:
        return f"{self.at:.3f} s: {self.promise}: {self.detail}"


def broken_promises(record: FleetRecord) -> Iterator[BrokenPromise]:
    """Everything that did not hold, promise by promise."""
    evidence = Evidence(record)
    for name, check in PROMISES.items():
        for at, detail in check(evidence):
            yield BrokenPromise(name, at, detail)


def _said(request: FleetRequest) -> str:
    return f"process {request.process} asks {request.target} with {request.credential}"


def _past_a_mark(evidence: Evidence) -> Found:
    """Nothing is sent past a mark that its process has heard of, but one early probe in 15 s."""
    lag = evidence.record.scenario.lag + GRAIN
    for request in evidence.record.requests:
        if evidence.is_away(request.at - lag, request.at):
            continue
        for key in evidence.keys(request):
            record = evidence.before(key, request.number)
            known = evidence.at(key, request.at - lag)
            if not _bars(record, request.at) or not _bars(known, request.at):
                continue
            if record is None or known is None or _is_early(record, known, request.at):
                continue
            yield request.at, f"{_said(request)}, {_left(record, request.at)} before it is due"


def _bars(record: Record | None, at: float) -> bool:
    if record is None or record.mark is None:
        return False
    return record.mark is Mark.DEAD or elapsed(record.until) > at + GRAIN


def _is_early(record: Record, known: Record, at: float) -> bool:
    """Whether the request is the one that each 15 s may see where nothing stands by."""
    if record.mark not in _PROBED:
        return False
    # What the claim changed is the request's own doing; what was known before it counts.
    last = min(elapsed(record.requested), elapsed(known.requested))
    return at >= last + EARLY_SECONDS - GRAIN


def _left(record: Record, at: float) -> str:
    return f"{record.mark}, {elapsed(record.until) - at:.3f} s"


def _one_probe(evidence: Evidence) -> Found:
    """At most one request past each due date, until its answer is in or its claim has expired."""
    for (key, until), sent in _probes(evidence).items():
        for first, second in pairwise(sent):
            since, at = first.at, second.at
            if evidence.is_away(since, at):
                continue
            if at < since + CLAIM_SECONDS - GRAIN:
                detail = (
                    f"{_said(second)}, {at - since:.3f} s after process {first.process} did, and "
                    f"both past the {parts(key)[0]} that was due at {elapsed(until):.3f} s"
                )
                yield at, detail


def _probes(evidence: Evidence) -> Mapping[tuple[str, float], list[FleetRequest]]:
    """The requests past each due date, by the key of its mark and the date."""
    found: defaultdict[tuple[str, float], list[FleetRequest]] = defaultdict(list)
    for request in evidence.record.requests:
        for key in evidence.keys(request):
            record = evidence.before(key, request.number)
            is_probed = record is not None and record.mark in _PROBED
            if record is not None and is_probed and elapsed(record.until) <= request.at + GRAIN:
                found[key, record.until].append(request)
    return found


def _no_lost_mark(evidence: Evidence) -> Found:
    """What a provider said of money or of a limit stands in the store until an answer denies it."""
    lag = evidence.record.scenario.lag
    for request in evidence.record.requests:
        told = request.ended_at
        if request.word not in _TOLD or told is None or request.cut:
            continue
        due = _due_of(evidence, request, told)
        if due is None:
            continue
        at = told if not evidence.is_away(told, told) else _back(evidence, told) + FOUND + lag
        # A process that dies before it has found the store again takes along what it knew alone.
        found = at - FOUND - lag + FOUND_AFTER
        if at != told and (
            evidence.is_away(at, at) or evidence.is_crashed(request.process, told, found)
        ):
            continue
        if at + GRAIN < due and not _is_marked(evidence, request, at):
            yield at, f"{_said(request)}, is told {request.word}, and the store has no mark of it"


_TOLD = {"402": MarkKind.BILLING, "429": MarkKind.RATE_LIMIT, "auth": MarkKind.AUTH}
_LEAST = {"402": 300.0, "auth": 300.0}


def _due_of(evidence: Evidence, request: FleetRequest, told: float) -> float | None:
    """Until when the mark of ``request`` holds at least; ``None`` where nobody can say."""
    if evidence.is_by_host_clock(request.process, told):
        return None
    if request.word in _LEAST:
        return told + _LEAST[request.word]
    planned = evidence.record.scenario.providers[request.target.provider]
    named = [one.retry_after for one in planned.phases if one.word == request.word]
    wait = named[0] if named and named[0] is not None else None
    return told + wait if wait is not None and wait <= LONGEST_COOLDOWN else None


def _back(evidence: Evidence, at: float) -> float:
    outages = evidence.record.scenario.outages
    return max(one.until for one in outages if one.since <= at <= one.until + FOUND)


def _is_marked(evidence: Evidence, request: FleetRequest, at: float) -> bool:
    """Whether a mark stands at ``at``, or an answer to a later request has lifted it."""
    kind, told = _TOLD[request.word], request.ended_at or 0.0
    for key in evidence.keys(request):
        if parts(key)[0] is not kind:
            continue
        record = evidence.at(key, at)
        if record is not None and record.mark is not None:
            return record.mark is not Mark.COOLDOWN or _is_as_long(evidence, request, record)
    return any(
        each.word == "ok"
        and each.at >= request.at
        and told - GRAIN <= (each.ended_at or 0.0) <= at + GRAIN
        for each in evidence.record.requests
        if each.target.provider == request.target.provider
    )


def _is_as_long(evidence: Evidence, request: FleetRequest, record: Record) -> bool:
    due = _due_of(evidence, request, request.ended_at or 0.0)
    return due is None or elapsed(record.until) >= due - GRAIN


def _heeds_what_it_is_told(evidence: Evidence) -> Found:
    """What a process was told of money or a limit it heeds, also while the store is away."""
    told = dict[tuple[int, Target, str], tuple[float, float]]()
    for number, request in _moments(evidence.record.requests):
        who = (request.process, request.target, request.credential)
        if number == request.ended:
            ended = request.ended_at or 0.0
            # Another may have been told of it while this request was under way, not before.
            is_news = not (request.cut or evidence.is_found(request.at, ended))
            due = _due_told(evidence, request, request.at) if is_news else None
            if due is not None:
                told[who] = (ended, due)
            if request.word == "ok":  # whoever hears of it, it is denied
                told = {at: one for at, one in told.items() if at[1].provider != who[1].provider}
            continue
        since, due = told.get(who, (0.0, 0.0))
        if request.at + GRAIN < due and not (
            evidence.is_crashed(request.process, since, request.at)
            or _others_fail(evidence, request.target.provider)
        ):
            yield request.at, f"{_said(request)}, {due - request.at:.3f} s before it may"


def _moments(requests: list[FleetRequest]) -> Iterator[tuple[int, FleetRequest]]:
    """When each request was sent, and when its sender had what came of it, in order."""
    both = [(each.number, each) for each in requests]
    both += [(each.ended, each) for each in requests if each.ended_at is not None]
    yield from sorted(both, key=lambda moment: moment[0])


def _due_told(evidence: Evidence, request: FleetRequest, at: float) -> float | None:
    return _due_of(evidence, request, at) if request.word in _TOLD else None


def _lifted_by_answer(evidence: Evidence) -> Found:
    """A bench ends by an answer to a request that was sent after it began, and by nothing else."""
    answered = defaultdict(list)
    for request in evidence.record.requests:
        if request.word == "ok" and request.ended_at is not None and not request.cut:
            answered[request.target.provider].append(request)
    for change in evidence.record.changes:
        before, after = change.before, change.after
        was_benched = before is not None and before.mark is Mark.BENCH
        if not was_benched or (after is not None and after.mark is not None) or before is None:
            continue
        if evidence.is_away(change.at - FOUND, change.at):
            continue
        began, provider = elapsed(before.failed) - GRAIN, parts(change.key)[2][0]
        lifting = (
            abs((each.ended_at or 0.0) - change.at) <= GRAIN and each.at >= began
            for each in answered[provider]
        )
        if not any(lifting):
            kind = parts(change.key)[0]
            yield change.at, f"process {change.process} lifts the {kind} of {provider} too early"


def _claims_expire(evidence: Evidence) -> Found:
    """A probe belongs to one call for as long as is said, and no longer."""
    for change in evidence.record.changes:
        claim = change.after.claim if change.after is not None else None
        old = change.before.claim if change.before is not None else None
        if claim is None or (old is not None and old.holder == claim.holder):
            continue
        lasts = elapsed(claim.expires) - change.at
        if lasts > CLAIM_SECONDS + GRAIN and not evidence.is_away(change.at - FOUND, change.at):
            yield change.at, f"process {change.process} may probe for {lasts:.0f} s"


def _due_is_probed(evidence: Evidence) -> Found:
    """A bench of the first choice that is due is probed by the next call, also after a crash."""
    first = evidence.record.route[0].provider
    begun = sorted((each.began, each.process) for each in evidence.record.calls)
    sent = [each for each in evidence.record.requests if each.target.provider == first]
    for key, versions in evidence.versions.items():
        kind, scope, identity = parts(key)
        if kind is not MarkKind.BILLING or scope is not MarkScope.PROVIDER or identity[0] != first:
            continue
        for (_, _, record), following in zip(versions, [*versions[1:], None], strict=True):
            if record is None or record.mark is not Mark.BENCH:
                continue
            late = max(elapsed(record.until), elapsed(record.requested))
            late += CLAIM_SECONDS + evidence.record.scenario.lag + GRAIN
            until = following[1] if following is not None else begun[-1][0] if begun else 0.0
            calls = [at for at, _ in begun if late < at <= until]
            asked = any(late - CLAIM_SECONDS <= each.at <= until for each in sent)
            if calls and not asked and not evidence.is_away(late, until):
                passed = calls[0] - elapsed(record.until)
                yield calls[0], f"nobody asks {first}, {passed:.0f} s late"


def _dead_account(evidence: Evidence) -> Found:
    """An account without money gets 5 requests in its first hour and 2 an hour after."""
    scenario = evidence.record.scenario
    if scenario.outages:
        return
    for name, planned in scenario.providers.items():
        for phase in planned.phases:
            if phase.word == "402" and phase.share == 1 and not _others_fail(evidence, name):
                yield from _dead_requests(evidence, name, phase.since, phase.until)


def _others_fail(evidence: Evidence, name: str) -> bool:
    """Whether nothing else stands by all the time: another fails too, or there is none."""
    if all(target.provider == name for target in evidence.record.route):
        return True
    planned = evidence.record.scenario.providers
    return any(one.phases for other, one in planned.items() if other != name)


def _dead_requests(evidence: Evidence, name: str, since: float, until: float) -> Found:
    sent = [one for one in evidence.record.requests if one.target.provider == name]
    told = [one.ended_at for one in sent if one.word == "402" and one.ended_at is not None]
    if not told:
        return
    # Those that were under way when the first of all processes was told could not know.
    known = min(told) + evidence.record.scenario.lag + GRAIN
    late = [one for one in sent if known < one.at and since <= one.at < until]
    # A process that died with a probe took its claim along: another may ask after that.
    died = sum(one.ended_at is None for one in late)
    first = [one for one in late if one.at < min(told) + HOUR]
    if 1 + len(first) > MOST_FIRST_HOUR + died:
        yield first[-1].at, f"{name} has no money, and gets {1 + len(first)} requests in an hour"
    for one in late:
        within = [each for each in late if one.at <= each.at < one.at + HOUR]
        if one.at >= min(told) + HOUR and len(within) > MOST_LATER + died:
            yield one.at, f"{name} has no money, and gets {len(within)} requests in a later hour"


def _calls_end(evidence: Evidence) -> Found:
    """Each call of a process that lives ends, within its deadline."""
    record = evidence.record
    for call in record.calls:
        if call.ended - call.began > DEADLINE + GRAIN:
            yield call.ended, f"call {call.call} takes {call.ended - call.began:.0f} s"


_TRANSIENT = frozenset({"500", "502", "connect", "timeout"})


def _retries_are_paid_for(evidence: Evidence) -> Found:
    """Retries at a provider that fail cost what its answers brought, and 500 tokens at the most."""
    if evidence.record.scenario.outages:
        return
    for name in evidence.record.pools:
        sent = [one for one in evidence.record.requests if one.target.provider == name]
        left, last = float(RETRY_BUDGET), 0.0
        for _, at, cost in sorted(_costs(sent)):
            # After an hour without a retry the bucket is full again.
            left = RETRY_BUDGET if cost > 0 and at > last + HOUR else left
            last = at if cost > 0 else last
            left = min(RETRY_BUDGET, left - cost)
            # What others set aside and do not use is not seen here, and answers fill it meanwhile.
            if left < -COST:
                yield at, f"retries at {name} have spent {-left:.0f} tokens more than there were"
                break


def _costs(sent: list[FleetRequest]) -> Iterator[tuple[int, float, int]]:
    """What each request cost or brought: the number of its moment, the instant, the tokens."""
    before: dict[int, FleetRequest] = {}
    for one in sent:
        previous, before[one.call] = before.get(one.call), one
        cost = 0 if previous is None else _cost(previous, one)
        if cost and previous is not None and previous.ended_at is not None:
            # It is set aside when the failure is reported, before the wait.
            yield previous.ended, previous.ended_at, cost
        if one.word == "ok" and one.ended_at is not None and not one.cut:
            yield one.ended, one.ended_at, -cost or -PER_SUCCESS


def _cost(previous: FleetRequest, again: FleetRequest) -> int:
    """What ``again`` cost, where it is a retry after ``previous``: with the same key."""
    if (previous.target, previous.credential) != (again.target, again.credential):
        return 0
    return COST if previous.word in _TRANSIENT else THROTTLED_COST


PROMISES: Mapping[str, Callable[[Evidence], Found]] = {
    "nothing is sent past a mark": _past_a_mark,
    "one probe a due date": _one_probe,
    "no mark is lost": _no_lost_mark,
    "a process heeds what it is told": _heeds_what_it_is_told,
    "a bench is lifted by an answer": _lifted_by_answer,
    "claims expire": _claims_expire,
    "what is due is probed": _due_is_probed,
    "a dead account is left alone": _dead_account,
    "retries are paid for": _retries_are_paid_for,
    "no herd": find_herds,
    "calls end": _calls_end,
}
"""By the name that a report gives."""
