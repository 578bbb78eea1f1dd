"""Context of a command: its config, its orchestrator, the program's name, its progress."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from orchestrator.api.client import Orchestrator
from orchestrator.cli.screen import Screen
from orchestrator.config import loading
from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError
from orchestrator.lab.simulation.loading import Loaded, load_as_written

NAME = "orchestrator"


def open_orchestrator(path: Path | None, screen: Screen) -> Orchestrator:
    """The orchestrator over the config that is found; the config's warnings are shown.

    Raises:
        ConfigError: There is no config, or it cannot be used.
    """
    config = loading.load(path)
    show_warnings(config, screen)
    return Orchestrator(config)


def show_warnings(config: Config, screen: Screen) -> None:
    """Show what the config's reader noticed, on stderr."""
    for warning in config.warnings:
        screen.say(f"warning: {config.path}: {warning}")


def show_stand_ins(loaded: Loaded, screen: Screen) -> None:
    """Show which variables are not set, where nothing is sent and so none is needed."""
    if loaded.stand_ins:
        names = ", ".join(loaded.stand_ins)
        screen.say(f"note: not set, so made-up keys stand in; nothing is sent: {names}")


def load_without_keys(path: Path | None, screen: Screen) -> Loaded:
    """The config for a command that asks no provider, whether its keys are set or not.

    Raises:
        ConfigError: There is no config, or something else is wrong with it.
    """
    try:
        return Loaded(loading.load(path), ())
    except ConfigError:
        loaded = load_as_written(path)
    names = ", ".join(loaded.stand_ins)
    screen.say(f"note: not set, and not needed for this: {names}")
    return loaded


def store_problem(config: Config) -> str:
    """Why there is no store such as the config's ``health`` asks for; empty where there is one."""
    if "://" not in config.health:
        return ""
    return 'a shared store is not available yet; allowed: "file", "memory"'


def program_name() -> str:
    """The words that start this program again from the same folder.

    ``orchestrator`` where the shell finds this very program by that name; else the way by
    which it was started, such as ``.venv/bin/orchestrator`` in a fresh clone.
    """
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{_short(Path(sys.executable))} -m {NAME}"
    found = shutil.which(NAME)
    if not started.is_file() or (found and Path(found).samefile(started)):
        return NAME
    return _short(started)


def _short(path: Path) -> str:
    """``path`` from the working directory where it lies below, as a shell takes it."""
    whole = path.absolute()  # a virtual environment's links stay what they are
    below = whole.is_relative_to(Path.cwd())
    found = shutil.which(path.name)
    if not below and found is not None and Path(found).absolute() == whole:
        return path.name
    return shlex.quote(str(whole.relative_to(Path.cwd()) if below else whole))


def progress_teller(screen: Screen, route: str) -> Callable[[str], None]:
    """Tells on stderr how far the search of a route is, about once a second."""
    last = time.monotonic()

    def tell(words: str) -> None:
        nonlocal last
        if time.monotonic() - last >= 1.0:
            last = time.monotonic()
            screen.say(f"route {route}: {words}")

    return tell
