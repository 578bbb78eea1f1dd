"""The command line as its users start it: a process of its own, on pipes or on a terminal."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from tests.waiting import AMPLE

ROOT = Path(__file__).parents[3]
COLUMNS = 80
CANARY = "canary.Q7x.{}"
"""What each key is made of; nothing in it looks like a key."""


@attrs.frozen
class Ended:
    """How a command ended, and what it said; on a terminal all of it is in ``out``."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


@attrs.frozen
class Place:
    """A user's home and working directory, both at first empty.

    Attributes:
        home: The folder.
        variables: The user's own environment variables.
    """

    home: Path
    variables: Mapping[str, str] = attrs.field(factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "TERM": "xterm-256color",
            "NO_PROXY": "*",
            **self.variables,
        }

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=self.home,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments: str, stdin: str | None = None) -> Ended:
        """Run a command on pipes; without ``stdin`` its input is empty."""
        process = self.start(*arguments, stdin=subprocess.PIPE)
        out, err = process.communicate(stdin or "", timeout=2 * AMPLE)
        return self.sound(Ended(process.returncode, out, err))

    def run_on_terminal(self, *arguments: str) -> Ended:
        """Run a command on a terminal of 80 columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments],
            cwd=self.home,
            env=self.environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        shown = _all(ours).decode().replace("\r\n", "\n")
        os.close(ours)
        return self.sound(Ended(process.wait(2 * AMPLE), shown, ""))

    def sound(self, ended: Ended) -> Ended:
        """``ended``, where it shows no traceback and no secret."""
        shown = ended.out + ended.err
        assert "Traceback" not in shown, shown
        for name, value in self.variables.items():
            assert not (value.startswith(CANARY[:6]) and value in shown), (name, shown)
        return ended


def configured(
    folder: Path,
    urls: Mapping[str, str],
    route: Sequence[str],
    *,
    top: str = 'health = "memory"',
    extra: str = "",
) -> Place:
    """A place with a config over ``urls``: each provider has one key, in a variable."""
    lines = [top, "[policy]", 'deadline = "200s"', extra, "[routes]", f"default = {list(route)}"]
    for name, url in urls.items():
        lines += [f"[providers.{name}]", f'base_url = "{url}"']
        lines += [f'credentials = ["env:{name.upper()}_KEY"]']
    (folder / "orchestrator.toml").write_text("\n".join(lines))
    return Place(folder, {f"{name.upper()}_KEY": CANARY.format(name) for name in urls})


def _all(descriptor: int) -> bytes:
    """What is written to a terminal until its last process has gone."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return b"".join(parts)
        if not part:
            return b"".join(parts)
        parts.append(part)
