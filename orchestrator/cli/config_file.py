"""A config that a command writes: for its user alone, and never over another unasked."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator.cli.exit_codes import UsageError

_MODE = 0o600
"""The file may come to hold keys, so nobody else reads it."""


def write_config(path: Path, text: str, *, force: bool) -> None:
    """Write ``text`` to a file.

    Args:
        path: The file.
        text: The config.
        force: Whether one that is there is written over.

    Raises:
        UsageError: There is one, or it is no file.
        OSError: It cannot be written.
    """
    if force and path.exists() and not path.is_file():
        # A pipe would wait for its reader, and root would close /dev/null to all others.
        raise UsageError(f"{path}: it is no plain file; leave out --force and name another")
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, _MODE)
    except FileExistsError:
        raise UsageError(
            f"{path} exists and is left as it is; --force writes over it, --output names another"
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        path.chmod(_MODE)  # O_CREAT's mode is not that of a file that was there
        file.write(text)
