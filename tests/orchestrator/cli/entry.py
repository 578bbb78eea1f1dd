"""The command line as its users start it: on pipes, as a process of its own, or on a terminal.

A process takes most of a second before the command begins, so that :meth:`Place.run` calls the
command line here, with the streams, the folder and the environment that it would have there.
What is about signals, open files or the process itself takes :meth:`Place.run_process`.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import fcntl
import io
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from orchestrator.cli import main
from tests.waiting import AMPLE

ROOT = Path(__file__).parents[3]
COLUMNS = 80
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
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
        options: What a process's interpreter is started with.
    """

    home: Path
    variables: Mapping[str, str] = attrs.field(factory=dict)
    options: Sequence[str] = ()

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

    def start(self, *arguments: str, **streams: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *self.options, "-m", "orchestrator", *arguments],
            cwd=self.home,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **streams,
        )

    def run(self, *arguments: str, stdin: str | None = None) -> Ended:
        """Run a command on pipes, in this process; without ``stdin`` its input is empty."""
        with self._entered(), _streams(stdin or "") as (out, err):
            status = main(arguments)
        return self.sound(Ended(status, written(out), written(err)))

    def run_process(self, *arguments: str, stdin: str | None = None) -> Ended:
        """Run a command on pipes, as a process of its own."""
        process = self.start(*arguments, stdin=subprocess.PIPE)
        out, err = process.communicate(stdin or "", timeout=2 * AMPLE)
        return self.sound(Ended(process.returncode, out, err))

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        """In the user's folder, with the user's environment."""
        before = dict(os.environ)
        # Whatever terminal the tests run on, a table takes the columns that a pipe has.
        own = {**self.environment(), "COLUMNS": str(COLUMNS)}
        try:
            os.environ.clear()
            os.environ.update(own)
            with contextlib.chdir(self.home):
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def on_terminal(self, *arguments: str) -> Terminal:
        """Start a command on a terminal of 80 columns."""
        return self.program_on_terminal(sys.executable, "-m", "orchestrator", *arguments)

    def program_on_terminal(self, *words: str) -> Terminal:
        """Start any program on a terminal of 80 columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        process = subprocess.Popen(
            words,
            cwd=self.home,
            env=self.environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            # So that Ctrl-C arrives; no thread of a test holds a lock that this needs.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(theirs)
        return Terminal(self, process, ours)

    def run_on_terminal(self, *arguments: str) -> Ended:
        """Run a command on a terminal of 80 columns; ``out`` is what stays on the screen."""
        return self.on_terminal(*arguments).ended()

    def sound(self, ended: Ended) -> Ended:
        """``ended``, where it shows no traceback and no secret."""
        shown = ended.out + ended.err
        assert "Traceback" not in shown, shown
        for name, value in self.variables.items():
            assert not (value.startswith(CANARY[:6]) and value in shown), (name, shown)
        return ended


@contextlib.contextmanager
def _streams(stdin: str) -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """Standard input with ``stdin`` in it, and what takes stdout and stderr up."""
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    before, sys.stdin = sys.stdin, given
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield out, err
    finally:
        sys.stdin = before


def written(stream: io.TextIOWrapper) -> str:
    """What was written to ``stream``."""
    stream.flush()
    held = stream.buffer
    assert isinstance(held, io.BytesIO)
    return held.getvalue().decode()


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


@attrs.define
class Terminal:
    """A command on a terminal.

    Attributes:
        place: Where it was started.
        process: The command.
        descriptor: The person's side of the terminal.
        written: All that came so far, as it came.
        decoder: Makes text of it.
    """

    place: Place
    process: subprocess.Popen[bytes]
    descriptor: int
    written: str = ""
    decoder: codecs.IncrementalDecoder = attrs.field(
        factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )

    def see(self, pattern: str) -> str:
        """Watch until ``pattern`` is written, in whatever colours; what it matched."""
        while True:
            found = re.search(pattern, COLOUR.sub("", self.written))
            if found is not None:
                return found[0]
            assert self._read(), f"{pattern!r} never came: {self.written}"

    def type(self, keys: str) -> None:
        """Type ``keys``."""
        os.write(self.descriptor, keys.encode())

    def ended(self) -> Ended:
        """How it ended, once it has."""
        while self._read():
            pass
        os.close(self.descriptor)
        status = self.process.wait(2 * AMPLE)
        return self.place.sound(Ended(status, on_screen(self.written), ""))

    def _read(self) -> bool:
        """Read on; false at the end, when the last process has gone."""
        ready, _, _ = select.select([self.descriptor], [], [], 2 * AMPLE)
        assert ready, f"nothing more came: {self.written}"
        try:
            part = os.read(self.descriptor, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.written += self.decoder.decode(part)  # a read may end within a character
        return bool(part)


_STEPS = re.compile(r"\x1b\[(\??\d*(?:;\d*)*)([A-Za-z])|(\r?\n)|(\r)|([^\x1b\r\n]+)|(.)", re.DOTALL)


def on_screen(written: str) -> str:
    """What a person sees in the end: the lines, with their colours.

    It knows what the commands write: colours, and how a line is taken away again.
    """
    lines, row = [""], 0
    for number, letter, newline, start, text, _ in _STEPS.findall(written):
        if letter == "A":  # up
            row = max(0, row - int(number or 1))
        elif letter == "K" or start:  # what follows stands in the line's place
            lines[row] = "" if letter else lines[row]
        elif letter == "m":
            lines[row] += f"\x1b[{number}m"
        elif newline:
            row += 1
            lines += [""] * (row + 1 - len(lines))
        else:
            lines[row] += text
    return "\n".join(lines)
