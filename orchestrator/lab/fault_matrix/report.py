"""The report on the failures of a route: the matrix, what loses a call, and all of it as values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import attrs

from orchestrator.config.config import Config
from orchestrator.lab.fault_matrix.faults import KINDS, FaultKind
from orchestrator.lab.fault_matrix.matrix import (
    FaultCase,
    FaultDepth,
    FaultMatrix,
    FaultProgress,
    fault_matrix,
)
from orchestrator.lab.fault_matrix.runner import CallResult
from orchestrator.lab.fault_matrix.weak_points import (
    WeakPoint,
    pair_points,
    shared_sites,
    single_points,
)
from orchestrator.states import Target


@attrs.frozen
class FaultReport:
    """What failures do to calls of one route.

    Attributes:
        matrix: Everything that was tried.
        single_points: What loses a call by itself, one line each.
        pair_points: What loses a call together with something else.
        shared: What is one thing under two names of the config.
    """

    matrix: FaultMatrix
    single_points: tuple[WeakPoint, ...]
    pair_points: tuple[WeakPoint, ...]
    shared: tuple[str, ...]


def fault_report(
    config: Config,
    route: Sequence[Target],
    *,
    depth: FaultDepth = FaultDepth.DOUBLE,
    kinds: Collection[FaultKind] = KINDS,
    seconds: float | None = None,
    progress: FaultProgress | None = None,
) -> FaultReport:
    """The report on ``route``; see :func:`.fault_matrix`."""
    matrix = fault_matrix(
        config, route, depth=depth, kinds=kinds, seconds=seconds, progress=progress
    )
    return FaultReport(
        matrix, single_points(matrix, config), pair_points(matrix, config), shared_sites(matrix)
    )


def report_mapping(report: FaultReport) -> dict[str, Any]:
    """Everything that a report says, as plain values."""
    matrix, pairs = report.matrix, report.matrix.pairs
    return {
        "clean": {_mode(mode): _result(result) for mode, result in matrix.clean.items()},
        "faults": [_case(case) for case in matrix.singles],
        "single_points": _points(report.single_points),
        "shared": list(report.shared),
        "lost_by_policy": [case.name for case in matrix.lost_by_policy],
        "pairs": None
        if pairs is None
        else {
            "tried": pairs.tried,
            "run": pairs.run,
            "lost": pairs.lost,
            "minimal": [_case(case) for case in pairs.minimal],
            "points": _points(report.pair_points),
            "stopped": pairs.stopped or None,
        },
        "longest": {"one": _worst(matrix.worst), "two": _worst(pairs.worst if pairs else None)},
        "most_requests": {"one": _worst(matrix.most), "two": _worst(pairs.most if pairs else None)},
        "asked_under": _asked_under(matrix),
        "fault_search": {
            "stopped": matrix.stopped or None,
            "calls": matrix.calls,
            "seconds": round(matrix.seconds, 3),
        },
    }


def _asked_under(matrix: FaultMatrix) -> dict[str, list[str]]:
    """The single faults under which each target is asked."""
    return {
        target.name: list(
            dict.fromkeys(
                case.name
                for case in matrix.singles
                if case.is_met and target.name in case.result.asked
            )
        )
        for target in matrix.route
    }


def _points(points: Iterable[WeakPoint]) -> list[dict[str, Any]]:
    return [
        {"text": point.text, "faults": list(dict.fromkeys(case.name for case in point.cases))}
        for point in points
    ]


def _worst(case: FaultCase | None) -> dict[str, Any] | None:
    return None if case is None else _case(case)


def _case(case: FaultCase) -> dict[str, Any]:
    return {
        "fails": [
            {"what": fault.site.name, "scope": fault.site.scope, "how": fault.kind.name}
            for fault in case.faults
        ],
        "streamed": case.streamed,
        "met": case.is_met,
        "lost": case.result.is_lost,
        "by_policy": case.by_policy,
        **_result(case.result),
        "next": None if case.following is None else _result(case.following),
    }


def _result(result: CallResult) -> dict[str, Any]:
    return {
        "answered_by": result.answered_by,
        "empty": result.empty,
        "seconds": result.seconds,
        "requests": result.requests,
        "asked": list(result.asked),
        "cause": result.cause,
        "stopped_by": result.stopped_by,
        "script": result.script,
    }


def _mode(streamed: bool) -> str:  # noqa: FBT001 - the name of a value
    return "streamed" if streamed else "not_streamed"
