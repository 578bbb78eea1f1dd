"""Which failures lose a call, on a screen: the lines first, then the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator.cli.format import count
from orchestrator.cli.screen import Screen
from orchestrator.lab.fault_matrix import FaultCase, FaultMatrix, FaultReport, FaultRow, rows
from orchestrator.lab.fault_matrix.runner import CallResult

_MARGIN = 2
_MOST_LINES = 6
"""Lines about pairs that are shown where nobody asked for all."""
_MOST_KINDS = 6
"""Kinds of failures that a row names where nobody asked for all."""


def show_faults(screen: Screen, report: FaultReport, *, verbose: bool) -> None:
    """Answer which failures lose a call, on stdout.

    Args:
        screen: Where it is shown.
        report: Of one route.
        verbose: Show every line and name every kind of failure.
    """
    matrix = report.matrix
    if not matrix.singles:
        return
    for line in (*_singles(report), *_pairs(report, verbose=verbose), *_notes(report)):
        screen.result(line, margin=_MARGIN)
    screen.show(Padding(_table(rows(matrix), verbose=verbose), (1, 0, 1, _MARGIN)))


def fault_bounds(matrix: FaultMatrix) -> Iterator[Text]:
    """The worst without a failure, with one and with two; a line each."""
    yield _bound("no failure", *_worst_clean(matrix))
    pairs = matrix.pairs
    if matrix.singles:
        yield _bound("one failure", matrix.most, matrix.worst)
    if pairs is not None and pairs.worst is not None:
        yield _bound("two", pairs.most, pairs.worst)


def _singles(report: FaultReport) -> Iterator[Text]:
    matrix, points = report.matrix, report.single_points
    tried = count(len(matrix.singles), "failure")
    if not points:
        yield Text.assemble(
            ("no single failure loses a call", "bold green"), f": {tried} tried, streamed and not"
        )
    for point in points:
        yield Text.assemble(("single point", "bold red"), f"  {point.text}")


def _pairs(report: FaultReport, *, verbose: bool) -> Iterator[Text]:
    pairs, points = report.matrix.pairs, report.pair_points
    if pairs is None or not pairs.tried:
        return
    of = f"of {count(pairs.tried, 'pair')}"
    if not pairs.lost:
        yield Text.assemble(("two at once", "bold"), f"   none {of} loses a call")
        return
    alone = pairs.lost - len(pairs.minimal)
    besides = f", {alone:,} of them by one of the two alone" if alone else ""
    loses = "loses" if pairs.lost == 1 else "lose"
    yield Text.assemble(("two at once", "bold"), f"   {pairs.lost:,} {of} {loses} a call{besides}")
    shown = points if verbose else points[:_MOST_LINES]
    for point in shown:
        yield Text(f"  - {point.text}")
    if len(points) > len(shown):
        yield Text(f"  - and {len(points) - len(shown)} more: --verbose", style="dim")


def _notes(report: FaultReport) -> Iterator[Text]:
    matrix = report.matrix
    for line in report.shared:
        yield Text.assemble(("note", "yellow"), f"          {line}")
    if matrix.lost_by_policy:
        yield Text.assemble(
            ("by policy", "bold"),
            '     a stream that breaks after content is lost: on_interrupted = "fail"',
        )
    if not matrix.is_finished:
        yield Text.assemble(
            ("not finished", "yellow"), "  the time was over: what was not tried is not shown"
        )
    if (worst := matrix.worst) is not None:
        yield Text.assemble(
            ("slowest", "bold"),
            f"       {worst.result.seconds:g} s to the answer of {worst.result.answered_by}: "
            f"{_named(worst)}",
        )


def _named(case: FaultCase) -> str:
    return f"{case.name} ({'streamed' if case.streamed else 'not streamed'})"


def _worst_clean(matrix: FaultMatrix) -> tuple[CallResult, CallResult]:
    results = list(matrix.clean.values())
    return (
        max(results, key=lambda one: one.requests),
        max(results, key=lambda one: one.seconds),
    )


def _bound(
    name: str, most: FaultCase | CallResult | None, worst: FaultCase | CallResult | None
) -> Text:
    """``one failure  at most 5 requests (acme: 429), 120.5 s (acme: silent), by beta/two``."""
    if most is None or worst is None:
        return Text.assemble((f"{name:<12}", "bold"), " nothing is answered")
    requests = count(_result(most).requests, "request")
    seconds, by = _result(worst).seconds, _result(worst).answered_by
    why, after = _why(most), _why(worst)
    return Text.assemble(
        (f"{name:<12}", "bold"), f" {requests}{why}, {seconds:g} s{after}, by {by}"
    )


def _result(one: FaultCase | CallResult) -> CallResult:
    return one if isinstance(one, CallResult) else one.result


def _why(one: FaultCase | CallResult) -> str:
    return "" if isinstance(one, CallResult) else f" ({one.name})"


def _table(found: Sequence[FaultRow], *, verbose: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("what fails", overflow="fold", max_width=18)
    table.add_column("how", overflow="fold", ratio=1)
    table.add_column("answered by", overflow="fold", max_width=18)
    table.add_column("after", no_wrap=True)
    table.add_column("req.", no_wrap=True)
    table.add_column("next call", no_wrap=True)
    for row in found:
        table.add_row(
            ", ".join(row.sites) if row.is_met or verbose else "whatever is not asked",
            _kinds(row, verbose=verbose),
            _who(row),
            row.seconds.words(" s"),
            row.requests.words(),
            row.following.words(" s"),
        )
    return table


def _kinds(row: FaultRow, *, verbose: bool) -> str:
    if not row.is_met and not verbose:
        return "in whatever way"
    named = row.kinds if verbose or len(row.kinds) <= _MOST_KINDS + 1 else row.kinds[:_MOST_KINDS]
    more = len(row.kinds) - len(named)
    return "; ".join(named) + (f"; {more} more" if more else "")


def _who(row: FaultRow) -> Text:
    if row.lost:
        return Text.assemble(("lost", "yellow" if "policy" in row.lost else "red"), f" {row.lost}")
    return Text(f"{row.answered_by}{' (empty)' if row.is_empty else ''}")
