"""``orchestrator check``: what is wrong with the config, before a call finds out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.text import Text

from orchestrator.cli import live_check, request_check
from orchestrator.cli.endings import DONE, FAILED, MISUSED, UsageError, told
from orchestrator.cli.live_check import Got
from orchestrator.cli.opening import store_problem
from orchestrator.cli.reading import duration
from orchestrator.cli.request_check import Takeover
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import count, one_line
from orchestrator.cli.words import duration as words_for
from orchestrator.config import ConfigError
from orchestrator.config import loading as configuration
from orchestrator.config.config import Config
from orchestrator.config.lint import Finding, Level, lint
from orchestrator.states import Target

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow"}


def check(
    *,
    live: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    timeout: str | None = None,
    request: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    dialect: str | None = None,
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
    request
        A request as JSON, or - for standard input: say which targets could take it over, and
        what they would not be told. Status 1 where no target of a route could.
    dialect
        The dialect of that request. Default: openai-chat.
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
        if dialect is not None and request is None:
            raise UsageError("--dialect is for --request: it is the request that has one")
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
            [*_health(loaded), *lint(loaded)],
            loaded.routes,
            _asked(screen, loaded, seconds) if live else None,
            None if request is None else _taken_over(loaded, request, dialect),
        )
        report.show(screen, json=json)
        if _health(loaded):
            return MISUSED
        return FAILED if report.bad else DONE


def _taken_over(config: Config, file: str, spoken: str | None) -> tuple[Takeover, ...]:
    return request_check.takeovers(config, request_check.read(file, spoken))


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
        takeovers: What would become of a request; ``None`` where none was given.
    """

    path: str
    findings: Sequence[Finding]
    routes: Mapping[str, Sequence[Target]] = attrs.field(factory=dict)
    live: Sequence[Got] | None = None
    takeovers: tuple[Takeover, ...] | None = None

    @property
    def bad(self) -> bool:
        """Whether something cannot work."""
        broken = any(one.level is Level.ERROR for one in self.findings)
        stranded = request_check.stranded(self.takeovers or ())
        return broken or bool(stranded) or any(not got.ok for got in self.live or ())

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
        for one in self.takeovers or ():
            screen.result(one.line())
        for got in self.live or ():
            screen.result(_live_line(got))
        if self.live is not None:
            answered = sum(got.ok for got in self.live)
            screen.result(f"{answered} of {count(len(self.live), 'target')} answered")

    def _object(self) -> dict[str, Any]:
        findings = [attrs.asdict(one) for one in self.findings]
        live = {} if self.live is None else {"live": [attrs.asdict(got) for got in self.live]}
        request = {"request": [attrs.asdict(one) for one in self.takeovers or ()]}
        taken = {} if self.takeovers is None else request
        routes = {name: [target.name for target in route] for name, route in self.routes.items()}
        return {"config": self.path, "findings": findings, "routes": routes, **taken, **live}


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
