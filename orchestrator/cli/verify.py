"""``orchestrator verify``: every sequence of errors that a config can meet, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from rich.text import Text

from orchestrator.cli.endings import DONE, FAILED, UsageError, told
from orchestrator.cli.progress import progress
from orchestrator.cli.screen import Screen
from orchestrator.cli.verified import show
from orchestrator.config.config import Config
from orchestrator.config.loading import find
from orchestrator.lab.simulation.loading import load
from orchestrator.lab.verify import Setting, Verdict
from orchestrator.lab.verify import verify as check
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
"""What is checked where there is no config: the routes of the contract's own example."""

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
    with told(screen, json=json):
        settings = _settings(_loaded(screen, config), route, repairs)
        verdicts = [check(one, progress=progress(screen, one.name)) for one in settings]
        exceeded = list(_exceeded(verdicts, max_attempts, max_seconds))
        if json:
            screen.json({"routes": [as_mapping(one) for one in verdicts], "exceeded": exceeded})
        else:
            for number, one in enumerate(verdicts):
                if number:
                    screen.result("")
                show(screen, one)
            for text in exceeded:
                screen.result(Text.assemble(("EXCEEDED", "bold red"), f"  {text}"))
        _write(screen, verdicts, ledger)
        return FAILED if exceeded or not all(one.holds for one in verdicts) else DONE


def _loaded(screen: Screen, path: Path | None) -> Config | None:
    """The config, with made-up keys for those that are not here; ``None`` where there is none."""
    if find(path) is None:
        return None
    loaded = load(path)
    if loaded.stand_ins:
        names = ", ".join(loaded.stand_ins)
        screen.say(f"note: not set, so made-up keys stand in; nothing is sent: {names}")
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
