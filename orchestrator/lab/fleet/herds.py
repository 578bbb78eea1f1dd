"""Calls that come back to one mark: how many of them at one instant."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping

from orchestrator.health.records import parts
from orchestrator.lab.fleet.evidence import DEADLINE, GRAIN, Evidence, Found
from orchestrator.lab.fleet.fleet import FleetRequest
from orchestrator.lab.fleet.shared_store import elapsed
from orchestrator.states.limits import LONGEST_SPREAD, SPREAD_SHARE

LEAST_SPREAD = 0.25
"""Seconds of the spread from which on a call counts: who came just before the end of a mark has
gathered no company, and comes back at once."""

INSTANT = LEAST_SPREAD / 25
"""Seconds within which requests are sent at one instant, 10 ms: so that of a call that counts at
most one draw in 25 falls into it."""

CROWD = 8
"""Calls that are a crowd. That more than half of 8 fall into one instant by chance happens to one
crowd in 50,000; of more calls, to fewer."""


def find_herds(evidence: Evidence) -> Found:
    """Of 8 and more calls that wait for one mark, at most half come back within 10 ms."""
    for (key, until), back in _returns(evidence).items():
        if len(back) < CROWD:
            continue
        together, first = max(_together(sorted(back)))
        if 2 * together > len(back):
            mark = f"the {parts(key)[0]} until {elapsed(until):.3f} s"
            yield first, f"{together} of {len(back)} calls that waited for {mark} come back at once"


def _together(at: list[float]) -> Iterator[tuple[int, float]]:
    """How many are sent within an instant that begins with each, and when."""
    for number, first in enumerate(at):
        yield bisect_right(at, first + INSTANT) - number, first


def _returns(evidence: Evidence) -> Mapping[tuple[str, float], list[float]]:
    """The requests after a wait, by the mark that they waited for and its end."""
    found: defaultdict[tuple[str, float], list[float]] = defaultdict(list)
    ends = {key: _ends(evidence, key) for key in evidence.versions}
    for request, since, began in _waits(evidence):
        if evidence.is_away(since, request.at):
            continue
        for key in evidence.keys(request):
            until = _last(ends.get(key, ()), request.at)
            if until is None:
                continue
            wait, left = elapsed(until) - since, began + DEADLINE - elapsed(until)
            spread = min(SPREAD_SHARE * wait, LONGEST_SPREAD, left / 2)
            if spread >= LEAST_SPREAD:
                found[key, until].append(request.at)
    return found


def _ends(evidence: Evidence, key: str) -> list[float]:
    """When each mark that stood under ``key`` ended, in order."""
    marks = (record for _, _, record in evidence.versions[key])
    return sorted({one.until for one in marks if one is not None and one.mark is not None})


def _last(ends: list[float] | tuple[()], at: float) -> float | None:
    """The last end that was over at ``at``."""
    over = [until for until in ends if elapsed(until) <= at + GRAIN]
    return over[-1] if over else None


def _waits(evidence: Evidence) -> Iterator[tuple[FleetRequest, float, float]]:
    """Each request of a call that ended, since when that had nothing to do, and when it began."""
    began = {each.call: each.began for each in evidence.record.calls}
    since = dict(began)
    for request in evidence.record.requests:
        if request.call not in began:
            continue
        yield request, since[request.call], began[request.call]
        if request.ended_at is not None:
            since[request.call] = request.ended_at
