"""Surroundings of a gateway's process: its systemd unit, its log, and who ends with it.

A gateway starts its own successor and then exits. Whoever started the first process must not take
that exit for the end of the service: systemd does not where the unit is of ``Type=notify`` (it is
told the new main process); a container's init and other supervisors do.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import attrs

from orchestrator.gateway.standard_streams import leads_nowhere

_PROC = Path("/proc")

_INITS = frozenset({"catatonit", "docker-init", "dumb-init", "tini"})
"""Programs that are PID 1 of a container and end with their only child (their manuals, 2026-11)."""

TERMINAL = "the terminal that it was started in"

NOWHERE = (
    "nowhere: its terminal is closed, or nobody reads its stderr; a stop and a start bring its log "
    "back"
)
"""Where the log is of a gateway that outlived what it was started on."""

_STDERR = 2


@attrs.frozen
class Surroundings:
    """Surroundings of one process.

    Attributes:
        unit: The systemd unit that it is the main process of; empty where it is of none.
        log: Where its stderr goes, in words: a command that shows it, a file, a terminal.
        supervisor: Who would take its exit for the end of the service; empty where nobody does.
        instead: What restarts it then.
    """

    unit: str = ""
    log: str = TERMINAL
    supervisor: str = ""
    instead: str = ""


def read_surroundings(environ: Mapping[str, str] | None = None) -> Surroundings:
    """The surroundings of this process.

    Args:
        environ: Its environment; the process's own unless given.
    """
    environ = os.environ if environ is None else environ
    unit, journal = _unit(environ)
    supervisor, instead = _supervisor(environ, unit)
    return Surroundings(unit, journal or _log(), supervisor, instead)


def _unit(environ: Mapping[str, str]) -> tuple[str, str]:
    """The unit's name, and the command that shows its log; both empty without a unit."""
    if "INVOCATION_ID" not in environ:
        return "", ""
    name = _read("self/cgroup").strip().rpartition("/")[2]
    # A desktop's shells inherit the variable, but live in a scope of their own. Those of a program
    # that is a service, an editor say, do not; but systemd is not their parent.
    is_main = "NOTIFY_SOCKET" in environ or _name_of(os.getppid()) == "systemd"
    if not (name.endswith(".service") and is_main):
        return "", ""
    user = "--user " if "MANAGERPID" in environ else ""  # systemd.exec(5): a user's manager
    return name, f"journalctl {user}-u {name} -n 50"


def _supervisor(environ: Mapping[str, str], unit: str) -> tuple[str, str]:
    """Who would take the exit for the end of the service, and what to do instead."""
    container = "restart the container: `docker restart NAME`, `kubectl rollout restart …`"
    if os.getpid() == 1:
        return "the container, of which it is PID 1", container
    init = _name_of(1)
    if os.getppid() == 1 and init in _INITS:
        return f"the container, whose {init} ends with it", container
    if "SUPERVISOR_PROCESS_NAME" in environ:  # supervisord sets it for what it starts
        name = environ["SUPERVISOR_PROCESS_NAME"]
        return "supervisord", f"`supervisorctl restart {name}`"
    if unit and "NOTIFY_SOCKET" not in environ:
        instead = f"`systemctl {'--user ' if 'MANAGERPID' in environ else ''}restart {unit}`"
        rewrite = "or write the unit anew: `orchestrator service install --force`"
        return f"systemd, since {unit} is not of Type=notify", f"{instead}, {rewrite}"
    return "", ""


def log_now(found: str) -> str:
    """Where the log is now that was in ``found``: a terminal may be closed meanwhile.

    Args:
        found: What :func:`read_surroundings` found at the start.
    """
    return NOWHERE if found == TERMINAL and leads_nowhere(_STDERR) else found


def _log() -> str:
    if leads_nowhere(_STDERR):
        return NOWHERE
    try:
        file = Path(f"{_PROC}/self/fd/{_STDERR}").readlink()
    except OSError:  # no Linux
        return TERMINAL
    return str(file) if file.is_file() else TERMINAL


def _name_of(pid: int) -> str:
    return _read(f"{pid}/comm").strip()


def _read(name: str) -> str:
    try:
        return (_PROC / name).read_text("utf-8", "replace")
    except OSError:  # no Linux, or the process has gone
        return ""
