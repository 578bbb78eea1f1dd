"""The two streams of a command: results on stdout, all else on stderr, wrapped to the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import msgspec
from rich.console import Console, RenderableType
from rich.text import Text

from orchestrator.cli.format import printable
from orchestrator.ledger import FORMAT

INDENT = 4
"""Columns by which the rest of a line that was wrapped is set in."""

WIDEST = 100
"""Columns. A table wider than this is hard to read across."""


class Screen:
    """The two streams of a command.

    Both honour ``NO_COLOR``, and neither has colour where it is no terminal. All screens of a
    process share the two: what moves on a terminal makes room for a line, whoever says it.

    Attributes:
        out: Results.
        err: Progress, warnings and errors.
    """

    def __init__(self) -> None:
        _open_closed()
        for stream in (sys.stdout, sys.stderr):
            # A character that the terminal's encoding lacks must not fail a call.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    def say(self, line: str | Text, *, margin: int = 0) -> None:
        """One line of progress on stderr, ``margin`` columns from the left."""
        write(self.err, line, margin)

    def copyable(self, text: str) -> None:
        """What is meant to be copied, on stderr: only the terminal itself may break its lines."""
        self.err.print(Text(text), soft_wrap=True)

    def result(self, line: str | Text, *, margin: int = 0, hang: int = INDENT) -> None:
        """One line of a result on stdout, ``margin`` columns from the left.

        Args:
            line: The line.
            margin: Columns before it.
            hang: Columns by which the rest is set in where it is wrapped.
        """
        write(self.out, line, margin, hang)

    def show(self, picture: RenderableType) -> None:
        """A table or another rich value on stdout."""
        width = min(self.out.width, WIDEST)
        if self.out.is_terminal:
            self.out.print(picture, width=width)
            return
        with self.out.capture() as captured:
            self.out.print(picture, width=width)
        # Rich fills cells up with blanks, which a pipe has no use for.
        for line in captured.get().splitlines():
            self.text(line.rstrip())

    def text(self, text: str) -> None:
        """Somebody else's text on stdout, exactly; a terminal gets no control characters."""
        shown = printable(text) if self.out.is_terminal else text
        sys.stdout.write(shown if shown.endswith("\n") else f"{shown}\n")
        sys.stdout.flush()

    def line(self) -> TextLine:
        """A text that is written to stdout piece by piece; what is said meanwhile is apart."""
        return TextLine(terminal=self.out.is_terminal)

    def json(self, value: Mapping[str, Any]) -> None:
        """One JSON object on stdout, with the version of its format."""
        encoded = msgspec.json.encode({"format": FORMAT, **value}, enc_hook=str)
        sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")
        sys.stdout.flush()


class TextLine:
    """Somebody else's text on stdout, as it comes; a terminal gets no control characters.

    Args:
        terminal: Whether stdout is one. What is said meanwhile begins on a new line there,
            while a file gets the text alone.
    """

    def __init__(self, *, terminal: bool) -> None:
        self._terminal = terminal
        self._last = "\n"
        self._written = False

    def write(self, text: str) -> None:
        """The next piece."""
        shown = printable(text) if self._terminal else text
        if shown:
            self._put(shown)
            self._written = True

    def end(self) -> None:
        """No more pieces: the last line is closed."""
        if self._written:
            self.close()

    def close(self) -> None:
        """Begin a new line, unless one has begun."""
        if self._last != "\n":
            self._put("\n")

    def _put(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
        self._last = text[-1]
        if self._terminal:
            _unfinished[:] = [self]


_unfinished: list[TextLine] = []
"""The text that was last written to the terminal, whose line may be open."""


def write(console: Console, line: str | Text, margin: int = 0, hang: int = INDENT) -> None:
    """``line``, wrapped with an indent on a terminal, in one piece where it is piped."""
    if console.is_terminal and _unfinished:
        _unfinished.pop().close()
        _unfinished.clear()
    text = Text(line) if isinstance(line, str) else line
    if (shown := printable(text.plain)) != text.plain:
        text = Text(shown)  # a model's name is its caller's, and a ledger anybody's
    for piece in text.split("\n", allow_blank=True):
        for before, part in _laid(console, piece, margin, hang):
            console.print(Text(" " * before) + part, soft_wrap=True)


def _laid(console: Console, text: Text, margin: int, hang: int) -> Iterator[tuple[int, Text]]:
    """The parts of one line, each with its indent."""
    if 2 * hang > console.width:  # a narrow column beside nothing cannot be read
        hang = INDENT
    room = console.width - margin
    if not console.is_terminal or text.cell_len <= room:
        yield margin, text
        return
    first, rest = _first_line(console, text, max(20, room))
    yield margin, first
    for part in rest.wrap(console, max(20, room - hang)):
        part.rstrip()
        yield margin + hang, part


def _first_line(console: Console, text: Text, room: int) -> tuple[Text, Text]:
    """What of ``text`` stands in the first line of ``room`` columns, and what follows."""
    first = text.wrap(console, room)[0]
    first.rstrip()
    rest = text[len(first) :]
    return first, rest[len(rest) - len(rest.plain.lstrip()) :]


class _Console(Console):
    """A console that leaves it to the command to end where nobody reads on."""

    def on_broken_pipe(self) -> None:
        """Called while the error is handled; Rich would end the process with status 1."""
        raise BrokenPipeError

    def show_cursor(self, show: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - Rich's
        """Called by what moves; a command that is killed meanwhile must not leave it hidden."""
        return False


_consoles: dict[bool, tuple[TextIO, Console]] = {}


def _console(*, stderr: bool) -> Console:
    """The console of a stream, the same one for as long as the stream is."""
    stream = sys.stderr if stderr else sys.stdout
    known = _consoles.get(stderr)
    if known is None or known[0] is not stream:
        made = _Console(stderr=stderr, highlight=False, markup=False, emoji=False)
        known = _consoles[stderr] = (stream, made)
    return known[1]


def _open_closed() -> None:
    """Lead a stream that was closed before the start (``>&-``) nowhere; Python has ``None``."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # It stays open as long as the process does, like the stream it stands for.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
