"""The rows of a fault matrix: what fails alike is one row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from orchestrator.lab.fault_matrix.faults import FaultScope, SiteFault
from orchestrator.lab.fault_matrix.matrix import FaultCase, FaultMatrix, is_of_request
from orchestrator.states import StoppedBy

SOON = 10.0
"""Seconds: who answers within them is quick to take over: the patience of a usual policy."""

LATE = 30.0
"""Seconds: who answers after them keeps most callers waiting (our own choice, 2026-12)."""

BOTH, STREAMED, WHOLE = "", "streamed", "not streamed"


@attrs.frozen
class Span:
    """From the least to the most of some numbers."""

    least: float
    most: float

    def words(self, unit: str = "") -> str:
        """``3``, or ``0.5-120.5 s``."""
        shown = f"{self.least:.4g}"
        if f"{self.most:.4g}" != shown:
            shown += f"-{self.most:.4g}"
        return f"{shown}{unit}"


@attrs.frozen
class FaultRow:
    """Faults of one thing that calls come through in about the same way.

    Attributes:
        owners: Whose it is that fails.
        kinds: How it fails, by the mode to which that is limited, where the other ends otherwise.
        answered_by: Who answers; empty where the call is lost.
        is_met: False where no call comes to what fails.
        is_empty: True where the answer has no word in it.
        lost: Why it is lost; empty where it is answered.
        is_expected: True where it is lost by policy, or because of the request itself.
        seconds: Until the answer, or the failure.
        requests: How many are sent.
        following: Seconds that the next call takes.
        following_by: Who answers that one; empty where it is lost too.
        cases: What was tried.
    """

    owners: tuple[str, ...]
    kinds: Mapping[str, tuple[str, ...]] = attrs.field(hash=False)
    answered_by: str
    is_met: bool
    is_empty: bool
    lost: str
    is_expected: bool
    seconds: Span
    requests: Span
    following: Span
    following_by: str
    cases: tuple[FaultCase, ...]


def rows(matrix: FaultMatrix) -> tuple[FaultRow, ...]:
    """All single faults, folded, in the order of the route; who is not asked comes last."""
    groups: dict[tuple[object, ...], list[FaultCase]] = {}
    for case in matrix.singles:
        if case.is_met:
            (fault,) = case.faults
            groups.setdefault((fault.site.owner, *_ending(case)), []).append(case)
    unasked = [case for case in matrix.singles if not case.is_met]
    found = [_row(cases, matrix) for cases in groups.values()]
    places = {row.owners: place for place, row in reversed(tuple(enumerate(found)))}
    # Lost calls first, and then who answers, the quickest first.
    found.sort(
        key=lambda row: (places[row.owners], row.is_expected, not row.lost, row.seconds.most)
    )
    return (*found, *([_row(unasked, matrix)] if unasked else []))


def _ending(case: FaultCase) -> tuple[object, ...]:
    """What cases have in common that make one row."""
    result, following, lost = case.result, case.following, _why_lost(case)
    if lost:  # after how long says little
        return (lost,)
    pace = sum(result.seconds > limit for limit in (SOON, LATE))
    # Where the marks of the first call spare the next one what it went through.
    is_spared = following is not None and following.requests == 1
    return (result.answered_by, result.empty, pace, is_spared)


_STOPPED = {
    StoppedBy.EXHAUSTED: "nothing left to try",
    StoppedBy.ATTEMPTS: "max_attempts",
    StoppedBy.DEADLINE: "the deadline",
    StoppedBy.COMMITTED: "it had begun",
}


def _why_lost(case: FaultCase) -> str:
    if not case.result.is_lost or case.result.stopped_by is None:
        return ""
    if case.by_policy:
        return "by policy"
    if is_of_request(case):
        return "too long for all"
    return _STOPPED.get(case.result.stopped_by, str(case.result.stopped_by))


def _row(cases: Sequence[FaultCase], matrix: FaultMatrix) -> FaultRow:
    first = cases[0]
    following = [case.following for case in cases if case.following is not None]
    return FaultRow(
        owners=tuple(dict.fromkeys(case.faults[0].site.owner for case in cases)),
        kinds=_kinds(cases, matrix),
        answered_by=first.result.answered_by or "",
        is_met=first.is_met,
        is_empty=first.result.empty,
        lost=_why_lost(first),
        is_expected=first.by_policy or is_of_request(first),
        seconds=_span(case.result.seconds for case in cases),
        requests=_span(case.result.requests for case in cases),
        following=_span(each.seconds for each in following),
        following_by=next((each.answered_by or "" for each in following), ""),
        cases=tuple(cases),
    )


def _kinds(cases: Sequence[FaultCase], matrix: FaultMatrix) -> Mapping[str, tuple[str, ...]]:
    """How things fail; the mode is said where the other one is in another row."""
    here: dict[SiteFault, set[bool]] = {}
    for case in cases:
        here.setdefault(case.faults[0], set()).add(case.streamed)
    everywhere: dict[SiteFault, set[bool]] = {}
    for case in matrix.singles:
        everywhere.setdefault(case.faults[0], set()).add(case.streamed)
    targets = {target.provider: 0 for target in matrix.route}
    for target in matrix.route:
        targets[target.provider] += 1
    by_mode: dict[str, dict[str, None]] = {BOTH: {}, STREAMED: {}, WHOLE: {}}
    for fault, modes in here.items():
        mode = BOTH if modes == everywhere[fault] else STREAMED if True in modes else WHOLE
        by_mode[mode][_kind(fault, targets)] = None
    return {mode: tuple(names) for mode, names in by_mode.items() if names}


def _kind(fault: SiteFault, targets: Mapping[str, int]) -> str:
    """``503``, ``key#1: 401``; the target is named where the provider has others."""
    site = fault.site
    if site.scope is FaultScope.KEY:
        return f"{site.name.partition(' of ')[0]}: {fault.kind.name}"
    if site.scope is FaultScope.TARGET and targets[site.name.partition("/")[0]] > 1:
        return f"{site.name.partition('/')[2]}: {fault.kind.name}"
    return fault.kind.name


def _span(values: Iterable[float]) -> Span:
    found = list(values)
    return Span(min(found, default=0.0), max(found, default=0.0))
