"""``orchestrator service``: the gateway as a systemd user unit."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator.cli.context import load_without_keys
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.screen import Screen
from orchestrator.cli.serve import HOST, PORT
from orchestrator.cli.units import ENVIRONMENT, Unit, is_ours, units_folder
from orchestrator.config import loading
from orchestrator.config.config import Config

Action = Literal["install", "uninstall", "show"]

NAME = "orchestrator"

_NAME = re.compile(r"[\w.-]+", re.ASCII)

_FOLDERS = ("XDG_STATE_HOME", "XDG_CACHE_HOME")
"""Variables that say where health and instances are kept: commands typed in this shell must
look where the unit writes."""


def service(
    action: Action,
    /,
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    host: str | None = None,
    port: int | None = None,
    name: str = NAME,
    only_print: Annotated[bool, Parameter(name="--print", negative="", show_default=False)] = False,
    force: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Run the gateway as a systemd user unit: write its file, show it or remove it.

    Nothing is started or stopped: the commands for that are printed. No key is written
    into the unit; it reads them from a file of variables.

    Parameters
    ----------
    action
        install, uninstall or show.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    host
        What to bind to. Default: 127.0.0.1.
    port
        The port. Default: 8400.
    name
        The unit's name.
    only_print
        Print the unit and write nothing.
    force
        Write over a file that is there, or remove one that is not ours.
    """
    screen = Screen()
    with exit_on_error(screen):
        path = _path(name)
        if action == "install":
            loaded = load_without_keys(config, screen, named=not only_print).config
            unit = _unit(loaded, host, port)
            if only_print:
                screen.text(unit.text())
            else:
                _install(screen, path, unit, force=force)
            return DONE
        given = {"--config": config, "--host": host, "--port": port, "--print": only_print or None}
        _refuse(action, [option for option, value in given.items() if value is not None])
        if action == "show":
            _refuse(action, ["--force"] if force else [])
            screen.say(str(path))
            screen.text(path.read_text("utf-8"))
        else:
            _uninstall(screen, path, force=force)
    return DONE


def _refuse(action: Action, options: list[str]) -> None:
    if options:
        raise UsageError(f"{options[0]} has no effect on `service {action}`")


def _path(name: str) -> Path:
    """Where the unit of this name lies.

    Raises:
        UsageError: It is no name of a unit.
    """
    name = name.removesuffix(".service")
    if not _NAME.fullmatch(name):
        raise UsageError(f"--name: found {name!r}; allowed: letters, digits, '-', '_' and '.'")
    return units_folder() / f"{name}.service"


def _unit(config: Config, host: str | None, port: int | None) -> Unit:
    path = Path(config.path).absolute()
    host, port = host or HOST, port or PORT
    # -P: a unit starts in the home folder, and what lies there must not stand in for the package.
    command = [sys.executable, "-P", "-m", "orchestrator", "serve"]
    command += ["--config", str(path), "--host", host, "--port", str(port)]
    variables = {name: os.environ[name] for name in _FOLDERS if name in os.environ}
    environment = loading.user_folder() / ENVIRONMENT
    return Unit(command, f"{host}:{port}", environment, variables, config.gateway.drain)


def _install(screen: Screen, path: Path, unit: Unit, *, force: bool) -> None:
    text = unit.text()
    is_there = path.exists()
    if is_there and path.read_text("utf-8", "replace") == text:
        screen.result(f"{path} is as it should be")
    elif is_there and not force:
        raise UsageError(
            f"{path} exists and differs; it is left as it is: --force writes over it, "
            "--print shows what would be written, --name names another"
        )
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        screen.result(f"wrote {path}")
    screen.say(f"keys: one NAME=value a line in {unit.environment} (chmod 600)")
    screen.say("next:")
    commands = (
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {path.name}",
        "loginctl enable-linger   # it also runs while you are not logged in",
    )
    for command in commands:
        screen.copyable(f"  {command}")


def _uninstall(screen: Screen, path: Path, *, force: bool) -> None:
    if not (is_ours(path) or force) and path.exists():
        raise UsageError(f"{path} was not written by this command; --force removes it all the same")
    path.unlink()
    # What `enable` made; without the unit, `disable` would refuse to take it away.
    (path.parent / "default.target.wants" / path.name).unlink(missing_ok=True)
    screen.result(f"removed {path}")
    screen.say("next:")
    for command in (f"systemctl --user stop {path.name}", "systemctl --user daemon-reload"):
        screen.copyable(f"  {command}")
