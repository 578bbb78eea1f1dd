"""``orchestrator serve``: the gateway, in the foreground."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator.cli.context import how_to_install, name_config, require_config, show_warnings
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.screen import Screen

HOST, PORT = "127.0.0.1", 8400
"""Where a gateway serves unless it is told otherwise."""

MOST = 65_535
"""The last port there is."""

_EXTRA = "the gateway needs an extra ({} is missing): {}"


def serve(
    *,
    host: str = HOST,
    port: int = PORT,
    workers: int = 1,
    watch: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    log: Literal["text", "json"] = "text",
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
) -> int:
    """Serve the APIs that agents speak, with every call run by the machine.

    Parameters
    ----------
    host
        The address to bind to. Any other than this machine's own needs keys.
    port
        The port; 0 takes one that is free.
    workers
        Processes that serve; allowed is 1, for what is counted and kept holds in one process.
    watch
        Take the config anew when its file changes, as SIGHUP does.
    log
        How the log is written, on stderr: as text, or as one JSON object a line.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    """
    screen = Screen()
    with exit_on_error(screen):
        if workers != 1:
            raise UsageError(
                f"--workers {workers}: allowed is 1, because keys' limits, repeated requests and "
                "/v1/calls would not hold over several; one serves thousands of calls a second"
            )
        if not 0 <= port <= MOST:
            raise UsageError(f"--port {port}: allowed is 0 to {MOST}; 0 takes one that is free")
        require_config(config)
        try:
            from orchestrator.gateway.config_reload import load_checked
            from orchestrator.gateway.handover import HandoverFailed, reporting_failure, take_over
            from orchestrator.gateway.log_writer import log_written
            from orchestrator.gateway.run import ServeOptions, run_gateway
        except ModuleNotFoundError as error:
            raise UsageError(_EXTRA.format(error.name, how_to_install("gateway"))) from None
        try:
            handover = take_over()
        except HandoverFailed as error:
            raise UsageError(str(error)) from None
        with log_written(log), reporting_failure(handover):
            loaded = load_checked(config)
            name_config(screen, loaded, config)
            show_warnings(loaded, screen)
            try:
                options = ServeOptions(host, port, watch=watch)
                run_gateway(loaded, options, screen.say, handover)
            except OSError as error:
                raise UsageError(_cannot_listen(host, port, error)) from None
    return DONE


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    what = f"cannot listen on {host}:{port}: {error.strerror or error}"
    if error.errno == errno.EADDRINUSE:
        return f"{what}; a gateway that runs there is restarted by `orchestrator restart`"
    return what
