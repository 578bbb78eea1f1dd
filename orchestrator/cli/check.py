"""``orchestrator check``: what is wrong with the config, before a call finds out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.text import Text

from orchestrator import config as configuration
from orchestrator.cli import live_check
from orchestrator.cli.endings import DONE, FAILED, MISUSED, UsageError, told
from orchestrator.cli.live_check import Got
from orchestrator.cli.opening import store_problem
from orchestrator.cli.reading import duration
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import count, one_line
from orchestrator.cli.words import duration as words_for
from orchestrator.config import ConfigError, Finding, Level
from orchestrator.config.records import Config
from states import Target

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow"}


def check(
    *,
    live: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    timeout: str | None = None,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Find what is wrong with the config before a call does. Without --live nothing is sent.

    Exit status 1 where something cannot work, 2 where the config cannot be used at all.

    Parameters
    ----------
    live
        Send one tiny request to each target, and say what it got. Nothing is retried, and
        what is known of the targets' health stays as it is.
    timeout
        How long the targets have, all asked together: 30, 30s, 1m. Default: 30s.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    json
        Print one JSON object.
    """
    screen = Screen()
    with told(screen, json=json):
        seconds = duration(timeout, "--timeout")
        if seconds is not None and not live:
            raise UsageError("--timeout is for --live: without it nothing is sent")
        path = configuration.find(config)
        try:
            loaded = configuration.load(config)
        except ConfigError as error:
            if path is None or not path.is_file():
                raise
            _Report(str(path), _refused(error)).show(screen, json=json)
            return MISUSED
        report = _Report(
            str(loaded.path),
            [*_health(loaded), *configuration.lint(loaded)],
            loaded.routes,
            _asked(screen, loaded, seconds) if live else None,
        )
        report.show(screen, json=json)
        if _health(loaded):
            return MISUSED
        return FAILED if report.bad else DONE


def _asked(screen: Screen, config: Config, seconds: float | None) -> tuple[Got, ...]:
    number = len({target for route in config.routes.values() for target in route})
    limit = live_check.SECONDS if seconds is None else seconds
    screen.say(f"asking {count(number, 'target')}, at most {words_for(limit)} …")
    return live_check.ask(config, limit)


@attrs.frozen
class _Report:
    """What was found.

    Attributes:
        path: The config's.
        findings: What the config alone shows.
        routes: By name; none where the config cannot be used.
        live: What each target answered; ``None`` where none was asked.
    """

    path: str
    findings: Sequence[Finding]
    routes: Mapping[str, Sequence[Target]] = attrs.field(factory=dict)
    live: Sequence[Got] | None = None

    @property
    def bad(self) -> bool:
        """Whether something cannot work."""
        broken = any(one.level is Level.ERROR for one in self.findings)
        return broken or any(not got.ok for got in self.live or ())

    def show(self, screen: Screen, *, json: bool) -> None:
        """On stdout."""
        if json:
            screen.json(self._object())
            return
        for finding in self.findings:
            screen.result(_line(finding))
        screen.result(f"{self.path}: {_verdict(self.findings)}")
        for name, route in self.routes.items():
            chain = " → ".join(target.name for target in route) or "no target"
            screen.result(Text(f"route {name}: {chain}", style="dim"))
        for got in self.live or ():
            screen.result(_live_line(got))
        if self.live is not None:
            answered = sum(got.ok for got in self.live)
            screen.result(f"{answered} of {count(len(self.live), 'target')} answered")

    def _object(self) -> dict[str, Any]:
        findings = [attrs.asdict(one) for one in self.findings]
        live = {} if self.live is None else {"live": [attrs.asdict(got) for got in self.live]}
        routes = {name: [target.name for target in route] for name, route in self.routes.items()}
        return {"config": self.path, "findings": findings, "routes": routes, **live}


def _live_line(got: Got) -> Text:
    mark = ("ok      ", "green") if got.ok else ("failed  ", "bold red")
    return Text.assemble(mark, f"{got.target}: {live_check.line(got)}")


def _refused(error: ConfigError) -> list[Finding]:
    return [Finding(Level.ERROR, one.where, one.what, "") for one in error.problems]


def _health(config: Config) -> list[Finding]:
    problem = store_problem(config)
    return [Finding(Level.ERROR, "health", problem, "")] if problem else []


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
