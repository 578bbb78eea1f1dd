"""``orchestrator check``: what is wrong with the config, before a call finds out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.text import Text

from orchestrator import dialects
from orchestrator.api.request import Request
from orchestrator.cli import check_live
from orchestrator.cli.check_connections import ProviderConnection, provider_connections
from orchestrator.cli.check_live import LiveCheck
from orchestrator.cli.context import name_config, require_config, store_trouble
from orchestrator.cli.exit_codes import DONE, FAILED, MISUSED, UsageError, exit_on_error
from orchestrator.cli.format import count, duration, one_line
from orchestrator.cli.inputs import read_duration, read_payload
from orchestrator.cli.live import LiveLine
from orchestrator.cli.screen import Screen
from orchestrator.config import loading
from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError, nearest
from orchestrator.config.line_numbers import with_lines
from orchestrator.config.lint import Finding, Level, lint
from orchestrator.dialects import DEFAULT_DIALECT, DIALECTS, crossing
from orchestrator.execution.capabilities import partition_by_capability
from orchestrator.gateway.key_file import KeyFile
from orchestrator.secrets import Secret
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
    with exit_on_error(screen, json=json):
        seconds = read_duration(timeout, "--timeout")
        if seconds is not None and not live:
            raise UsageError("--timeout is for --live: without it nothing is sent")
        if dialect is not None and request is None:
            raise UsageError("--dialect is for --request: it is the request that has one")
        path = loading.find(config)
        try:
            require_config(config)
            loaded = loading.load(config)
        except ConfigError as error:
            if path is None or not path.is_file():
                raise
            _Report(str(path), _refused(error)).show(screen, json=json)
            return MISUSED
        name_config(screen, loaded, config, named=False)
        report = _Report(
            str(loaded.path),
            _placed(loaded, [*_health(loaded), *lint(loaded), *_keys(loaded)]),
            loaded.routes,
            tuple(provider_connections(loaded)),
            _asked(screen, loaded, seconds, silent=json) if live else None,
            None if request is None else _taken_over(loaded, request, dialect),
        )
        report.show(screen, json=json)
        return FAILED if report.bad else DONE


def _taken_over(config: Config, file: str, spoken: str | None) -> tuple[Takeover, ...]:
    return _takeovers(config, _read_request(file, spoken))


def _asked(
    screen: Screen, config: Config, seconds: float | None, *, silent: bool
) -> tuple[LiveCheck, ...]:
    number = len({target for route in config.routes.values() for target in route})
    limit = check_live.SECONDS if seconds is None else seconds
    words = f"asking {count(number, 'target')}, at most {duration(limit)} …"
    began = time.monotonic()
    with LiveLine(screen) as line:
        if line.is_shown:
            line.start(lambda: f"{words} {time.monotonic() - began:.0f} s")
        elif not silent:
            screen.say(words)
        return check_live.ask_targets(config, limit)


@attrs.frozen
class _Report:
    """The findings of ``check``.

    Attributes:
        path: The config's.
        findings: What the config alone shows.
        routes: By name; none where the config cannot be used.
        providers: How each is connected to.
        live: What each target answered; ``None`` where none was asked.
        takeovers: What would become of a request; ``None`` where none was given.
    """

    path: str
    findings: Sequence[Finding]
    routes: Mapping[str, Sequence[Target]] = attrs.field(factory=dict)
    providers: Sequence[ProviderConnection] = ()
    live: Sequence[LiveCheck] | None = None
    takeovers: tuple[Takeover, ...] | None = None

    @property
    def bad(self) -> bool:
        """Whether something cannot work."""
        broken = any(one.level is Level.ERROR for one in self.findings)
        stranded = _stranded(self.takeovers or ())
        return broken or bool(stranded) or any(not got.ok for got in self.live or ())

    def show(self, screen: Screen, *, json: bool) -> None:
        """On stdout."""
        if json:
            screen.json(self._object())
            return
        for line in self._ways():
            screen.result(Text(line, style="dim"))
        for name, ones in groupby(self.takeovers or (), lambda one: one.route):
            screen.result(f"the request on route {name}:")
            for one in ones:
                screen.result(one.line(), margin=2)
        for got in self.live or ():
            screen.result(_live_line(got))
        for finding in self.findings:
            screen.result(self._line(finding))
        screen.result(f"{self.path}: {'; '.join(self._verdict())}")

    def _line(self, finding: Finding) -> Text:
        words = f"{finding.where}: {finding.what}" if finding.where else finding.what
        if finding.line is not None:
            words = f"{self.path}:{finding.line}: {words}"
        fix = f" ({finding.fix})" if finding.fix else ""
        return Text.assemble((f"{finding.level}: ", _STYLES[finding.level]), one_line(words + fix))

    def _verdict(self) -> Iterator[str]:
        errors = sum(one.level is Level.ERROR for one in self.findings)
        warnings = len(self.findings) - errors
        parts = [count(number, noun) for number, noun in ((errors, "error"), (warnings, "warning"))
                 if number]  # fmt: skip
        yield ", ".join(parts) or "no problems"
        for name in _stranded(self.takeovers or ()):
            yield f"no target of route {name} takes the request"
        if self.live is not None:
            answered = sum(got.ok for got in self.live)
            yield f"{answered} of {count(len(self.live), 'target')} answered"

    def _ways(self) -> Iterator[str]:
        for name, route in self.routes.items():
            yield f"route {name}: " + (" → ".join(target.name for target in route) or "no target")
        for provider in self.providers:
            yield provider.line()

    def _object(self) -> dict[str, Any]:
        findings = [attrs.asdict(one) for one in self.findings]
        live = {} if self.live is None else {"live": [attrs.asdict(got) for got in self.live]}
        request = {"request": [attrs.asdict(one) for one in self.takeovers or ()]}
        taken = {} if self.takeovers is None else request
        routes = {name: [target.name for target in route] for name, route in self.routes.items()}
        providers = [attrs.asdict(one) for one in self.providers]
        told = {"findings": findings, "routes": routes, "providers": providers}
        return {"config": self.path, **told, **taken, **live}


def _live_line(got: LiveCheck) -> Text:
    mark = ("ok      ", "green") if got.ok else ("failed  ", "bold red")
    return Text.assemble(mark, f"{got.target}: {check_live.result_line(got)}")


def _refused(error: ConfigError) -> list[Finding]:
    return [Finding(Level.ERROR, one.where, one.what, "", one.line) for one in error.problems]


def _placed(config: Config, findings: Sequence[Finding]) -> Sequence[Finding]:
    """The findings with their lines in the file."""
    if not (findings and isinstance(config.path, Path)):
        return findings
    try:
        text = config.path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):  # it was changed meanwhile
        return findings
    return with_lines(text, findings)


def _health(config: Config) -> list[Finding]:
    if not isinstance(config.health, Secret):
        return []
    trouble = store_trouble(config)
    fix = "until then each process goes by the marks that it makes itself; no call fails for it"
    what = f"the shared board cannot be used: {trouble}"
    return [Finding(Level.WARNING, "health", what, fix)] if trouble else []


def _keys(config: Config) -> list[Finding]:
    """Why the gateway does not begin, for want of a sound file of its callers' keys."""
    file = config.gateway.keys
    if file is None:
        return []
    try:
        KeyFile(file).list()
    except ConfigError as error:
        # One that is not there is made last, and often on another machine than that of the check.
        level = Level.WARNING if KeyFile(file).stamp() is None else Level.ERROR
        fix = "without it `orchestrator serve` does not begin, and a running one keeps its keys"
        return [Finding(level, "gateway.keys", one_line(str(error)), fix)]
    return []


@attrs.frozen
class Takeover:
    """A request at one target of a route.

    Attributes:
        route: The route.
        target: ``provider/model``.
        fits: Whether it could be asked.
        told: Why it could not; else in what the request would differ there.
    """

    route: str
    target: str
    fits: bool
    told: tuple[str, ...]

    def line(self) -> Text:
        """One line for people."""
        mark = ("takes   ", "green") if self.fits else ("passed  ", "bold red")
        words = f": {'; '.join(self.told)}" if self.told else ""
        return Text.assemble(mark, f"{self.target}{one_line(words)}")


def _read_request(file: str, spoken: str | None) -> Request:
    """The request in ``file``, in the dialect ``spoken``.

    Raises:
        UsageError: There is no such dialect, or the file holds no request.
        RequestError: It is no request of that dialect.
        OSError: The file cannot be read.
    """
    name = spoken or DEFAULT_DIALECT
    if name not in DIALECTS:
        near = nearest(name, DIALECTS)
        raise UsageError(f"--dialect: found {name!r}{near}; allowed: {', '.join(DIALECTS)}")
    return Request(read_payload((), file), dialect=name)


def _takeovers(config: Config, request: Request) -> tuple[Takeover, ...]:
    """Every target of the route that ``request`` names, or of all routes where it names none.

    Raises:
        UnknownRoute: It names one that does not exist.
        RequestError: It is no request of its dialect.
    """
    model = request.payload.get("model")
    routes = {model: config.route(model)} if model else config.routes
    return tuple(one for name, route in routes.items() for one in _at(name, route, config, request))


def _stranded(found: tuple[Takeover, ...]) -> list[str]:
    """The routes of which no target could be asked."""
    fit = {one.route for one in found if one.fits}
    return sorted({one.route for one in found} - fit)


def _at(
    name: str, route: tuple[Target, ...], config: Config, request: Request
) -> Iterator[Takeover]:
    _, unfit = partition_by_capability(route, request, config)
    reasons = {skipped.target: skipped.message for skipped in unfit}
    for target in route:
        reason = reasons.get(target.name)
        told = (reason,) if reason is not None else _notes(target, config, request)
        yield Takeover(name, target.name, reason is None, told)


def _notes(target: Target, config: Config, request: Request) -> tuple[str, ...]:
    spoken: Any = config.providers[target.provider].dialect
    if spoken == request.dialect:
        return ()
    conversation = dialects.dialect(request.dialect).read_request(request.payload)
    return crossing.notes(conversation, dialects.dialect(spoken))
