"""``orchestrator verify``: which failures lose a call, and every sequence of errors, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter

from orchestrator.cli import render_verify as render
from orchestrator.cli.context import load_or_example
from orchestrator.cli.exit_codes import DONE, FAILED, UNFINISHED, UsageError, exit_on_error
from orchestrator.cli.inputs import check_writable, read_duration
from orchestrator.cli.live import working
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.config.errors import NotAllowed
from orchestrator.config.scalars import ledger_size
from orchestrator.lab.fault_matrix import FaultDepth, FaultReport, fault_report, report_mapping
from orchestrator.lab.verify import Basis, Setting, Verdict
from orchestrator.lab.verify import verify as check
from orchestrator.lab.verify.stopping import INTERRUPTED
from orchestrator.lab.verify.verdict import as_mapping
from orchestrator.lab.verify.verdict import ledger as sequences

MOST_REPAIRS = 10
"""More than any target was seen to need at once; each may be another of
:mod:`orchestrator.execution.repairs`."""

_VERBOSE = Parameter(name=["--verbose", "-v"], negative="", show_default=False)
_SWITCH = Parameter(negative="", show_default=False)


def verify(  # noqa: PLR0913 - each is an option of the command
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    max_attempts: int | None = None,
    max_seconds: float | None = None,
    ledger: Path | None = None,
    repairs: int = 1,
    faults: FaultDepth = FaultDepth.DOUBLE,
    no_single_points: Annotated[bool, _SWITCH] = False,
    time: str | None = None,
    memory: str = "2GB",
    search: Annotated[bool, _SWITCH] = False,
    verbose: Annotated[bool, _VERBOSE] = False,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Tell which failures lose a call, and search everything that calls can do. Nothing is sent.

    Exit status 1 where a property is broken or a limit is exceeded, 3 where the search was left
    before its end.

    Parameters
    ----------
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder;
        without any, a built-in example.
    route
        Check this route alone. Default: all.
    max_attempts
        Fail where a call may send more.
    max_seconds
        Fail where a call may take longer to its answer, or to its first content.
    ledger
        Write the sequences there, for `orchestrator diagram --call`. Default: where
        something is broken, counterexample.jsonl.
    repairs
        How many different repairs of a request a target may need.
    faults
        How many failures are tried at once; none leaves the question out.
    no_single_points
        Fail where one failure alone loses calls.
    time
        Spend no longer on a route: 60s, 5m. Default: as long as it takes.
    memory
        End it once the process has taken so much: 500MB.
    search
        Search although the proof that ships covers the route, as --verbose and --ledger do.
    verbose
        Name every failure; show each property, the way to each figure, and what the search
        does not tell apart.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        _check(max_attempts, max_seconds, verbose=verbose, json=json)
        if no_single_points and faults is FaultDepth.NONE:
            raise UsageError("--no-single-points needs failures: --faults single, or double")
        if ledger is not None:
            check_writable(ledger)
        # Only a search knows ways to the worst.
        shown = search or verbose or ledger is not None
        limits = _Limits(read_duration(time, "--time"), _megabytes(memory), shown)
        loaded = load_or_example(config, screen, named=not json)
        settings = _settings(loaded, route, repairs)
        reports = _tried(screen, loaded, settings, faults, limits, talks=not json)
        verdicts = _searched(screen, settings, reports, limits, talks=not json)
        exceeded = list(_exceeded(verdicts, max_attempts, max_seconds))
        if no_single_points:
            exceeded += _single_points(verdicts, reports)
        if json:
            pairs = zip(verdicts, reports, strict=True)
            routes = [{**as_mapping(one), **report_mapping(report)} for one, report in pairs]
            found = {"config": str(loaded.path), "routes": routes, "exceeded": exceeded}
            screen.json({**found, "retry_budget": loaded.retry_budget})
        else:
            budget = loaded.retry_budget
            render.show(screen, verdicts, reports, exceeded, verbose=verbose, retry_budget=budget)
        _write(screen, verdicts, ledger)
        if exceeded or not all(one.holds for one in verdicts):
            return FAILED
        left = any(one.basis is Basis.UNFINISHED for one in verdicts)
        left = left or any(one.matrix.stopped for one in reports)
        return UNFINISHED if left else DONE


@attrs.frozen
class _Limits:
    """What a search of one route may take, in seconds and megabytes; and that there is one."""

    seconds: float | None
    memory: float
    search: bool

    def left(self, used: float) -> float | None:
        """Seconds that are left of the route's when ``used`` of them are."""
        return None if self.seconds is None else max(0.0, self.seconds - used)


def _megabytes(value: str) -> float:
    try:
        return ledger_size(value) / 10**6
    except NotAllowed as error:
        raise UsageError(f"--memory: {error}") from None


def _check(
    max_attempts: int | None, max_seconds: float | None, *, verbose: bool, json: bool
) -> None:
    limits = {"--max-attempts": max_attempts, "--max-seconds": max_seconds}
    for name, limit in limits.items():
        # Nothing exceeds a nan: it is no limit.
        if limit is not None and not limit > 0:
            raise UsageError(f"{name} is {limit:g}; allowed: more than 0")
    if verbose and json:
        raise UsageError("--verbose is for people: --json says all in any case")


def _tried(
    screen: Screen,
    config: Config,
    settings: Sequence[Setting],
    depth: FaultDepth,
    limits: _Limits,
    *,
    talks: bool,
) -> list[FaultReport]:
    """What failures do to the calls of each route; how far that is, is shown meanwhile."""
    reports: list[FaultReport] = []
    with working(screen, "failures", len(settings), talks=talks) as work:
        for one in settings:

            def tell(words: str, name: str = one.name) -> None:
                work.tell(f"{name}: {words}")

            left = any(report.matrix.stopped == INTERRUPTED for report in reports)
            seconds = 0.0 if left else limits.seconds
            reports.append(
                fault_report(config, one.route, depth=depth, seconds=seconds, progress=tell)
            )
            work.step()
    return reports


def _single_points(verdicts: Sequence[Verdict], reports: Sequence[FaultReport]) -> Iterator[str]:
    for verdict, report in zip(verdicts, reports, strict=True):
        if found := len(report.single_points):
            points = f"{found} single point{'s' if found > 1 else ''} of failure"
            yield f"route {verdict.setting.name}: {points}, allowed: none"


def _searched(
    screen: Screen,
    settings: Sequence[Setting],
    reports: Sequence[FaultReport],
    limits: _Limits,
    *,
    talks: bool,
) -> list[Verdict]:
    """The verdict on each; how far the search is, is shown meanwhile. Ctrl-C ends each search."""
    verdicts: list[Verdict] = []
    interrupted = any(report.matrix.stopped == INTERRUPTED for report in reports)
    with working(screen, "routes", len(settings), talks=talks) as work:
        for one, report in zip(settings, reports, strict=True):

            def tell(words: str, name: str = one.name) -> None:
                work.tell(f"{name}: {words}")

            interrupted = interrupted or (bool(verdicts) and verdicts[-1].stopped == INTERRUPTED)
            verdicts.append(
                check(
                    one,
                    seconds=0.0 if interrupted else limits.left(report.matrix.seconds),
                    memory=limits.memory,
                    search=limits.search,
                    progress=tell,
                )
            )
            work.step()
    return verdicts


def _settings(config: Config, route: str | None, repairs: int) -> list[Setting]:
    if not 0 <= repairs <= MOST_REPAIRS:
        raise UsageError(f"--repairs is {repairs}; allowed: 0 to {MOST_REPAIRS}")
    names = [route] if route is not None else [name for name in config.routes if config.route(name)]
    if not names:
        raise UsageError(f"{config.path}: there is no route with a target to check")
    pool = {name: len(entry.credentials) for name, entry in config.providers.items()}
    untied = frozenset(filter(lambda name: _is_untied(config, name), config.providers))
    return [
        Setting(config.route(name), pool, config.policy, name=name, repairs=repairs, untied=untied)
        for name in names
    ]


def _is_untied(config: Config, provider: str) -> bool:
    """Whether a key that was refused may be good again at once, or was not to blame."""
    entry = config.providers[provider]
    read_anew = any(credential.origin is not None for credential in entry.credentials)
    return read_anew or any(rule.scope is not None for rule in entry.rules)


def _exceeded(
    verdicts: Sequence[Verdict], attempts: int | None, seconds: float | None
) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.certificate is None:
            continue
        limits = ((verdict.certificate.attempts, attempts), (verdict.certificate.seconds, seconds))
        for figure, limit in limits:
            if limit is not None and figure.value > limit:
                yield (
                    f"route {verdict.setting.name}: {figure.name} may be {figure.value:g}, "
                    f"allowed: {limit:g}"
                )


def _write(screen: Screen, verdicts: Sequence[Verdict], path: Path | None) -> None:
    broken = [one for one in verdicts if not one.holds]
    if path is None and not broken:
        return
    target = path or Path("counterexample.jsonl")
    content = b"".join(text for one in broken or verdicts for text in sequences(one))
    try:
        target.write_bytes(content)
    except OSError as error:
        if path is not None:
            raise
        # Nobody asked for the file, and what is broken is the verdict.
        screen.say(f"note: {target} cannot be written ({error.strerror}); --ledger names another")
        return
    screen.say(
        f"wrote {target}; open it with: orchestrator diagram --call {target}, "
        f"or: orchestrator simulate {target}"
    )
