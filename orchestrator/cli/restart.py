"""``orchestrator restart``: a new gateway process in the place of the old one, without a gap."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.cli.exit_codes import DONE, FAILED, exit_on_error
from orchestrator.cli.format import count, duration, one_line
from orchestrator.cli.gateway_client import (
    ControlFailed,
    ControlRefused,
    read_status,
    restart_gateway,
)
from orchestrator.cli.inputs import read_duration
from orchestrator.cli.live import LiveLine
from orchestrator.cli.screen import Screen
from orchestrator.cli.units import installed_units
from orchestrator.gateway.control import RestartProgress
from orchestrator.gateway.instance import (
    Instance,
    InstanceWatch,
    NotRunning,
    RunningInstance,
    SeveralRunning,
    choose_instance,
    find_instances,
)
from orchestrator.gateway.surroundings import NOWHERE, TERMINAL

LIMIT = 90.0
"""Seconds for each phase; calls that drain have 60, unless the config says otherwise."""

_SELDOM = 5.0
"""Seconds from one line to the next where no person watches."""

_PACE = 0.05
"""Seconds from one look at the old process to the next, once it has nothing left to do."""


class _RestartFailed(Exception):
    """What went wrong, who serves now, and where to look: a line each."""

    def __init__(self, what: str, *more: str) -> None:
        super().__init__(what)
        self.lines = (what, *more)


def restart(
    *,
    port: int | None = None,
    limit: str | None = None,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Start a new gateway process beside the old one, which then ends its calls and exits.

    Both accept on the same socket, so that no request is lost and no stream is cut. The new
    process reads the config and the program anew; its environment is that of the old one.
    Where it does not come up, the old one goes on. Exit status 1 where it does not come up,
    where calls were cut off, or where the new one cannot be confirmed.

    Parameters
    ----------
    port
        The port of the gateway that is meant. Needed where several run.
    limit
        How long each phase may take: 90, 90s, 2m. Default: 90s.
    config
        The config of the gateway that is meant.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        seconds = read_duration(limit, "--limit") or LIMIT
        try:
            running = _choose(port, config)
            with LiveLine(screen) as line:
                _Restarting(screen, line, running, seconds, silent=json).run(json=json)
        except _RestartFailed as failed:
            _show_failure(screen, failed, json=json)
            return FAILED
    return DONE


def _show_failure(screen: Screen, failed: _RestartFailed, *, json: bool) -> None:
    first, *more = map(one_line, failed.lines)
    if json:
        screen.json({"error": {"type": "restart", "message": "; ".join([first, *more])}})
        return
    screen.say(f"failed: {first}")
    for each in more:
        screen.say(each)


def _choose(port: int | None, config: Path | None) -> RunningInstance:
    """The gateway that is meant.

    Raises:
        _RestartFailed: None is, more than one may be, or it must not be restarted in this way.
    """
    try:
        running = choose_instance(find_instances(), port=port, config=config)
    except SeveralRunning as error:
        raise _RestartFailed(str(error)) from None
    except NotRunning as error:
        raise _RestartFailed(str(error), *_how_to_start(port, config)) from None
    instance = running.instance
    if instance.supervisor:
        raise _RestartFailed(
            f"the exit of {instance} would end {instance.supervisor}", f"do: {instance.instead}"
        )
    return running


def _how_to_start(port: int | None, config: Path | None) -> list[str]:
    named = f" --config {config}" if config is not None else ""
    named += f" --port {port}" if port is not None else ""
    units = [f"or its unit: systemctl --user start {unit.name}" for unit in installed_units()]
    return [f"start it: orchestrator serve{named}", *units]


class _Restarting:
    """One restart, as it is watched.

    Args:
        screen: Where it is shown.
        line: What moves on a terminal.
        running: The gateway.
        limit: Seconds for each phase.
        silent: Whether to say nothing while it lasts.
    """

    def __init__(
        self,
        screen: Screen,
        line: LiveLine,
        running: RunningInstance,
        limit: float,
        *,
        silent: bool,
    ) -> None:
        self._screen, self._line, self._silent = screen, line, silent
        self._running, self._old, self._limit = running, running.instance, limit
        self._phase, self._began, self._said_at = "", 0.0, 0.0
        self._words, self._is_told = "", False
        self._ready: RestartProgress | None = None
        self._drained: RestartProgress | None = None

    def run(self, *, json: bool) -> None:
        """Have it done, watch it and show what came of it.

        Raises:
            _RestartFailed: It was not, or not wholly.
        """
        unit = f", unit {self._old.unit}" if self._old.unit else ""
        self._say(f"restarting gateway {self._old}{unit}")
        with InstanceWatch(self._running) as watch:
            self._enter("start")
            self._line.start(lambda: self._words)
            self._watch()
            new = self._confirm()
            self._await_end(watch)
        self._line.stop()
        self._show(new, json=json)

    def _watch(self) -> None:
        """Follow both phases to their end."""
        try:
            for told in restart_gateway(self._running, self._limit):
                self._take(told)
                self._check_limit()
        except ControlRefused as error:
            # Who serves, and what another restart comes to, is not known here.
            raise _RestartFailed(
                f"nothing was begun: {error}", "how it stands: orchestrator status"
            ) from None
        except ControlFailed as error:
            raise self._failed(str(error)) from None
        if self._ready is None:
            raise self._failed("it stopped telling how the start went")

    def _take(self, told: RestartProgress) -> None:
        match told.event:
            case "starting":
                self._progress(f"start: {duration(told.seconds)} …")
            case "ready":
                self._ready = told
                self._say(f"start: new process {told.pid} ready in {duration(told.seconds)}")
                self._enter("drain")
            case "draining":
                self._progress(f"drain: {_left(told)}, {duration(told.seconds)} …")
                if told.in_flight and not self._is_told:
                    self._is_told = True
                    self._say(f"drain: {_left(told)}")
            case "drained":
                self._drained = told
            case "failed":
                raise self._failed(told.message, self._log_now())

    def _confirm(self) -> Instance:
        """The instance that the port is served by now, once that is sure."""
        ready = self._ready
        found = [one for one in find_instances() if ready and one.instance.id == ready.instance]
        if ready is None or not found:
            raise self._failed("the new process has left no instance file")
        try:
            status = read_status(found[0])
        except ControlFailed as error:
            raise self._failed(f"the new process does not answer: {error}") from None
        if status.instance.id in (self._old.id, "") or status.instance.id != ready.instance:
            raise self._failed(f"the port is served by instance {status.instance.id}")
        return status.instance

    def _await_end(self, watch: InstanceWatch) -> None:
        """Wait until the old process has gone."""
        while not watch.has_ended:
            self._progress(f"drain: waiting for process {self._old.pid} to exit …")
            self._check_limit()
            time.sleep(_PACE)
        if self._drained is None:
            raise self._failed("the old process ended without saying how its calls did")
        if self._drained.cut:
            cut = count(self._drained.cut, "call")
            raise self._failed(
                f"{cut} of the old process cut off at the limit of its drain (`drain` in [gateway])"
            )

    def _enter(self, phase: str) -> None:
        self._phase, self._began = phase, time.monotonic()
        self._said_at = self._began
        self._words = f"{phase} …"

    def _check_limit(self) -> None:
        """End it where the phase takes too long; the start is limited by the gateway, too."""
        grace = _SELDOM if self._phase == "start" else 0.0
        if time.monotonic() - self._began > self._limit + grace:
            raise self._failed(f"it took longer than {duration(self._limit)}")

    def _log_now(self) -> str:
        """Where the log of the old process is, which may have lost its terminal since its start."""
        try:
            return read_status(self._running).instance.log
        except ControlFailed:
            return self._old.log

    def _failed(self, what: str, log: str = "") -> _RestartFailed:
        """That it failed, who serves now, and where to look."""
        if self._ready is None:
            now = f"the old process {self._old.pid} goes on (instance {self._old.id})"
        else:
            now = f"the new process {self._ready.pid} serves (instance {self._ready.instance})"
        where = f"where to look: {log or self._old.log}"
        return _RestartFailed(f"{self._phase}: {what}", now, where)

    def _progress(self, words: str) -> None:
        """What goes on now, on the line that moves; elsewhere now and then."""
        self._words = one_line(words)
        now = time.monotonic()
        if not self._line.is_shown and now - self._said_at >= _SELDOM:
            self._said_at = now
            self._say(words)

    def _say(self, words: str) -> None:
        if not self._silent:
            self._screen.say(one_line(words))

    def _show(self, new: Instance, *, json: bool) -> None:
        start = self._ready.seconds if self._ready is not None else 0.0
        drain = time.monotonic() - self._began
        if json:
            took = {"start_seconds": round(start, 3), "drain_seconds": round(drain, 3)}
            self._screen.json({"before": self._old.id, "instance": new.id, "pid": new.pid, **took})
            return
        self._say(f"drain: done in {duration(drain)}, process {self._old.pid} has gone")
        self._screen.result(f"restarted {new.address}: instance {self._old.id} → {new.id}")
        if new.log == TERMINAL:
            self._say(
                f"note: it runs in the background of its terminal now; end it: kill {new.pid}"
            )
        elif new.log == NOWHERE:
            self._say(f"note: its log leads {new.log}: kill {new.pid}, then orchestrator serve")


def _left(told: RestartProgress) -> str:
    streams = f", {count(told.streams, 'stream')} among them" if told.streams else ""
    return f"{count(told.in_flight, 'call')} left{streams}"
