"""``orchestrator serve``: the gateway, in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.cli.context import name_config, require_config, show_warnings
from orchestrator.cli.exit_codes import exit_on_error
from orchestrator.cli.screen import Screen
from orchestrator.config import loading


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8400,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
) -> int:
    """Serve the APIs that agents speak, with every call run by the machine.

    Parameters
    ----------
    host
        The address to bind to. Any other than this machine's own needs keys.
    port
        The port; 0 takes one that is free.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    """
    screen = Screen()
    with exit_on_error(screen):
        require_config(config)
        loaded = loading.load(config)
        name_config(screen, loaded, config)
        show_warnings(loaded, screen)
        from orchestrator.gateway.run import run_gateway

        return run_gateway(loaded, host, port, screen.say)
