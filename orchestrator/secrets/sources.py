"""Where a secret is read from, again and again: a file, the output of a command, a keyring.

Reading may block, for as long as a command or a network file system likes; who must not wait
reads in a thread of its own. No secret is part of an error made here, not even a wrong one.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

import attrs

from orchestrator.extras import how_to_install
from orchestrator.secrets.held import Secret
from orchestrator.secrets.masker import mask

COMMAND_SECONDS = 15.0
"""How long a command may take: cloud vendors' tools that print a token need 1 to 5 s."""

_LARGEST = 65_536
"""Characters of a secret: far above any token, far below what a wrong file may hold."""

_SHOWN = 300
"""Characters of what a command wrote to its standard error that are shown, the last ones."""

Version = tuple[int, int, int]
"""What changes when a file does: modification time, size, inode."""


class UnusableSecret(ValueError):
    """What was read can be nobody's key, or the source is not one: a person must correct it."""


class MissingSecret(Exception):
    """The source has no secret now.

    Args:
        what: What is missing.
        fix: What to do about it.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.fix = fix


@attrs.frozen
class FileSource:
    """A file that holds the secret and nothing else."""

    path: Path
    shown: str

    def read(self, seconds: float = COMMAND_SECONDS) -> Secret:  # noqa: ARG002 - a file is at once
        """The secret as it is now.

        Raises:
            MissingSecret: The file cannot be read.
            UnusableSecret: It holds no key.
        """
        try:
            with self.path.open(encoding="utf-8") as file:
                return clean(file.read(_LARGEST + 1), self.shown)
        except UnicodeDecodeError:
            raise UnusableSecret(f"{self.shown} is not a text") from None
        except (OSError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or error
            fix = "put the key there, or take the entry out"
            raise MissingSecret(f"{self.shown} cannot be read ({why})", fix) from None

    def version(self) -> Version | None:
        """What differs once the file has changed; ``None`` where it cannot be told."""
        try:
            found = self.path.stat()
        except (OSError, ValueError):
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


@attrs.frozen
class KeyringSource:
    """An entry of the user's keyring."""

    service: str
    user: str

    @property
    def shown(self) -> str:
        """The source, as the config names it."""
        return f"keyring:{self.service}/{self.user}"

    def read(self, seconds: float = COMMAND_SECONDS) -> Secret:  # noqa: ARG002 - it knows no limit
        """The secret as it is now; raises as :meth:`FileSource.read`."""
        try:
            import keyring
            import keyring.errors
        except ImportError:
            raise UnusableSecret(
                f'"{self.shown}" needs an extra: {how_to_install("keyring")}'
            ) from None
        try:
            value = keyring.get_password(self.service, self.user)
        except keyring.errors.KeyringError as error:
            what = f"the keyring cannot be read ({type(error).__name__})"
            raise MissingSecret(what, "unlock it, or take the entry out") from None
        if not value:
            fix = f"store it (`keyring set {self.service} {self.user}`), or take the entry out"
            raise MissingSecret(f"the keyring has no entry {self.service}/{self.user}", fix)
        return clean(value, self.shown)


@attrs.frozen
class CommandSource:
    """A command that prints the secret.

    It runs without a shell, in the config's folder, with this process's environment.

    Attributes:
        line: The command line, which may hold a secret of its own, as a shell would split it.
        folder: Where it runs.
    """

    line: Secret
    folder: Path

    @property
    def shown(self) -> str:
        """The program, without its arguments: those may be secret."""
        return f"command:{Path(self._words()[0]).name}"

    def _words(self) -> list[str]:
        try:
            words = shlex.split(self.line.reveal())
        except ValueError as error:
            raise UnusableSecret(f"the command cannot be split into words ({error})") from None
        if not (words and words[0]):
            raise UnusableSecret('found "command:" and no program')
        return [os.path.expanduser(words[0]), *words[1:]]  # noqa: PTH111 - it may be no path

    def read(self, seconds: float = COMMAND_SECONDS) -> Secret:
        """What the command prints; it is ended after ``seconds``. Raises as the others do."""
        fix = "run it by hand to see why, or take the entry out"
        words = self._words()
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, and no shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.folder,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise MissingSecret(f"{self.shown} cannot be run ({why})", fix) from None
        output = _output(process, min(seconds, COMMAND_SECONDS))
        if output.why:
            said = mask(output.errors.strip())[-_SHOWN:]
            raise MissingSecret(f"{self.shown} {output.why}{said and ': '}{said}", fix)
        return clean(output.text, self.shown)


SecretSource = FileSource | KeyringSource | CommandSource
"""What a secret can be read from again."""


def clean(value: str, shown: str) -> Secret:
    """The secret in ``value``, without the space around it, if a header can carry it.

    Raises:
        UnusableSecret: None can.
    """
    stripped = value.strip().removeprefix("\ufeff")
    if not stripped:
        raise UnusableSecret(f"{shown} is empty")
    if len(stripped) > _LARGEST:
        raise UnusableSecret(f"{shown} is larger than any key ({_LARGEST:,} characters)")
    if not stripped.isprintable() or not stripped.isascii() or " " in stripped:
        raise UnusableSecret(
            f"{shown} holds a space, a line break or a character outside ASCII, which no key "
            "has (it is not shown here); copy it again"
        )
    return Secret(stripped)


@attrs.frozen
class _Output:
    """What a command printed, and why that is no secret."""

    text: str
    errors: str
    why: str


def _output(process: subprocess.Popen[bytes], seconds: float) -> _Output:
    """What ``process`` prints until it ends; it and what it started are ended after ``seconds``."""
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, end)
    printed, errors = _Collected(process.stdout), _Collected(process.stderr)
    try:
        timer.start()
        printed.start()
        errors.start()
        while len(printed.text) <= _LARGEST and process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_SECONDS)
        if len(printed.text) > _LARGEST:
            _kill(process)  # it may print for ever
        status = process.wait()
        printed.end()
        errors.end()
    except BaseException:
        _kill(process)
        raise
    finally:
        timer.cancel()
        printed.ended.set()
        errors.ended.set()
    if len(printed.text) > _LARGEST:
        return _Output("", errors.text, "prints more than a key")
    why = f"did not end within {seconds:g} s" if late.is_set() else f"ended with status {status}"
    return _Output(printed.text, errors.text, why if status else "")


LOOK_SECONDS = 0.1
"""Seconds between two looks at how much a command has printed; its end is seen at once."""

LEFTOVER_SECONDS = 1.0
"""Seconds to wait for the end of what a command printed, once it has ended itself."""


class _Collected(threading.Thread):
    """What a pipe brings, read beside another: a full pipe would stop the command."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        super().__init__(daemon=True)
        if pipe is None:
            raise AssertionError("both pipes were asked for")
        self._pipe, self._read = pipe, b""
        self.ended = threading.Event()

    @property
    def text(self) -> str:
        """What has come so far."""
        return self._read.decode("utf-8", "replace")

    def run(self) -> None:
        # Closed here, since what holds a pipe open may outlive whoever waits for its end, and
        # not before the command has ended: a closed pipe would change how it ends.
        with self._pipe as pipe:
            # Piece by piece, so that what came before a pipe that never ends is known.
            while len(self._read) <= _LARGEST and (piece := os.read(pipe.fileno(), _LARGEST + 1)):
                self._read += piece
            self.ended.wait()

    def end(self) -> None:
        """The command has ended: wait for what it printed, but for no pipe that is held open.

        What it left behind in a group of its own may hold one open for ever.
        """
        self.ended.set()
        self.join(LEFTOVER_SECONDS)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started, which may hold its pipes open."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
