"""systemd user units of the gateway: their text, and where they lie."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

MARK = "# Written by `orchestrator service install`"
"""How the first line of a unit begins that is ours."""

ENVIRONMENT = "environment"
"""The file of variables, in the user's config folder beside the config."""

STOPS_AFTER = 30.0
"""Seconds that systemd waits beyond the drain before it kills."""

_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}

_TEMPLATE = """\
{mark};
# `orchestrator service uninstall` removes it.
[Unit]
Description=LLM gateway on {address}
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=notify
# After `orchestrator restart` the old process names the new one the main one.
NotifyAccess=main
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
# Keys stand here, one NAME=value a line, never in this file.
EnvironmentFile=-{environment}
{variables}WatchdogSec=30
Restart=on-failure
RestartSec=1
# A config that cannot be used does not mend itself.
RestartPreventExitStatus=2
TimeoutStartSec=60
# The drain, and some time to spare.
TimeoutStopSec={stop:.0f}
# Two processes during a restart: a stop lets both drain.
KillMode=control-group
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
# Netlink is what the resolver asks which addresses there are.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK

[Install]
WantedBy=default.target
"""
# No ProtectSystem and the like: a user's manager needs user namespaces for them, which some
# distributions forbid; the unit would not start there (status 226/NAMESPACE).


def units_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of the user's own units.

    Args:
        environ: The environment; the process's own unless given.
    """
    environ = os.environ if environ is None else environ
    folder = environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "systemd" / "user"


def installed_units() -> list[Path]:
    """The units that are ours, by name."""
    return sorted(path for path in units_folder().glob("*.service") if is_ours(path))


def is_ours(path: Path) -> bool:
    """Whether the file at ``path`` is a unit that `service install` wrote."""
    try:
        return path.read_text("utf-8").startswith(MARK)
    except (OSError, UnicodeDecodeError):
        return False


@attrs.frozen
class Unit:
    """A unit.

    Attributes:
        command: What it starts, the program by its absolute path.
        address: Where the gateway listens, in words.
        environment: The file of variables that it gets.
        variables: Others, none of them secret.
        drain: Seconds that calls have to end.
    """

    command: Sequence[str]
    address: str
    environment: Path
    variables: Mapping[str, str] = attrs.field(factory=dict)
    drain: float = 60.0

    def text(self) -> str:
        """The unit's file."""
        program, *arguments = self.command
        words = [_quoted(program), *(_quoted(word).replace("$", "$$") for word in arguments)]
        variables = (f"{name}={value}" for name, value in self.variables.items())
        return _TEMPLATE.format(
            mark=MARK,
            address=_doubled(self.address),
            command=" ".join(words),
            environment=_doubled(str(self.environment)),
            variables="".join(f"Environment={_quoted(each)}\n" for each in variables),
            stop=self.drain + STOPS_AFTER,
        )


def _quoted(word: str) -> str:
    """``word`` as systemd.syntax(7) and systemd.unit(5) want it in a list of words."""
    text = _doubled(word)
    if _PLAIN.fullmatch(text):
        return text
    return f'"{"".join(_ESCAPES.get(each, each) for each in text)}"'


def _doubled(text: str) -> str:
    """``text`` without specifiers: ``%h`` is a home, ``%%`` a percent sign."""
    return text.replace("%", "%%")
