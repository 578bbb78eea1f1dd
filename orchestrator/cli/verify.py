"""``orchestrator verify``: every sequence of errors that a config can meet, checked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orchestrator.cli.context import progress_teller, show_stand_ins
from orchestrator.cli.exit_codes import DONE, FAILED, UsageError, exit_on_error
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.config.loading import find
from orchestrator.lab.simulation.loading import load
from orchestrator.lab.verify import Certificate, Setting, Verdict
from orchestrator.lab.verify import verify as check
from orchestrator.lab.verify.sequences import TargetLeg, Trace
from orchestrator.lab.verify.verdict import as_mapping
from orchestrator.lab.verify.verdict import ledger as sequences
from orchestrator.states.facts import Target

EXAMPLE = Setting(
    route=(
        Target("deepseek", "deepseek-v4-pro"),
        Target("openrouter", "openai/gpt-oss-120b:free"),
        Target("corp", "llama"),
    ),
    pool={"deepseek": 2, "openrouter": 1, "corp": 1},
    name="example",
)
"""What is checked where there is no config: the routes of the README's example."""

_MARGIN = 2

MOST_REPAIRS = 10
"""More than any target was seen to need at once; each may be another of
:mod:`orchestrator.execution.repairs`."""


def verify(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    route: str | None = None,
    max_attempts: int | None = None,
    max_seconds: float | None = None,
    ledger: Path | None = None,
    repairs: int = 1,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
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
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        settings = _settings(_loaded(screen, config), route, repairs)
        verdicts = [check(one, progress=progress_teller(screen, one.name)) for one in settings]
        exceeded = list(_exceeded(verdicts, max_attempts, max_seconds))
        if json:
            screen.json({"routes": [as_mapping(one) for one in verdicts], "exceeded": exceeded})
        else:
            for number, one in enumerate(verdicts):
                if number:
                    screen.result("")
                _show(screen, one)
            for text in exceeded:
                screen.result(Text.assemble(("EXCEEDED", "bold red"), f"  {text}"))
        _write(screen, verdicts, ledger)
        return FAILED if exceeded or not all(one.holds for one in verdicts) else DONE


def _loaded(screen: Screen, path: Path | None) -> Config | None:
    """The config, with made-up keys for those that are not here; ``None`` where there is none."""
    if find(path) is None:
        return None
    loaded = load(path)
    show_stand_ins(loaded, screen)
    return loaded.config


def _settings(config: Config | None, route: str | None, repairs: int) -> list[Setting]:
    if not 0 <= repairs <= MOST_REPAIRS:
        raise UsageError(f"--repairs is {repairs}; allowed: 0 to {MOST_REPAIRS}")
    return [attrs.evolve(one, repairs=repairs) for one in _routes(config, route)]


def _routes(config: Config | None, route: str | None) -> list[Setting]:
    if config is None:
        if route not in (None, EXAMPLE.name):
            raise UsageError(f"there is no config, so no route {route!r}; allowed: example")
        return [EXAMPLE]
    names = [route] if route is not None else [name for name in config.routes if config.route(name)]
    if not names:
        raise UsageError(f"{config.path}: there is no route with a target to check")
    pool = {name: len(entry.credentials) for name, entry in config.providers.items()}
    return [Setting(config.route(name), pool, config.policy, name=name) for name in names]


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
    target.write_bytes(b"".join(text for one in broken or verdicts for text in sequences(one)))
    screen.say(
        f"wrote {target}; open it with: orchestrator diagram --call {target}, "
        f"or: orchestrator simulate {target}"
    )


def _show(screen: Screen, verdict: Verdict) -> None:
    """Show the verdict on one route, on stdout."""
    targets = " → ".join(str(target) for target in verdict.setting.route)
    screen.result(Text.assemble(("route ", "dim"), (verdict.setting.name, "bold"), f": {targets}"))
    _properties(screen, verdict)
    if verdict.certificate is not None:
        _certificate(screen, verdict, verdict.certificate)
        _reach(screen, verdict)
    _searched(screen, verdict)


def _properties(screen: Screen, verdict: Verdict) -> None:
    for violation in verdict.violations:
        name = Text.assemble(("BROKEN", "bold red"), f"  {violation.name}: {violation.what}")
        screen.result(name, margin=_MARGIN)
        if violation.trace.stays:
            _way(screen, violation.trace)
    if verdict.certificate is None:
        # What is broken may hide what else is: the search does not go on behind it.
        screen.result("mend this first: the others were not all looked at", margin=_MARGIN)
    else:
        broken = {violation.name for violation in verdict.violations}
        kept = [name for name in verdict.properties if name not in broken]
        holds = f"   {len(kept)} properties in all that was searched: {', '.join(kept)}"
        screen.result(Text.assemble(("HOLDS", "bold green"), holds), margin=_MARGIN)


def _certificate(screen: Screen, verdict: Verdict, certificate: Certificate) -> None:
    screen.result("")
    screen.result(Text("No call that was searched exceeds", "bold"))
    for figure in certificate.figures:
        unit = " s" if "longest" in figure.name else ""
        about = f" ({figure.about})" if figure.about else ""
        line = Text.assemble((f"{figure.value:g}{unit}", "bold"), f"  {figure.name}{about}")
        screen.result(line, margin=_MARGIN)
        _way(screen, verdict.worst[figure.name])
    if certificate.stream_seconds:
        more = f"{certificate.stream_seconds:g} s"
        screen.result(f"{more} more where a stream goes on after its first content", margin=_MARGIN)
    screen.result(f"where a target needs {_repairs(verdict.setting.repairs)}", margin=_MARGIN)


def _repairs(count: int) -> str:
    if not count:
        return "no repair of the request"
    several = "" if count == 1 else "s"
    return f"at most {count} repair{several} of the request; each one more is an attempt more"


def _way(screen: Screen, trace: Trace) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", overflow="fold", max_width=30)
    table.add_column(overflow="fold")
    for stay in trace.stays:
        table.add_row(stay.target or "at none", ", ".join(_counted(stay)) or "asked")
    screen.show(Padding(table, (0, 0, 0, 2 * _MARGIN)))
    if not trace.ran:
        screen.result(
            "(with time and keys free: a running clock may not allow it)", margin=2 * _MARGIN
        )


def _counted(stay: TargetLeg) -> Iterator[str]:
    for move, times in itertools.groupby(stay.moves):
        count = len(list(times))
        yield move if count == 1 else f"{move} ×{count}"


def _reach(screen: Screen, verdict: Verdict) -> None:
    if any(one.reasons for one in verdict.reached):
        screen.result("")
        screen.result(Text("What leads to each target from the first", "bold"))
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", overflow="fold", max_width=30)
        table.add_column(overflow="fold")
        for reasons, reached in itertools.groupby(verdict.reached[1:], lambda one: one.reasons):
            targets = ", ".join(one.target for one in reached)
            table.add_row(targets, ", ".join(reasons) or "only that others are marked")
        screen.show(Padding(table, (0, 0, 0, _MARGIN)))
    if verdict.dead:
        screen.result("")
        dead = f"Rows that no call of this route takes: {', '.join(verdict.dead)}"
        screen.result(dead)


def _searched(screen: Screen, verdict: Verdict) -> None:
    screen.result("")
    counts = (
        f"Searched: {verdict.nodes:,} states, {verdict.edges:,} edges, {verdict.seconds:.1f} s."
    )
    screen.result(counts)
    screen.result(Text("Not told apart:", "dim"))
    _bullets(screen, verdict.merged)


def _bullets(screen: Screen, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        screen.result(Text(f"- {sentence}", "dim"), margin=_MARGIN)
