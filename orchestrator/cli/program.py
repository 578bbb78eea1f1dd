"""How this program is called from where it was called."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

NAME = "orchestrator"


def called() -> str:
    """The words that start this program again from the same folder.

    ``orchestrator`` where the shell finds this very program by that name; else the way by
    which it was started, such as ``.venv/bin/orchestrator`` in a fresh clone.
    """
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return f"{_short(Path(sys.executable))} -m {NAME}"
    found = shutil.which(NAME)
    if not started.is_file() or (found and Path(found).samefile(started)):
        return NAME
    return _short(started)


def _short(path: Path) -> str:
    """``path`` from the working directory where it lies below, as a shell takes it."""
    whole = path.absolute()  # a virtual environment's links stay what they are
    below = whole.is_relative_to(Path.cwd())
    found = shutil.which(path.name)
    if not below and found is not None and Path(found).absolute() == whole:
        return path.name
    return shlex.quote(str(whole.relative_to(Path.cwd()) if below else whole))
