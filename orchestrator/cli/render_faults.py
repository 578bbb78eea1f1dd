"""Which failures lose a call, on a screen: the lines first, then the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator.cli.format import count
from orchestrator.cli.screen import Screen
from orchestrator.lab.fault_matrix import FaultCase, FaultMatrix, FaultReport, FaultRow, rows

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


def show_fault_bounds(screen: Screen, matrix: FaultMatrix) -> None:
    """The worst without a failure, with one and with two, a line each, on stdout."""
    clean = list(matrix.clean.values())
    requests = max(one.requests for one in clean)
    slowest = max(clean, key=lambda one: one.seconds)
    answers = f"until {slowest.answered_by} answers" if slowest.answered_by else "without an answer"
    line = f"{count(requests, 'request')}, {slowest.seconds:g} s {answers}"
    screen.result(Text.assemble(("no failure    ", "bold"), line), margin=_MARGIN)
    _bound(screen, "one failure   ", matrix.most, matrix.worst)
    if (
        matrix.pairs is not None
        and not matrix.stopped
        and _is_worse(matrix.pairs.worst, matrix.worst)
    ):
        _bound(screen, "two failures  ", matrix.pairs.most, matrix.pairs.worst)


def _is_worse(two: FaultCase | None, one: FaultCase | None) -> bool:
    """Whether two failures say more than one: where most of them lose calls they do not."""
    return bool(two and one and two.result.seconds >= one.result.seconds)


def _bound(screen: Screen, name: str, most: FaultCase | None, worst: FaultCase | None) -> None:
    """``one failure  at most 5 requests, 120.5 s until beta/two answers (acme silent, …)``."""
    if most is None or worst is None:
        return
    requests, by = count(most.result.requests, "request"), worst.result.answered_by
    line = f"at most {requests}, {worst.result.seconds:g} s until {by} answers ({worst.words})"
    screen.result(Text.assemble((name, "bold"), line), margin=_MARGIN)


def _singles(report: FaultReport) -> Iterator[Text]:
    matrix, points = report.matrix, report.single_points
    if not points:
        tried = count(len({case.faults for case in matrix.singles}), "failure")
        yield Text.assemble(
            ("no single failure loses a call", "bold green"),
            f": {tried} tried{' so far' if matrix.pairs is None and matrix.stopped else ''}, "
            "streamed and not",
        )
    for point in points:
        yield Text.assemble(("single point", "bold red"), f"  {point.text}")


def _pairs(report: FaultReport, *, verbose: bool) -> Iterator[Text]:
    pairs, points = report.matrix.pairs, report.pair_points
    if pairs is None or not pairs.tried:
        return
    of = f"of {'the first ' if pairs.stopped else ''}{count(pairs.tried, 'pair')}"
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
            '     a stream cut after content is lost: on_interrupted = "fail"',
        )
    if not matrix.is_finished:
        yield Text.assemble(
            ("not finished", "yellow"), f"  {matrix.stopped}: what was not tried is not shown"
        )
    if (worst := matrix.worst) is not None:
        yield Text.assemble(
            ("slowest", "bold"),
            f"       {worst.result.seconds:g} s until {worst.result.answered_by} answers: "
            f"{worst.words}",
        )


def _table(found: Sequence[FaultRow], *, verbose: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("what fails, and how", overflow="fold", ratio=5)
    table.add_column("answered by", overflow="fold", ratio=4)
    table.add_column("within", no_wrap=True, justify="right")
    table.add_column("sent", no_wrap=True, justify="right")
    table.add_column("next call", no_wrap=True, justify="right")
    owner = ""
    for row in found:
        title = f"{'' if row.is_met else 'not asked: '}{', '.join(row.owners)}"
        if not row.is_met and not verbose:
            how: Padding | str = "whatever is not asked"
        else:
            how = Padding(_kinds(row, verbose=verbose), (0, 0, 0, _MARGIN))
            if title != owner:
                table.add_row(Text(title, style="bold"))
        owner = title
        table.add_row(
            how,
            _who(row),
            f"{row.seconds.most:.4g} s",
            f"{row.requests.most:g}",
            f"{row.following.most:.4g} s",
        )
    return table


def _kinds(row: FaultRow, *, verbose: bool) -> str:
    parts = []
    for mode, kinds in row.kinds.items():
        most = len(kinds) if verbose or len(kinds) <= _MOST_KINDS + 1 else _MOST_KINDS
        more = f" and {len(kinds) - most} more" if most < len(kinds) else ""
        parts.append(f"{mode}{': ' if mode else ''}{', '.join(kinds[:most])}{more}")
    return "; ".join(parts)


def _who(row: FaultRow) -> Text:
    if row.lost:
        style = "yellow" if row.is_expected else "bold red"
        return Text.assemble(("lost", style), f": {row.lost}")
    return Text(f"{row.answered_by}{' (empty)' if row.is_empty else ''}")
