"""``orchestrator audit``: recorded calls against the table and the invariants."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.cli.context import name_config, require_config
from orchestrator.cli.exit_codes import DONE, FAILED, UsageError, exit_on_error
from orchestrator.cli.inputs import STANDARD_INPUT
from orchestrator.cli.ledger_files import configured_files, read_since
from orchestrator.cli.ledger_lines import ledger_lines
from orchestrator.cli.live import working
from orchestrator.cli.render_audit import report_as_mapping, show_report
from orchestrator.cli.screen import Screen
from orchestrator.lab.audit import AuditReport, LedgerAudit
from orchestrator.lab.simulation.loading import load_as_written

_SWITCH = Parameter(negative="", show_default=False)
_VERBOSE = Parameter(name=["--verbose", "-v"], negative="", show_default=False)


def audit(
    *ledgers: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    since: str | None = None,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    verbose: Annotated[bool, _VERBOSE] = False,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Hold recorded calls against the table, move by move, and against the invariants.

    Exit status: 0 all held, 1 a call failed, 2 usage or config.

    Parameters
    ----------
    ledgers
        Files of JSON lines, the older first; .gz is read too, - is standard input. Default: the
        config's ledger, and the one that was rotated away.
    since
        Only calls that began since then: 7d, 24h, 90m, or a day such as 2026-11-01.
    config
        The config, for its ledger. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the
        user's folder.
    verbose
        List every call that failed, with all that objects to it.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        began = read_since(since, time.time())
        if verbose and json:
            raise UsageError("--verbose is for people: --json says all in any case")
        if config is not None and ledgers:
            raise UsageError("--config names whose ledger is read; allowed: it, or ledgers")
        files = ledgers or _configured(screen, config, json=json)
        report = _audited(screen, files, began, talks=not json)
        if report.damaged_lines and not report.total:
            raise UsageError(f"there is no ledger: {report.damaged_at[0]}")
        if json:
            screen.json(report_as_mapping(report))
        else:
            show_report(screen, report, verbose=verbose)
        return DONE if report.holds else FAILED


def _configured(screen: Screen, path: Path | None, *, json: bool) -> Sequence[Path]:
    require_config(path, "; `orchestrator audit calls.jsonl` needs none")
    config = load_as_written(path).config
    name_config(screen, config, path, named=not json)
    return configured_files(config)


def _audited(
    screen: Screen, files: Sequence[Path], since: float | None, *, talks: bool
) -> AuditReport:
    if list(map(str, files)).count(STANDARD_INPUT) > 1:
        raise UsageError("- is given twice; standard input can be read once")
    sizes = [path.stat().st_size for path in files if str(path) != STANDARD_INPUT]
    auditing = LedgerAudit(time.time(), since=since)
    with working(screen, "auditing KiB", sum(sizes) >> 10, talks=talks) as work:

        def read(size: int) -> None:
            work.step(size >> 10)
            work.tell(f"{auditing.report.total:,} calls audited")

        for path in files:
            name = "standard input" if str(path) == STANDARD_INPUT else str(path)
            with ledger_lines(path, read) as lines:
                auditing.read(lines, name)
    return auditing.end()
