"""Which failures lose a call, on a screen: the lines first, then the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator.cli.format import count
from orchestrator.cli.screen import WIDEST, Screen
from orchestrator.lab.fault_matrix import FaultCase, FaultMatrix, FaultReport, FaultRow, rows

_MARGIN = 2
_LABEL = 14
"""Columns of the word before a line, below whose end the rest of the line stands."""
_NARROW = 60
"""Columns. A screen that has fewer has no room for a table."""
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
    for label, style, text in (
        *_singles(report),
        *_pairs(report, verbose=verbose),
        *_notes(report),
    ):
        show_line(screen, label, text, style=style)
    found = rows(matrix)
    if screen.out.width < _NARROW:
        _list(screen, found, verbose=verbose)
    else:
        width = min(screen.out.width, WIDEST) - _MARGIN
        table = _table(found, width, verbose=verbose)
        screen.show(Padding(table, (1, 0, 1, _MARGIN)))


def show_line(screen: Screen, label: str, text: str, *, style: str = "bold") -> None:
    """``label`` and what it says of a route, on stdout; where it is wrapped, below itself."""
    line = Text.assemble((f"{label:<{_LABEL}}", style), text)
    screen.result(line, margin=_MARGIN, hang=_LABEL)


def show_fault_bounds(screen: Screen, matrix: FaultMatrix) -> None:
    """The worst without a failure, with one and with two, a line each, on stdout."""
    clean = list(matrix.clean.values())
    requests = max(one.requests for one in clean)
    slowest = max(clean, key=lambda one: one.seconds)
    who = f"{slowest.answered_by} answers" if slowest.answered_by else "ends without an answer"
    line = f"{who} within {slowest.seconds:g} s"
    show_line(screen, "no failure", f"{line}; {count(requests, 'request')}")
    _bound(screen, "one failure", matrix.most, matrix.worst, lost=bool(matrix.lost))
    pairs = matrix.pairs
    if pairs is not None and not matrix.stopped and _is_worse(pairs.worst, matrix.worst):
        _bound(screen, "two failures", pairs.most, pairs.worst, lost=bool(pairs.lost))


def _is_worse(two: FaultCase | None, one: FaultCase | None) -> bool:
    """Whether two failures say more than one: where most of them lose calls they do not."""
    return bool(two and one and two.result.seconds >= one.result.seconds)


def _bound(
    screen: Screen, label: str, most: FaultCase | None, worst: FaultCase | None, *, lost: bool
) -> None:
    """``one failure   answered within 120.5 s (deepseek silent, …); at most 5 requests``."""
    if most is None or worst is None:
        return
    requests, by = count(most.result.requests, "request"), worst.result.answered_by
    answered = "answered, if at all," if lost else "answered"
    line = f"{answered} within {worst.result.seconds:g} s ({worst.words}: {by} answers)"
    show_line(screen, label, f"{line}; at most {requests}")


_Line = tuple[str, str, str]
"""A label, its style, and what it says."""


def _singles(report: FaultReport) -> Iterator[_Line]:
    matrix, points = report.matrix, report.single_points
    if not points:
        tried = count(len({case.faults for case in matrix.singles}), "failure")
        far = " so far" if matrix.pairs is None and matrix.stopped else ""
        yield "one failure", "bold green", f"none of {tried}{far} loses a call, streamed or not"
    for point in points:
        yield "single point", "bold red", point.text


def _pairs(report: FaultReport, *, verbose: bool) -> Iterator[_Line]:
    pairs, points = report.matrix.pairs, report.pair_points
    if pairs is None or not pairs.tried:
        return
    of = f"of {'the first ' if pairs.stopped else ''}{count(pairs.tried, 'pair')}"
    if not pairs.lost:
        yield "two at once", "bold", f"none {of} loses a call"
        return
    alone = pairs.lost - len(pairs.minimal)
    besides = f", {alone:,} of them by one of the two alone" if alone else ""
    loses = "loses" if pairs.lost == 1 else "lose"
    yield "two at once", "bold", f"{pairs.lost:,} {of} {loses} a call{besides}"
    shown = points if verbose else points[:_MOST_LINES]
    for point in shown:
        yield "", "", f"- {point.text}"
    if len(points) > len(shown):
        yield "", "", f"- and {len(points) - len(shown)} more: --verbose"


def _notes(report: FaultReport) -> Iterator[_Line]:
    matrix = report.matrix
    for line in report.shared:
        yield "note", "yellow", line
    if matrix.lost_by_policy:
        told = 'a stream cut after content is lost: on_interrupted = "fail"'
        yield "by policy", "bold", told
    if not matrix.is_finished:
        yield "not finished", "yellow", f"{matrix.stopped}: what was not tried is not shown"


def _table(found: Sequence[FaultRow], width: int, *, verbose: bool) -> Table:
    """A table of ``width`` columns: names get what they need, kinds of failures what is left."""
    numbers = [
        (f"{row.seconds.most:.4g} s", f"{row.requests.most:g}", f"{row.following.most:.4g} s")
        for row in found
    ]
    heads = ("within", "sent", "next call")
    widths = [max(map(len, column)) for column in zip(heads, *numbers, strict=True)]
    room = width - sum(widths) - 4 * _GAP
    names = min(max(len(_who(row)) for row in found), room // 2)
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("what fails, and how", overflow="fold", width=room - names)
    table.add_column("answered by", overflow="fold", width=names)
    for head, needed in zip(heads, widths, strict=True):
        table.add_column(head, no_wrap=True, justify="right", width=needed)
    for title, row, figures in zip(_titles(found, verbose=verbose), found, numbers, strict=True):
        if title:
            table.add_row(Text(title, style="bold"))
        if _is_rest(row, verbose=verbose):
            how: Padding | str = _REST
        else:
            kinds = "\n".join(_filled(_kinds(row, verbose=verbose), room - names - _MARGIN))
            how = Padding(kinds, (0, 0, 0, _MARGIN))
        table.add_row(how, _who(row), *figures)
    return table


_GAP = 2
"""Columns between two of a table."""
_REST = "every other failure"


def _list(screen: Screen, found: Sequence[FaultRow], *, verbose: bool) -> None:
    """What the table says, without columns."""
    screen.result("")
    for title, row in zip(_titles(found, verbose=verbose), found, strict=True):
        if title:
            screen.result(Text(title, style="bold"), margin=_MARGIN)
        rest = _is_rest(row, verbose=verbose)
        how = _REST if rest else " ".join(_kinds(row, verbose=verbose))
        screen.result(how, margin=_MARGIN if rest else 2 * _MARGIN, hang=0)
        figures = f", {row.seconds.most:.4g} s, {row.requests.most:g} sent"
        told = Text.assemble("→ ", _who(row), figures, f", next {row.following.most:.4g} s")
        screen.result(told, margin=3 * _MARGIN, hang=_MARGIN)
    screen.result("")


def _titles(found: Sequence[FaultRow], *, verbose: bool) -> Iterator[str]:
    """The line above each row that says whose failures it is about; empty where none is needed."""
    owner = ""
    for row in found:
        title = f"{'' if row.is_met else 'not asked: '}{', '.join(row.owners)}"
        yield "" if title == owner or _is_rest(row, verbose=verbose) else title
        owner = title


def _is_rest(row: FaultRow, *, verbose: bool) -> bool:
    """Whether the row is of all that no call comes to, and nobody asked for the names."""
    return not row.is_met and not verbose


def _filled(words: Sequence[str], width: int) -> Iterator[str]:
    """Lines of ``width`` columns; none of the words is broken that fits into one."""
    line = ""
    for word in _parted(words, width):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
    yield line


def _parted(words: Sequence[str], width: int) -> Iterator[str]:
    """Each of ``words``, or its own words where it is longer than a line."""
    for word in words:
        yield from [word] if len(word) <= width else word.split()


def _kinds(row: FaultRow, *, verbose: bool) -> list[str]:
    """``streamed:``, ``503,``, ``524 after 100 s;``: what belongs together, in one piece."""
    modes: list[list[str]] = []
    for mode, kinds in row.kinds.items():
        most = len(kinds) if verbose or len(kinds) <= _MOST_KINDS + 1 else _MOST_KINDS
        pieces = [f"{kind}," for kind in kinds[:most]]
        if most < len(kinds):
            pieces.append(f"and {len(kinds) - most} more,")
        modes.append([*([f"{mode}:"] if mode else []), *pieces[:-1], pieces[-1][:-1]])
    *earlier, last = modes
    return [*(word for each in earlier for word in (*each[:-1], f"{each[-1]};")), *last]


def _who(row: FaultRow) -> Text:
    if row.lost:
        style = "yellow" if row.is_expected else "bold red"
        return Text.assemble(("lost", style), f": {row.lost}")
    return Text(f"{row.answered_by}{' (empty)' if row.is_empty else ''}")
