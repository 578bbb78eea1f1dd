"""The orchestrator over the config that is found: one for the whole process."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING

import attrs

from orchestrator.clock import SystemClock

if TYPE_CHECKING:
    from orchestrator.api.client import Orchestrator

LOOK_SECONDS = 1.0
"""Where there was no config file, one is looked for no more often."""

_lock = threading.RLock()  # again from within: a call may be made inside a signal handler


@attrs.frozen
class _Made:
    """The orchestrator that was made, and until when there is no need to look for a file.

    Attributes:
        until: By the monotonic clock; infinite where there was a file.
    """

    orchestrator: Orchestrator
    until: float

    @property
    def is_current(self) -> bool:
        """False where a file may be there by now."""
        return SystemClock.monotonic() < self.until


_made: _Made | None = None


def default() -> Orchestrator:
    """The orchestrator over the config that is found; one for the whole process.

    Threads, tasks and sub-agents share it, so none of them loses its fallback chain. Where there
    is no config, it asks the known providers that a call names (``route=["openai/gpt-5-mini"]``),
    until there is one.

    Raises:
        ConfigError: The config file cannot be used.
    """
    global _made  # noqa: PLW0603 - the one shared thing, and the point of it
    # Held while the config is read: two sub-agents that begin at once must not run its commands
    # twice, nor end up with a health board each.
    with _lock:
        before = _made
        if before is None or not before.is_current:
            # A config that cannot be used is told to each caller anew: it may be mended meanwhile.
            made = _make(before)
            if _made is before:  # nor by a signal handler, while the config was read
                _made = made
                _close_later(before, made)
        assert _made is not None  # noqa: S101 - for the type checker
        return _made.orchestrator


async def default_in_task() -> Orchestrator:
    """The same for tasks: where it is still to be built, that is done in a thread.

    Reading a config may run a command, ask a keyring, and open files.
    """
    import asyncio  # a tenth of the library's import, for those who have it already

    made = _made
    if made is not None and made.is_current:
        return made.orchestrator
    return await asyncio.to_thread(default)


def _make(before: _Made | None) -> _Made:
    from orchestrator.api.client import Orchestrator  # what a call needs, which is most of it
    from orchestrator.config import loading

    if (file := loading.find()) is not None:
        return _Made(Orchestrator.from_file(file), float("inf"))
    until = SystemClock.monotonic() + LOOK_SECONDS
    return _Made(Orchestrator() if before is None else before.orchestrator, until)


def _close_later(before: _Made | None, made: _Made) -> None:
    if before is not None and before.orchestrator is made.orchestrator:
        return
    # Nobody else holds it, so nobody else can close its connections in order.
    atexit.register(made.orchestrator.close)
    if before is not None:
        before.orchestrator.close()  # calls of it that run on open new ones
