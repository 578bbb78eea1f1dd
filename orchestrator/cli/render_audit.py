"""Rendering of an audit: each call that failed, what was not judged, and the verdict last."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import attrs
from rich.text import Text

from orchestrator.cli.format import count, one_line
from orchestrator.cli.screen import Screen
from orchestrator.lab.audit import AuditedCall, AuditReport, CallVerdict

_MOST_CALLS = 20
"""Calls that failed which are told of, unless all are asked for: what came of it must stay on the
screen."""

_MARGIN = 2

_VERDICT = 8
"""Columns of the word before the verdict."""

_NEXT = (
    "no caller lost anything by this audit. A ledger that was edited, or written by another "
    "version, fails like this; otherwise it is a bug here: report the call (docs/audit.md)"
)
"""What whoever reads of a failure at night needs to know."""


def show_report(screen: Screen, report: AuditReport, *, verbose: bool) -> None:
    """On stdout, the verdict last."""
    screen.result(_headline(report))
    most = len(report.failed) if verbose else _MOST_CALLS
    for each in report.failed[:most]:
        _show_call(screen, each, verbose=verbose)
    more = report.calls[CallVerdict.FAILED] - min(most, len(report.failed))
    if more > 0:
        how = "" if verbose else "; --verbose lists them"
        screen.result(Text(f"… and {more:,} more that failed{how}", "dim"))
    for line in _notes(report):
        screen.result(Text(line, "dim"))
    screen.result(_verdict(report), hang=_VERDICT)
    if not report.holds:
        screen.result(f"{'next':<{_VERDICT}}{_NEXT}", hang=_VERDICT)


def _headline(report: AuditReport) -> str:
    files = ", ".join(map(one_line, report.files)) or "no file"
    if report.since is None or report.until is None:
        return f"{count(report.total, 'call')} in {files}"
    since, until = _when(report.since), _when(report.until)
    time = since if since == until else f"{since} to {until}"
    return f"{count(report.total, 'call')}, {time}, in {files}"


def _when(time: float) -> str:
    try:
        return f"{datetime.fromtimestamp(time).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):  # a ledger that was changed may hold anything
        return "an instant that is none"


def _show_call(screen: Screen, call: AuditedCall, *, verbose: bool) -> None:
    when = "" if call.time is None else f"  {_when(call.time)}"
    screen.result(Text.assemble(("FAILED", "bold red"), f"  call {one_line(call.call)}{when}"))
    for fault in call.faults if verbose else call.faults[:1]:
        where = "" if fault.move is None else f"move {fault.move}: "
        if fault.ledger and fault.table and fault.what.startswith("the ledger says"):
            screen.result(f"{where}{fault.check} objects", margin=_MARGIN)
            screen.result(f"the ledger says  {one_line(fault.ledger)}", margin=2 * _MARGIN)
            screen.result(f"the table says   {one_line(fault.table)}", margin=2 * _MARGIN)
        else:
            screen.result(f"{where}{fault.check}: {one_line(fault.what)}", margin=_MARGIN)
    rest = 0 if verbose else len(call.faults) - 1
    if rest > 0:
        said = f"and {rest}{' or more' if rest > 8 else ''} besides; --verbose tells them"
        screen.result(Text(said, "dim"), margin=_MARGIN)
    # To be copied: only the terminal itself may break the line.
    screen.out.print(Text(f"{' ' * _MARGIN}see: {_how_to_see(call)}", "dim"), soft_wrap=True)


def _how_to_see(call: AuditedCall) -> str:
    named = call.source if call.source != "standard input" else "FILE"
    words = shlex.join([named, "--id", call.call])
    return f"orchestrator diagram --call {one_line(words)}"


def _notes(report: AuditReport) -> Iterator[str]:
    """What was not judged, or not to its end, and why."""
    unended, may = report.calls[CallVerdict.UNENDED], report.may_run
    if unended:
        run = f"; {may:,} may be under way" if may else ""
        yield f"{count(unended, 'call')} without an end, held as far as recorded{run}"
    if report.let_go:
        yield f"{count(report.let_go, 'call')} let go before the end, as too many were open at once"
    if damaged := report.calls[CallVerdict.DAMAGED]:
        yield f"{count(damaged, 'call')} with a damaged line, held up to there"
    if before := report.calls[CallVerdict.BEGUN_BEFORE]:
        yield f"{count(before, 'call')} not judged: begun in an older file; name that one first"
    for version, calls in report.versions.most_common():
        yield f"{count(calls, 'call')} not judged: written by another version, {version}"
    if report.damaged_lines:
        places = "; ".join(map(one_line, report.damaged_at))
        more = " …" if report.damaged_lines > len(report.damaged_at) else ""
        yield f"{count(report.damaged_lines, 'line')} damaged: {places}{more}"
    if report.torn_ends:
        yield f"{count(report.torn_ends, 'last line')} only half there: being written, or cut off"


def _verdict(report: AuditReport) -> Text:
    failed, held = report.calls[CallVerdict.FAILED], report.calls[CallVerdict.HELD]
    if not failed:
        left = "; the others could not be judged to their end" if held < report.total else ""
        return Text.assemble(
            ("HOLDS", "bold green"), f"   {held:,} of {count(report.total, 'call')}{left}"
        )
    by = ", ".join(f"{one_line(name)} ({calls:,})" for name, calls in report.broken.most_common())
    said = f"  {failed:,} of {count(report.total, 'call')}; what objects: {by}"
    return Text.assemble(("FAILED", "bold red"), said)


def report_as_mapping(report: AuditReport) -> dict[str, Any]:
    """As a JSON-ready mapping."""
    return {
        "holds": report.holds,
        "files": report.files,
        "lines": report.lines,
        "since": report.since,
        "until": report.until,
        "calls": report.total,
        "verdicts": {each.value: report.calls[each] for each in CallVerdict},
        "may_run": report.may_run,
        "let_go": report.let_go,
        "broken": dict(report.broken),
        "versions": dict(report.versions),
        "damaged_lines": report.damaged_lines,
        "damaged_at": report.damaged_at,
        "torn_ends": report.torn_ends,
        "failed": [attrs.asdict(each) for each in report.failed],
    }
