"""The command line ``orchestrator``: one file a command.

The rules of the room:

* Results go to stdout and nothing else does, so that ``orchestrator run hi > file`` is
  clean. Progress, warnings and errors go to stderr.
* The commands are guests of the public API: whatever they do, an agent author can do.
* Exit status: 0 done, 1 the call failed (``check``: an error was found), 2 usage or
  config, 130 interrupted. A user's mistake and a failed call never show a traceback.
* Nothing is cut off: a terminal gets wrapped lines, a pipe gets whole ones.
* Nobody imports this room. A command's own imports wait until the command is run, so
  that ``orchestrator --help`` is quick.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status.

    Args:
        arguments: What stands after the program's name; the process's own by default.
    """
    try:
        from orchestrator.cli.app import serve
    except KeyboardInterrupt:
        # Half a second's work on a busy machine: who leaves meanwhile leaves as he does later.
        sys.stderr.write("interrupted\n")
        return 130
    return serve(arguments)
