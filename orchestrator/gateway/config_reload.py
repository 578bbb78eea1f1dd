"""The config, read anew while calls run: taken as a whole, or not at all."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path

from orchestrator.api.client import Orchestrator
from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError, Problem
from orchestrator.config.lint import Level, lint
from orchestrator.config.loading import load
from orchestrator.gateway.state import CallerKeys, Gateway

_log = logging.getLogger("orchestrator")

MEMORY = "memory"
"""The board that dies with its process, and must not die with a config."""


def load_checked(path: Path | str | None) -> Config:
    """The config at ``path``, if nothing in it is bound to fail.

    Raises:
        ConfigError: It cannot be used.
    """
    config = load(path)
    errors = [each for each in lint(config) if each.level is Level.ERROR]
    if errors:
        problems = [Problem(each.where, each.what, each.fix, each.line) for each in errors]
        raise ConfigError(str(config.path), problems)
    return config


async def reload(gateway: Gateway, *, known: str = "") -> str:
    """Take the config as its file is now; calls that run keep the one that they began with.

    Args:
        gateway: Whose config it is.
        known: Why it was refused before: for that reason it is not told in the log again.

    Returns:
        Why it was not taken; empty where it was.
    """
    before = gateway.orchestrator
    try:
        # Beside the loop: its commands may print a token, and cattrs takes its time.
        config = await asyncio.to_thread(load_checked, before.config.path)
        await gateway.policy_check.check(config)
        keys = gateway.keys
        if config.gateway.keys != before.config.gateway.keys:
            keys = await asyncio.to_thread(
                partial(CallerKeys.of, config, is_loopback=gateway.is_loopback)
            )
        # Last of all, since nothing else of what was made here would have to be closed again.
        after = await asyncio.to_thread(_orchestrator, config, before)
    except ConfigError as error:
        why = str(error)
        if why != known:
            _log.error("the config was changed, and not taken: %s; the one before goes on", why)
        return why
    used_before = gateway.keys
    gateway.use(after, keys)
    if used_before is not None and used_before is not keys:
        used_before.limits.close()
    for warning in config.warnings:
        _log.warning("%s", warning)
    _log.info("the config was read again: %s, now %s", config.path, config.digest)
    await before.aclose()
    return ""


def _orchestrator(config: Config, before: Orchestrator) -> Orchestrator:
    if config.health == before.config.health == MEMORY:
        return Orchestrator(config, store=before.board.store)
    return Orchestrator(config)
