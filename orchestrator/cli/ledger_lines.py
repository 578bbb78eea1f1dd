"""Lines of ledger files, as they are read one by one: plain, compressed, or standard input."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from orchestrator.cli.exit_codes import UsageError
from orchestrator.cli.inputs import STANDARD_INPUT

PROGRESS = 2**20
"""Bytes after which progress is told."""

MOST_LINE = 2**26
"""Bytes of one line; what is longer is none of ours, and would fill the memory."""

_OTHERS = {".bz2": "bzcat", ".xz": "xzcat", ".zst": "zstdcat", ".lz4": "lz4cat", ".zip": "unzip -p"}


@contextmanager
def ledger_lines(path: Path, progress: Callable[[int], None]) -> Iterator[Iterator[bytes]]:
    """The lines of a file, each with its end; of ``-``, those of standard input.

    Args:
        path: The file; one that ends in ``.gz`` is read as it was before it was compressed.
        progress: Called now and then with how many bytes of the file were read since.

    Raises:
        UsageError: It is compressed in another way, or not what its name says.
        OSError: It cannot be read.
    """
    if str(path) == STANDARD_INPUT:
        if sys.stdin is None:
            raise UsageError("standard input is closed; allowed: a file, or a ledger on stdin")
        yield _lines(sys.stdin.buffer, None, progress)
        return
    if other := _OTHERS.get(path.suffix.lower()):
        raise UsageError(f"{path}: allowed: plain or .gz; {other} {path} | orchestrator audit -")
    with path.open("rb") as file:
        if path.suffix.lower() != ".gz":
            yield _lines(file, file, progress)
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield _unpacked(path, _lines(cast("IO[bytes]", unpacked), file, progress))


def _lines(
    text: IO[bytes], file: BinaryIO | None, progress: Callable[[int], None]
) -> Iterator[bytes]:
    told = read = 0
    while line := text.readline(MOST_LINE):
        read += len(line)
        yield line
        if file is not None and read >= PROGRESS:
            at, read = file.tell(), 0
            progress(at - told)
            told = at
    if file is not None:
        progress(file.tell() - told)


def _unpacked(path: Path, lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines of a compressed file, which may be cut off or damaged."""
    try:
        yield from lines
    except EOFError:
        raise UsageError(f"{path}: the compressed file is cut off") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UsageError(f"{path}: {error}") from None
