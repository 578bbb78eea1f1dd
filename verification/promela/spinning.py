"""Spin and gcc at work on a model, in a folder of their own.

Nothing is installed here. Where one of the two is missing, that is said, never passed over.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import attrs

SECONDS = "SPIN_SECONDS"
"""The variable of the environment that says how long one program may take, in seconds."""

_LONGEST = 600.0
"""How long it may take where that says nothing; the settings here need some seconds."""

_DEPTH = 1_000_000
"""The longest way that is followed; one of a step's choices counts as one."""

_LARGE, _SMALL = "-O1", "-O0"
"""What is worth compiling well: optimizing takes longer than a search that soon ends."""

# The first words of what a search was stopped by are always these.
_STOPPED = re.compile(r"^pan:\d+: (.*?)(?: \(at depth \d+\))?$", re.MULTILINE)
_STORED = re.compile(r"^\s*(\d+) states, stored", re.MULTILINE)
_MADE = re.compile(r"^\s*(\d+) transitions", re.MULTILINE)
_ROW = re.compile(r"^\s*@row (\w+)", re.MULTILINE)
_STATE = re.compile(r"^@(\d[\d ]*)$", re.MULTILINE)
_INVARIANT = "assertion violated "


class Unavailable(Exception):
    """Spin or gcc is not installed; the message says which."""


class Refused(Exception):
    """A program did not do its work; the message says which, and what it said."""


class TooSlow(Exception):
    """A program did not end in its time; the message says which, and after how long."""


@attrs.frozen
class Run:
    """What spin found.

    Attributes:
        stored: How many states it stored.
        stopped_by: The invariant that does not hold, or what else stopped the search; empty
            where nothing did.
        vectors: The states that the model told of, each a tuple of numbers.
        rows: The rows on the way to what stopped it.
        seconds: How long the search took, compiling left out.
        moves: The moves that it told of, as :mod:`verification.promela.worlds` reads them.
        made: How many moves it made.
    """

    stored: int
    stopped_by: str
    vectors: tuple[tuple[int, ...], ...]
    rows: tuple[str, ...]
    seconds: float
    moves: bytes = b""
    made: int = 0


def require() -> None:
    """See that everything is there.

    Raises:
        Unavailable: Spin or gcc is missing; spin itself calls gcc by that name.
    """
    missing = [name for name in ("spin", "gcc") if shutil.which(name) is None]
    if missing:
        raise Unavailable(f"not installed here: {' and '.join(missing)}")


def version() -> str:
    """What spin calls itself.

    Raises:
        Unavailable: Spin or gcc is missing.
    """
    require()
    words = _run(Path(), "spin", "-V", may_fail=True).split()
    return f"spin {words[2]}" if len(words) > 2 else "spin"


def search(model: str, *, every: int = 0) -> Run:
    """Every state that ``model`` can reach, held against its invariants; and its moves.

    Args:
        model: The model.
        every: Of so many moves one is told, drawn in the same way each time; 0 for none.

    Raises:
        Unavailable: Spin or gcc is missing.
        Refused: One of them does not take the model.
        TooSlow: One of them did not end in its time.
    """
    with tempfile.TemporaryDirectory(prefix="promela-") as folder:
        # In the text, not as a flag: spin hands its flags to a shell.
        text = f"#define MOVES\n#define EVERY {every}\n{model}" if every else model
        options = [_LARGE, "-DSAFETY", "-DNOREDUCE"]
        run = _searched(Path(folder), text, ["-DTELL"], options, [])
        moves = Path(folder) / "moves"
        return attrs.evolve(run, moves=moves.read_bytes()) if moves.exists() else run


def shortest(model: str, *, unwanted: str = "false") -> Run:
    """The shortest way to a broken invariant, or to the state that ``unwanted`` describes.

    Args:
        model: The model.
        unwanted: A Promela expression over what a call remembers.

    Raises:
        Unavailable: Spin or gcc is missing.
        Refused: One of them does not take the model.
        TooSlow: One of them did not end in its time.
    """
    with tempfile.TemporaryDirectory(prefix="promela-") as folder:
        text = f"#define UNWANTED {unwanted}\n{model}"
        options = [_SMALL, "-DSAFETY", "-DNOREDUCE", "-DBFS"]
        return _searched(Path(folder), text, ["-DSHORTEST"], options, [])


def circles(model: str) -> Run:
    """Whether some call can go round for ever: :attr:`Run.stopped_by` says so.

    Raises:
        Unavailable: Spin or gcc is missing.
        Refused: One of them does not take the model.
        TooSlow: One of them did not end in its time.
    """
    with tempfile.TemporaryDirectory(prefix="promela-") as folder:
        return _searched(Path(folder), model, [], [_LARGE, "-DNP", "-DNOREDUCE"], ["-l"])


def _searched(
    folder: Path, model: str, flags: Sequence[str], options: Sequence[str], run: Sequence[str]
) -> Run:
    require()
    (folder / "model.pml").write_text(model, encoding="utf-8")
    # -o2: also what is only written tells states apart, such as why a call was stopped.
    _run(folder, "spin", "-o2", *flags, "-a", "model.pml")
    # Spin writes C that compilers warn of; the warnings say nothing about the model.
    _run(folder, "gcc", "-w", *options, "-o", "pan", "pan.c")
    began = time.perf_counter()
    told = _run(folder, "./pan", f"-m{_DEPTH}", *run)
    seconds = time.perf_counter() - began
    stored, stopped = _STORED.search(told), _STOPPED.search(told)
    if stored is None or "max search depth too small" in told:
        raise Refused(f"pan did not finish its search: {_words(told)}")
    return Run(
        int(stored[1]),
        stopped[1].removeprefix(_INVARIANT).strip() if stopped else "",
        tuple(tuple(map(int, line.split())) for line in _STATE.findall(told)),
        _replayed(folder) if stopped else (),
        seconds,
        made=int(made[1]) if (made := _MADE.search(told)) else 0,
    )


def _replayed(folder: Path) -> tuple[str, ...]:
    told = _run(folder, "./pan", "-r", "model.pml.trail", "-n", may_fail=True)
    return tuple(_ROW.findall(told))


def _run(folder: Path, *command: str, may_fail: bool = False) -> str:
    seconds = float(os.environ.get(SECONDS, _LONGEST))
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise TooSlow(f"{command[0]} did not end within {seconds:g} s") from None
    told = done.stdout + done.stderr
    if done.returncode and not may_fail:
        raise Refused(f"{command[0]} ended with status {done.returncode}: {_words(told)}")
    return told


def _words(told: str) -> str:
    """The last words of a program, where it says what it did not like."""
    lines = [line for line in told.splitlines() if line.strip() and not line.startswith("@")]
    return " / ".join(lines[-5:])
