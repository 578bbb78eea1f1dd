"""``orchestrator verify``: every sequence of errors that a config can meet, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.cli import render_verify as render
from orchestrator.cli.context import load_or_example
from orchestrator.cli.exit_codes import DONE, FAILED, UsageError, exit_on_error
from orchestrator.cli.inputs import check_writable
from orchestrator.cli.live import working
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.lab.verify import Setting, Verdict
from orchestrator.lab.verify import verify as check
from orchestrator.lab.verify.verdict import as_mapping
from orchestrator.lab.verify.verdict import ledger as sequences

MOST_REPAIRS = 10
"""More than any target was seen to need at once; each may be another of
:mod:`orchestrator.execution.repairs`."""

_VERBOSE = Parameter(name=["--verbose", "-v"], negative="", show_default=False)
_SWITCH = Parameter(negative="", show_default=False)


def verify(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: Annotated[str | None, Parameter(name=["--route", "-r"])] = None,
    max_attempts: int | None = None,
    max_seconds: float | None = None,
    ledger: Path | None = None,
    repairs: int = 1,
    verbose: Annotated[bool, _VERBOSE] = False,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Search everything that calls under this config can do. Nothing is sent.

    Exit status 1 where a property is broken or a limit is exceeded.

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
    verbose
        Show each property, the way to each figure, and what the search does not tell apart.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        _check(max_attempts, max_seconds, verbose=verbose, json=json)
        if ledger is not None:
            check_writable(ledger)
        loaded = load_or_example(config, screen, named=not json)
        verdicts = _searched(screen, _settings(loaded, route, repairs), talks=not json)
        exceeded = list(_exceeded(verdicts, max_attempts, max_seconds))
        if json:
            routes = [as_mapping(one) for one in verdicts]
            found = {"config": str(loaded.path), "routes": routes, "exceeded": exceeded}
            screen.json({**found, "retry_budget": loaded.retry_budget})
        else:
            budget = loaded.retry_budget
            render.show(screen, verdicts, exceeded, verbose=verbose, retry_budget=budget)
        _write(screen, verdicts, ledger)
        return FAILED if exceeded or not all(one.holds for one in verdicts) else DONE


def _check(
    max_attempts: int | None, max_seconds: float | None, *, verbose: bool, json: bool
) -> None:
    limits = {"--max-attempts": max_attempts, "--max-seconds": max_seconds}
    for name, limit in limits.items():
        if limit is not None and limit <= 0:
            raise UsageError(f"{name} is {limit:g}; allowed: more than 0")
    if verbose and json:
        raise UsageError("--verbose is for people: --json says all in any case")


def _searched(screen: Screen, settings: Sequence[Setting], *, talks: bool) -> list[Verdict]:
    """The verdict on each; how far the search is, is shown meanwhile."""
    verdicts = []
    with working(screen, "routes", len(settings), talks=talks) as work:
        for one in settings:

            def tell(words: str, name: str = one.name) -> None:
                work.tell(f"{name}: {words}")

            verdicts.append(check(one, progress=tell))
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
