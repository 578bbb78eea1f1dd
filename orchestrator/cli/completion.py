"""``orchestrator completion``: what lets a shell complete commands and options."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

from orchestrator.cli.app import build_app
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.screen import Screen

Shell = Literal["bash", "zsh", "fish"]

_USES: dict[Shell, str] = {
    "bash": 'eval "$(orchestrator completion bash)"   # in ~/.bashrc',
    "zsh": "orchestrator completion zsh > ~/.zfunc/_orchestrator   # a folder of $fpath",
    "fish": "orchestrator completion fish > ~/.config/fish/completions/orchestrator.fish",
}


def completion(shell: Shell | None = None, /) -> int:
    """Print what lets a shell complete commands and options.

    Parameters
    ----------
    shell
        The shell. Default: that of $SHELL.
    """
    screen = Screen()
    with exit_on_error(screen):
        chosen = _own_shell() if shell is None else shell
        script = build_app(screen).generate_completion(prog_name="orchestrator", shell=chosen)
        sys.stdout.write(script if script.endswith("\n") else f"{script}\n")
        sys.stdout.flush()
        if screen.out.is_terminal:
            screen.say("This was to be read by the shell:")
            screen.copyable(f"  {_USES[chosen]}")
    return DONE


def _own_shell() -> Shell:
    """The shell that ``$SHELL`` names.

    Raises:
        UsageError: It is none that can be completed in.
    """
    named = Path(os.environ.get("SHELL", "")).name
    for shell in _USES:
        if named == shell:
            return shell
    found = f"$SHELL is {named!r}" if named else "$SHELL is not set"
    raise UsageError(f"{found}; allowed: orchestrator completion {'|'.join(_USES)}")
