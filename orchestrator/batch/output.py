"""Files of answers and failures: written from the database, and healed where a kill tore them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

_CHUNK = 1 << 20


class _Named(msgspec.Struct):
    custom_id: str


_DECODER = msgspec.json.Decoder(_Named)


class OutputFile:
    """A file to which whole lines are added.

    Nothing is opened before :meth:`heal`. What :meth:`append` has written is on the disk when it
    comes back.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def heal(self) -> None:
        """Cut off a last line that is not whole.

        Raises:
            OSError: The file cannot be read or written.
        """
        if not self.path.exists():
            self.path.touch()
            return
        with self.path.open("r+b") as file:
            end, place = 0, 0
            while chunk := file.read(_CHUNK):
                if (last := chunk.rfind(b"\n")) >= 0:
                    end = place + last + 1
                place += len(chunk)
            if end < place:
                file.truncate(end)
                os.fsync(file.fileno())

    def ids(self) -> Iterator[str]:
        """The ``custom_id`` of each line; empty where it is none of ours."""
        with self.path.open("rb") as file:
            for line in file:
                try:
                    yield _DECODER.decode(line).custom_id
                except (msgspec.DecodeError, UnicodeError):
                    yield ""

    def append(self, lines: Iterable[bytes]) -> None:
        """Add lines, each without its end; all of them or none.

        Raises:
            OSError: They could not be written; the file is as it was.
        """
        text = b"".join(line + b"\n" for line in lines)
        if not text:
            return
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            end = os.fstat(descriptor).st_size
            try:
                _write_all(descriptor, text)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)  # a part of a line is none
                raise
        finally:
            os.close(descriptor)

    def replace(self, lines: Iterable[bytes]) -> None:
        """Put a file with these lines in its place, at once."""
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("wb") as file:
            file.writelines(line + b"\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)


def _write_all(descriptor: int, text: bytes) -> None:
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def failures_path(path: Path) -> Path:
    """Where the failures of the batch stand whose answers are in ``path``."""
    return path.with_name(path.name + ".failures.jsonl")


def interruptions_path(path: Path) -> Path:
    """Where the lines stand that may have been asked twice."""
    return path.with_name(path.name + ".interrupted.jsonl")
