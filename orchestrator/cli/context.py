"""Context of a command: its config, its orchestrator, the program's name."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from rich.text import Text

from orchestrator.api.client import Orchestrator
from orchestrator.api.routing import Wanted
from orchestrator.cli.example import example
from orchestrator.cli.screen import Screen
from orchestrator.config import loading
from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError, Problem, placed
from orchestrator.extras import shell_path
from orchestrator.health import HealthBoard, open_store
from orchestrator.lab.simulation.loading import Loaded, load, load_as_written
from orchestrator.vendors import CATALOGUE

NAME = "orchestrator"

_NO_CONFIG = "config: none is found; known providers, with the keys of the environment"


def open_orchestrator(
    path: Path | None, screen: Screen, wanted: Wanted = None, *, named: bool = True
) -> Orchestrator:
    """The orchestrator over the config that is found; the config's warnings are shown.

    Without any it asks the known providers of the targets that are wanted, which need but a key.

    Args:
        path: The config that the user names.
        screen: Where it is named.
        wanted: The route or targets that the call names.
        named: Whether the config is.

    Raises:
        ConfigError: There is no config, or it cannot be used.
    """
    targets = (wanted,) if isinstance(wanted, str) else wanted or ()
    if loading.find(path) is None and any("/" in name for name in targets):
        if named:
            screen.say(Text(_NO_CONFIG, style="dim"))
        return Orchestrator()
    require_config(path, "; `--route openai/gpt-5-mini` needs none")
    config = loading.load(path)
    name_config(screen, config, path, named=named)
    show_warnings(config, screen)
    return Orchestrator(config)


def require_config(path: Path | None, besides: str = "") -> None:
    """Say in the command line's own words that there is no config, where there is none.

    Args:
        path: The config that the user names.
        besides: How the command goes without one.

    Raises:
        ConfigError: There is none.
    """
    if loading.find(path) is None:
        places = f"--config, ${loading.VARIABLE}, ./{loading.FILE}, the user's folder"
        writes = "`orchestrator init` writes one from the keys in the environment"
        what = f"there is no config (looked for {places}); {writes}{besides}"
        raise ConfigError("", [Problem("", what)])


def name_config(
    screen: Screen, config: Config, given: Path | None = None, *, named: bool = True
) -> None:
    """Say on stderr which config a command uses, and which it does not although it lies here.

    Args:
        screen: Where it is said.
        config: The config.
        given: What ``--config`` names.
        named: False where the result names it; then only the other one is told of.
    """
    why = _passed_over(config) if given is None else ""
    if named or why:
        screen.say(Text(config_in_words(config, given), style="dim"))


def config_in_words(config: Config, given: Path | None) -> str:
    """Which config a command uses, and which it does not although it lies here.

    Args:
        config: The config.
        given: What ``--config`` names.
    """
    return f"config: {config.path}{_passed_over(config) if given is None else ''}"


def _passed_over(config: Config) -> str:
    """That a variable names the config, where one lies in this folder that a user may expect."""
    here = Path(loading.FILE)
    if not (os.environ.get(loading.VARIABLE) and isinstance(config.path, Path) and here.is_file()):
        return ""
    if here.samefile(config.path):
        return ""
    return f" (${loading.VARIABLE}; ./{loading.FILE} is passed over)"


def show_warnings(config: Config, screen: Screen) -> None:
    """Show what the config's reader noticed, on stderr."""
    for warning in config.warnings:
        screen.say(f"warning: {placed(config.path, warning.line)}{warning}")


def load_or_example(path: Path | None, screen: Screen, *, named: bool = True) -> Config:
    """The config for a command that sends nothing; a built-in example where there is none.

    Raises:
        ConfigError: The config cannot be used.
    """
    if loading.find(path) is None:
        if named:
            screen.say(Text("config: none is found; a built-in example stands in", style="dim"))
        return example()
    loaded = load(path)
    name_config(screen, loaded.config, path, named=named)
    show_warnings(loaded.config, screen)
    show_stand_ins(loaded, screen)
    return loaded.config


def show_stand_ins(loaded: Loaded, screen: Screen) -> None:
    """Show which variables are not set, where nothing is sent and so none is needed."""
    if loaded.stand_ins:
        names = ", ".join(loaded.stand_ins)
        screen.say(f"note: not set, so made-up keys stand in; nothing is sent: {names}")


def load_without_keys(
    path: Path | None, screen: Screen, *, named: bool = True, unset: str = "and not needed for this"
) -> Loaded:
    """The config for a command that asks no provider, whether its keys are set or not.

    Args:
        path: The config that the user names.
        screen: Where it is named.
        named: False where the result names it.
        unset: What follows from keys that are not set.

    Raises:
        ConfigError: There is no config, or something else is wrong with it.
    """
    require_config(path)
    try:
        config = loading.load(path)
    except ConfigError:
        loaded = load_as_written(path)
    else:
        name_config(screen, config, path, named=named)
        return Loaded(config, ())
    name_config(screen, loaded.config, path, named=named)
    names = ", ".join(loaded.stand_ins)
    screen.say(f"note: not set, {unset}: {names}")
    return loaded


_UNSEEN = "so what a gateway may know of their accounts is not shown here"
"""What follows where marks are to be shown: each is kept for the keys that it met."""


def load_or_known(path: Path | None, screen: Screen, *, named: bool = True) -> Loaded:
    """The same; without any config the known providers of which a key is set.

    Calls that name their targets themselves leave their marks and lines there too.

    Raises:
        ConfigError: There is no config and no key, or something else is wrong with it.
    """
    known = [one for one in CATALOGUE if loading.has_key(one)] if not loading.find(path) else []
    if not known:
        return load_without_keys(path, screen, named=named, unset=_UNSEEN)
    if named:
        screen.say(Text(_NO_CONFIG, style="dim"))
    config = loading.from_mapping({}, needs_routes=False)
    return Loaded(loading.with_implied(config, known), ())


def store_trouble(config: Config) -> str:
    """Why the store that the config's ``health`` names cannot be used; empty where it can."""
    try:
        store = open_store(config.health)
    except ValueError as error:
        return str(error)
    # Reads it, so that whatever is wrong with a server shows.
    HealthBoard((), store).snapshot()
    trouble = store.trouble
    store.close()
    return trouble


def program_name() -> str:
    """The words that start this program again from the same folder.

    ``orchestrator`` where the shell finds this very program by that name; else the way by
    which it was started, such as ``.venv/bin/orchestrator`` in a fresh clone.
    """
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{shell_path(Path(sys.executable))} -m {NAME}"
    found = shutil.which(NAME)
    if not started.is_file() or (found and Path(found).samefile(started)):
        return NAME
    return shell_path(started)
