"""The rows of a fault matrix: what fails alike is one row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from orchestrator.lab.fault_matrix.matrix import FaultCase, FaultMatrix, is_of_request

SOON = 5.0
"""Seconds: who answers within them is quick to take over (our own choice, 2026-12)."""

LATE = 30.0
"""Seconds: who answers after them keeps most callers waiting (our own choice, 2026-12)."""

STREAMED, WHOLE = "streamed", "not streamed"


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
        sites: What fails.
        kinds: How, each with the mode in brackets where the other one ends otherwise.
        answered_by: Who answers; empty where the call is lost.
        is_met: False where no call comes to what fails.
        is_empty: True where the answer has no word in it.
        lost: Why it is lost; empty where it is answered.
        seconds: Until the answer, or the failure.
        requests: How many are sent.
        following: Seconds that the next call takes.
        following_by: Who answers that one; empty where it is lost too.
        cases: What was tried.
    """

    sites: tuple[str, ...]
    kinds: tuple[str, ...]
    answered_by: str
    is_met: bool
    is_empty: bool
    lost: str
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
            groups.setdefault((fault.site.name, *_ending(case)), []).append(case)
    unasked = [case for case in matrix.singles if not case.is_met]
    found = [_row(cases, matrix) for cases in groups.values()]
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


def _why_lost(case: FaultCase) -> str:
    if not case.result.is_lost:
        return ""
    if case.by_policy:
        return 'by policy (on_interrupted = "fail")'
    if is_of_request(case):
        return "too long for every target"
    return f"stopped by {case.result.stopped_by}"


def _row(cases: Sequence[FaultCase], matrix: FaultMatrix) -> FaultRow:
    first = cases[0]
    following = [case.following for case in cases if case.following is not None]
    return FaultRow(
        sites=tuple(dict.fromkeys(case.faults[0].site.name for case in cases)),
        kinds=tuple(_kinds(cases, matrix)),
        answered_by=first.result.answered_by or "",
        is_met=first.is_met,
        is_empty=first.result.empty,
        lost=_why_lost(first),
        seconds=_span(case.result.seconds for case in cases),
        requests=_span(case.result.requests for case in cases),
        following=_span(each.seconds for each in following),
        following_by=next((each.answered_by or "" for each in following), ""),
        cases=tuple(cases),
    )


def _kinds(cases: Sequence[FaultCase], matrix: FaultMatrix) -> Iterable[str]:
    """The names of the kinds; the mode is said where the other one is in another row."""
    modes: dict[str, set[bool]] = {}
    for case in cases:
        modes.setdefault(case.faults[0].kind.name, set()).add(case.streamed)
    site = cases[0].faults[0].site
    everywhere: dict[str, set[bool]] = {}
    for case in matrix.singles:
        if case.faults[0].site.name == site.name:
            everywhere.setdefault(case.faults[0].kind.name, set()).add(case.streamed)
    for name, found in modes.items():
        both = found >= everywhere.get(name, found)
        yield name if both else f"{name} ({STREAMED if True in found else WHOLE})"


def _span(values: Iterable[float]) -> Span:
    found = list(values)
    return Span(min(found, default=0.0), max(found, default=0.0))
