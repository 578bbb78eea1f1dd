"""The orchestrator over the config that is found: one for the whole process."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.api.client import Orchestrator

_lock = threading.RLock()  # again from within: a call may be made inside a signal handler
_default: Orchestrator | None = None


def default() -> Orchestrator:
    """The orchestrator over the config that is found; one for the whole process.

    Threads, tasks and sub-agents share it, so none of them loses its fallback chain.

    Raises:
        ConfigError: There is no config file, or it cannot be used.
    """
    from orchestrator.api.client import Orchestrator  # what a call needs, which is most of it

    global _default  # noqa: PLW0603 - the one shared thing, and the point of it
    # Held while the config is read: two sub-agents that begin at once must not run its commands
    # twice, nor end up with a health board each.
    with _lock:
        if _default is None:
            # A config that cannot be used is told to each caller anew: it may be mended meanwhile.
            made = Orchestrator.from_file()
            if _default is None:  # nor by a signal handler, while the config was read
                _default = made
                # Nobody else holds it, so nobody else can close its connections in order.
                atexit.register(made.close)
        return _default


async def default_in_task() -> Orchestrator:
    """The same for tasks: where it is still to be built, that is done in a thread.

    Reading a config may run a command, ask a keyring, and open files.
    """
    import asyncio  # a tenth of the library's import, for those who have it already

    return await asyncio.to_thread(default) if _default is None else _default
