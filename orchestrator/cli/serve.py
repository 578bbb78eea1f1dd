"""``orchestrator serve``: the gateway, in the foreground."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from orchestrator.cli.context import config_in_words, require_config
from orchestrator.cli.exit_codes import DONE, MISUSED, UsageError, exit_on_error
from orchestrator.cli.screen import Screen
from orchestrator.config.errors import ConfigError, placed
from orchestrator.extras import how_to_install
from orchestrator.gateway.handover import (
    VARIABLE,
    Handover,
    HandoverFailed,
    reporting_failure,
    take_over,
)
from orchestrator.gateway.log_writer import log_written
from orchestrator.gateway.standard_streams import lead_unread_nowhere

_log = logging.getLogger("orchestrator")

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
    audit: Annotated[bool, Parameter(negative="", show_default=False)] = False,
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
    audit
        Hold each call against the table and the invariants as it ends, beside the calls; what
        fails is a line of the log and a metric.
    log
        How the log is written, on stderr: as text, or as one JSON object a line.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    """
    screen = Screen()
    # A restart in a terminal that was closed meanwhile must not end with its first word.
    lead_unread_nowhere()
    is_told_in_log = log == "json" or VARIABLE in os.environ
    with exit_on_error(screen), log_written(log), _errors_in_log(is_wanted=is_told_in_log):
        try:
            handover = take_over()
        except HandoverFailed as error:
            raise UsageError(str(error)) from None
        with reporting_failure(handover):
            if workers != 1:
                raise UsageError(
                    f"--workers {workers}: allowed is 1, because keys' limits, repeated requests "
                    "and /v1/calls would not hold over several; one serves thousands of calls a "
                    "second"
                )
            if not 0 <= port <= MOST:
                raise UsageError(f"--port {port}: allowed is 0 to {MOST}; 0 takes one that is free")
            _serve(host, port, config, handover, watch=watch, audit=audit)
    return DONE


def _serve(
    host: str, port: int, path: Path | None, handover: Handover | None, **switches: bool
) -> None:
    """Serve until the process is told to stop.

    Args:
        host: Where to bind to.
        port: The same.
        path: The config that the user names.
        handover: From the process before it.
        switches: Of :class:`~orchestrator.gateway.run.ServeOptions`.

    Raises:
        ConfigError: There is no config, or it cannot be used.
        UsageError: It cannot listen there, or a package is missing.
    """
    require_config(path)
    try:
        from orchestrator.gateway.config_reload import load_checked
        from orchestrator.gateway.run import ServeOptions, run_gateway
    except ModuleNotFoundError as error:
        raise UsageError(_EXTRA.format(error.name, how_to_install("gateway"))) from None
    config = load_checked(path)
    _log.info("%s", config_in_words(config, path))
    for warning in config.warnings:
        _log.warning("%s%s", placed(config.path, warning.line), warning)
    try:
        options = ServeOptions(host, port, **switches)
        run_gateway(config, options, _log.info, handover)
    except OSError as error:
        raise UsageError(_cannot_listen(host, port, error)) from None


@contextmanager
def _errors_in_log(*, is_wanted: bool) -> Iterator[None]:
    """Within this block, what keeps this process from serving is a line of the log.

    Args:
        is_wanted: Whether it is one: for programs, and where the log is that of another process,
            which goes on. To a person at the start the error alone says more.

    Raises:
        SystemExit: With the exit status.
    """
    try:
        yield
    except (ConfigError, UsageError, OSError) as error:
        if not is_wanted:
            raise
        words = "; ".join(str(error).splitlines())
        _log.error("this process, %d, does not serve: %s", os.getpid(), words)
        raise SystemExit(MISUSED) from None


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    what = f"cannot listen on {host}:{port}: {error.strerror or error}"
    if error.errno == errno.EADDRINUSE:
        return f"{what}; a gateway that runs there is restarted by `orchestrator restart`"
    return what
