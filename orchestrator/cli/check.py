"""``orchestrator check``: what is wrong with the config, before a call finds out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter
from rich.text import Text

from orchestrator import config as configuration
from orchestrator.cli.endings import DONE, FAILED, MISUSED, told
from orchestrator.cli.opening import store_problem
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import count, one_line
from orchestrator.config import ConfigError, Finding, Level
from orchestrator.config.records import Config

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow"}


def check(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Find what is wrong with the config before a call does. Nothing is sent.

    Exit status 1 where something cannot work, 2 where the config cannot be used at all.

    Parameters
    ----------
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    json
        Print one JSON object.
    """
    screen = Screen()
    with told(screen, json=json):
        path = configuration.find(config)
        try:
            loaded = configuration.load(config)
        except ConfigError as error:
            if path is None or not path.is_file():
                raise
            _show(screen, str(path), _refused(error), json=json)
            return MISUSED
        findings = [*_health(loaded), *configuration.lint(loaded)]
        _show(screen, str(loaded.path), findings, json=json, config=loaded)
        return FAILED if any(one.level is Level.ERROR for one in findings) else DONE


def _refused(error: ConfigError) -> list[Finding]:
    return [Finding(Level.ERROR, one.where, one.what, "") for one in error.problems]


def _health(config: Config) -> list[Finding]:
    problem = store_problem(config)
    return [Finding(Level.ERROR, "health", problem, "")] if problem else []


def _show(
    screen: Screen,
    path: str,
    findings: Sequence[Finding],
    *,
    json: bool,
    config: Config | None = None,
) -> None:
    if json:
        screen.json({"config": path, "findings": [attrs.asdict(one) for one in findings]})
        return
    for finding in findings:
        screen.result(_line(finding))
    screen.result(f"{path}: {_verdict(findings)}")
    for name, route in config.routes.items() if config is not None else ():
        chain = " → ".join(target.name for target in route) or "no target"
        screen.result(Text(f"route {name}: {chain}", style="dim"))


def _line(finding: Finding) -> Text:
    words = f"{finding.where}: {finding.what}" if finding.where else finding.what
    fix = f" ({finding.fix})" if finding.fix else ""
    return Text.assemble((f"{finding.level}: ", _STYLES[finding.level]), one_line(words + fix))


def _verdict(findings: Sequence[Finding]) -> str:
    errors = sum(one.level is Level.ERROR for one in findings)
    warnings = len(findings) - errors
    parts = [count(number, noun) for number, noun in ((errors, "error"), (warnings, "warning"))
             if number]  # fmt: skip
    return ", ".join(parts) or "no problems"
