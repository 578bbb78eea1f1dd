"""``orchestrator batch``: a file of requests, answered line by line, whatever happens meanwhile."""

from __future__ import annotations

import importlib.util
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter

from orchestrator.cli.exit_codes import UsageError, exit_on_error
from orchestrator.cli.inputs import check_writable, is_same_file, read_duration
from orchestrator.cli.screen import Screen
from orchestrator.extras import how_to_install

_SWITCH = Parameter(negative="", show_default=False)

WORK = "work"
"""The word in the place of an input that makes this process help with what others began."""

PATIENCE = "1h"
"""A line's deadline where none is given: nobody waits for it, and a limit of a minute is no
failure."""

MOST_AT_ONCE = 1_000


@attrs.frozen
class BatchOptions:
    """What the command was given.

    Attributes:
        input, output: The files; both are ``None`` where it only helps.
        route: Asked in place of what the lines name; may be empty.
        concurrency: Lines at once; ``None`` finds it out.
        max_cost: US dollars; ``None`` is no limit.
        timeout: Seconds that a line may take.
        database: A database of several hosts; ``None`` is SQLite beside the output.
        dry_run, retry_failed, json, quiet: As the options say.
        config: The config that is named.
    """

    input: Path | None
    output: Path | None
    route: tuple[str, ...]
    concurrency: int | None
    max_cost: Decimal | None
    timeout: float
    database: str | None
    dry_run: bool
    retry_failed: bool
    json: bool
    quiet: bool
    config: Path | None


def batch(  # noqa: PLR0913 - one argument for each option of the command
    input: Annotated[  # noqa: A002 - the word that its help shows
        Path, Parameter(allow_leading_hyphen=True)
    ],
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    route: Annotated[
        tuple[str, ...], Parameter(name=["--route", "-r"], negative="", show_default=False)
    ] = (),
    concurrency: str = "auto",
    max_cost: str | None = None,
    dry_run: Annotated[bool, _SWITCH] = False,
    retry_failed: Annotated[bool, _SWITCH] = False,
    timeout: str = PATIENCE,
    database: str | None = None,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, _SWITCH] = False,
    quiet: Annotated[
        bool, Parameter(name=["--quiet", "-q"], negative="", show_default=False)
    ] = False,
) -> int:
    """Answer a file of requests, line by line; the same command goes on where it was stopped.

    Lines are OpenAI's batch format: {"custom_id", "method", "url", "body"}. Answers go to
    --output, failures to OUTPUT.failures.jsonl. A line whose answer came is never asked again.

    Parameters
    ----------
    input
        The file of requests; or the word work, to help with the open batches of --database.
    output
        Where the answers go.
    route
        Ask this in place of what the lines name: a route, or provider/model. Several are asked
        in that order: -r A -r B.
    concurrency
        Lines at once: a number, or auto, which finds out what each provider takes.
    max_cost
        US dollars that all lines may cost together; it stops before. Needs the extra prices.
    dry_run
        Check the file and say what would be asked; ask nothing.
    retry_failed
        Ask the lines again that failed before.
    timeout
        How long a line may take, its waits included: 30s, 5m, 1h.
    database
        postgresql://USER@HOST/NAME, or env:VARIABLE that holds it: for workers on many hosts.
        Default: SQLite, in OUTPUT.state.sqlite.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    json
        Print events and a summary, one JSON object a line.
    quiet
        Show no progress.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        helps = str(input) == WORK
        options = BatchOptions(
            input=None if helps else input,
            output=output,
            route=route,
            concurrency=_concurrency(concurrency),
            max_cost=_money(max_cost),
            timeout=read_duration(timeout, "--timeout") or 0.0,
            database=database,
            dry_run=dry_run,
            retry_failed=retry_failed,
            json=json,
            quiet=quiet,
            config=config,
        )
        _check(options)
        if importlib.util.find_spec("dbos") is None:
            raise UsageError(f"batch needs an extra: {how_to_install('batch')}")
        from orchestrator.cli import batch_run

        return batch_run.work(options, screen) if helps else batch_run.run(options, screen)


def _check(options: BatchOptions) -> None:
    """Refuse what does not go together.

    Raises:
        UsageError: Something does not.
    """
    if options.input is None:
        _check_help(options)
        return
    if options.output is None:
        raise UsageError("--output is missing: where do the answers go? -o OUT.jsonl")
    if str(options.input) == "-":
        raise UsageError("the input is standard input; allowed: a file, which is read twice")
    if not options.input.exists():
        raise FileNotFoundError(2, "No such file or directory", str(options.input))
    if not options.input.is_file():
        raise UsageError(f"{options.input} is no file")
    if is_same_file(options.input, options.output):
        raise UsageError(f"--output {options.output} is the input; name another file")
    check_writable(options.output)


def _check_help(options: BatchOptions) -> None:
    if options.database is None:
        raise UsageError("batch work needs --database postgresql://…: where the lines are")
    given = {
        "--output": options.output is not None,
        "--max-cost": options.max_cost is not None,
        "--dry-run": options.dry_run,
        "--retry-failed": options.retry_failed,
        "--route": bool(options.route),
    }
    if wrong := next((name for name, is_given in given.items() if is_given), None):
        raise UsageError(f"{wrong} is said where the batch is begun, not where it is helped")


def _concurrency(value: str) -> int | None:
    if value == "auto":
        return None
    if not value.isdecimal() or not 1 <= int(value) <= MOST_AT_ONCE:
        raise UsageError(
            f"--concurrency is {value!r}; allowed: auto, or a number from 1 to {MOST_AT_ONCE:,}"
        )
    return int(value)


def _money(value: str | None) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(value.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"--max-cost is {value!r}; allowed: US dollars above 0, such as 12.50")
    return amount
