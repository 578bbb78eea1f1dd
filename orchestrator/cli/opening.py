"""The config and the orchestrator that a command works with."""

from __future__ import annotations

from pathlib import Path

from orchestrator.api.client import Orchestrator
from orchestrator.cli.screen import Screen
from orchestrator.config import loading as configuration
from orchestrator.config.config import Config


def opened(path: Path | None, screen: Screen) -> Orchestrator:
    """The orchestrator over the config that is found; the config's warnings are shown.

    Raises:
        ConfigError: There is no config, or it cannot be used.
    """
    config = configuration.load(path)
    for warning in config.warnings:
        screen.say(f"warning: {config.path}: {warning}")
    return Orchestrator(config)


def store_problem(config: Config) -> str:
    """Why there is no store such as the config's ``health`` asks for; empty where there is one."""
    if "://" not in config.health:
        return ""
    return 'a shared store is not available yet; allowed: "file", "memory"'


def found(path: Path | None) -> Config | None:
    """The config, or ``None`` where none is named and none is found.

    Raises:
        ConfigError: It cannot be used.
    """
    return None if configuration.find(path) is None else configuration.load(path)
