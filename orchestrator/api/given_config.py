"""The config of an orchestrator as it is given: read already, or as tables in code."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from orchestrator.classification import prepare
from orchestrator.config import loading as configuration
from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError, Problem, placed
from orchestrator.dialects import DEFAULT_DIALECT, dialect
from orchestrator.health import Store, open_store

_log = logging.getLogger("orchestrator")


def config_of(config: Config | None, tables: Mapping[str, Any]) -> Config:
    """The config that is given, or that of the tables that are.

    Raises:
        ConfigError: What the tables say cannot be used.
        TypeError: It is none, or both are given.
    """
    given = {name: table for name, table in tables.items() if table is not None}
    if config is None:
        return warned_of(configuration.from_mapping(given, needs_routes=False))
    if not isinstance(config, Config):
        raise TypeError(meant(config, "config", "a Config"))
    # Neither goes before the other: whoever gives both means one, and would not learn which.
    if given:
        raise TypeError(f"Orchestrator() takes a config or {', '.join(given)}, not both")
    return config


def warned_of(config: Config) -> Config:
    """``config``, once the log has said what its reader noticed."""
    for warning in config.warnings:
        _log.warning("%s%s", placed(config.path, warning.line), warning)
    return config


def meant(given: object, name: str, allowed: str) -> str:
    """What whoever hands in something else than a config, a path or a mapping probably means."""
    found = f"{name} is of type {type(given).__name__}; allowed: {allowed}"
    match given:
        case str() | os.PathLike():
            return f"{found}; a file is read by Orchestrator.from_file(path)"
        case Mapping():
            return f"{found}; a mapping is read by Orchestrator.from_dict(mapping)"
        case list() | tuple():
            return f'{found}; targets are named by Orchestrator(routes={{"default": [...]}})'
    return found


def store_of(config: Config) -> Store:
    """The store that a config names.

    Raises:
        ConfigError: There is none such.
    """
    try:
        return open_store(config.health)
    except ValueError as error:
        raise ConfigError(str(config.path), [Problem("health", str(error))]) from None


def prepare_config(config: Config) -> None:
    """Loads rules and dialects: the first call would do so while it holds an event loop."""
    providers = config.providers.values()
    spoken = {one.dialect for one in providers}
    prepare({one.vendor for one in providers}, spoken)
    for name in spoken | {DEFAULT_DIALECT}:  # which requests are in, and what streams become
        dialect(name)
