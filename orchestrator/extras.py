"""How to install an extra, in one place: every refusal that names one says the same."""

from __future__ import annotations

import sys
from pathlib import Path


def how_to_install(extra: str) -> str:
    """The command that gives this very Python an extra: another ``pip`` is another Python's."""
    python = shell_path(Path(sys.executable))
    return f"{python} -m pip install '.[{extra}]' in the clone (the package is on no index yet)"


def shell_path(path: Path) -> str:
    """``path`` from the working directory where it lies below, as a shell takes it."""
    # Loaded here: a call needs neither, and this page stands where calls pass.
    import shlex
    import shutil

    whole = path.absolute()  # a virtual environment's links stay what they are
    below = whole.is_relative_to(Path.cwd())
    found = shutil.which(path.name)
    if not below and found is not None and Path(found).absolute() == whole:
        return path.name
    return shlex.quote(str(whole.relative_to(Path.cwd()) if below else whole))
