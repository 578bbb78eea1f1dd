"""Calls of a test: through the machine that ships, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestrator.config.config import Config
from orchestrator.lab.simulation import (
    AttemptScript,
    Item,
    ScriptPlayer,
    SimulatedCall,
    Simulation,
    read_script,
)
from orchestrator.lab.simulation.loading import load as simulated_config


def load(path: str | Path | None = None) -> Config:
    """The config at ``path``, or the one that is found; made-up keys stand in for unset ones.

    Raises:
        ConfigError: There is none, or something in it is wrong.
    """
    config = simulated_config(path).config
    # Dialects and rules load at the first call, which would look slow to hypothesis.
    call(config, "ok")
    return config


def call(
    config: Config,
    errors: str | Sequence[Item],
    *,
    route: str | None = None,
    seed: int = 0,
    stream: bool = False,
) -> SimulatedCall:
    """One call that meets ``errors``, and then answers.

    Args:
        config: The routes, pools and policy.
        errors: A script, or what :func:`~.strategies.error_sequences` draws.
        route: A route, or ``provider/model``; ``default`` where nothing is given.
        seed: Draws jitter and the choice of keys.
        stream: Ask for the answer in chunks; a script that begins with ``stream:`` does too.

    Raises:
        BadScript: The script cannot be read.
        UnknownRoute: There is no such route or target.
    """
    script = read_script(errors) if isinstance(errors, str) else AttemptScript(tuple(errors))
    with Simulation(config, ScriptPlayer(script.items), seed=seed, route=route) as simulation:
        return simulation.call(stream=stream or script.stream)
