"""Redis store: one view of the marks for all hosts that name the same server."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import time
import weakref
from collections.abc import Callable
from typing import Any

from orchestrator.health.records import Marks
from orchestrator.health.stores import at_fork
from orchestrator.health.stores.commit_queue import QueuedStep
from orchestrator.health.stores.committer import WAIT_SECONDS, Committer
from orchestrator.health.stores.event_loops import is_loop
from orchestrator.health.stores.redis_address import read_address
from orchestrator.health.stores.store import C
from orchestrator.health.stores.store_clock import StoreClock

SALT = "llm-request-orchestrator shared board 1"
"""Of the fingerprints in the store. The same for everybody: all hosts must know a credential by the
same fingerprint, and none may wait for the server to learn how. A salt keeps ready-made tables of
guesses away; an API key has 100 bits and more, which nobody guesses."""

CLOSE_SECONDS = 1.0
"""How long an end waits until what is in memory is written."""


class RedisStore:
    """Keeps marks on a server that speaks the Redis protocol. Safe under threads, tasks and fork.

    Nothing is opened until it is first used, and nothing it meets fails a call.

    Args:
        url: Of the server: ``redis://``, ``rediss://`` or ``unix://``.
        server_time: False where instants come from a clock of the caller's own, as in
            simulations: then the server's does not correct them.
        wait_seconds: How long a call waits for the server, before it goes by what is known here.

    Raises:
        ValueError: It is no such URL.
    """

    def __init__(
        self, url: str, *, server_time: bool = True, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        clock = StoreClock(is_server=server_time)
        self._committer = Committer(read_address(url), clock, wait_seconds)
        # Its thread would live on; but whose thread collects a store must not wait for that.
        weakref.finalize(self, self._committer.end).atexit = False
        _committers.add(self._committer)
        at_fork.watch(self)

    def __repr__(self) -> str:
        return f"RedisStore({self._committer.address.shown!r})"

    @property
    def salt(self) -> str:
        """The salt of all shared boards."""
        return SALT

    @property
    def trouble(self) -> str:
        """Why the marks are this process's own at the moment; empty where they are shared."""
        return self._committer.trouble

    def read(self) -> Marks:
        """The marks as this process knows them; the server is never asked for them here."""
        self._committer.start()
        return self._committer.view.marks

    def update(self, step: Callable[[Marks], C]) -> C:
        """Run ``step``, and wait until the server has its changes, for 20 ms at most.

        On a thread that runs an event loop nothing waits: they are written soon.
        """
        done: Any = self._committer.decide(step, may_wait=not is_loop())
        if not isinstance(done, QueuedStep):
            return done  # type: ignore[no-any-return]
        try:
            return done.done.result(max(0.0, done.ends - time.monotonic()))  # type: ignore[no-any-return]
        except BaseException as error:
            outcome = self._committer.settle(done)
            if isinstance(error, TimeoutError):
                return outcome  # type: ignore[no-any-return]
            raise

    async def aupdate(self, step: Callable[[Marks], C]) -> C:
        """The same, for tasks: the event loop goes on meanwhile."""
        done: Any = self._committer.decide(step, may_wait=True)
        if isinstance(done, QueuedStep):
            try:
                await _resolved(done)
            finally:
                # Also where the task is cancelled: it is decided then, and the call gives it back.
                outcome = self._committer.settle(done)
            return outcome  # type: ignore[no-any-return]
        return done  # type: ignore[no-any-return]

    def instant(self, now: float) -> float:
        """The server's time now."""
        self._committer.start()
        return self._committer.clock.instant(now)

    def close(self) -> None:
        """Write what waits in memory, and hang up; what is asked next opens it again."""
        if is_loop():
            # It is written all the same, at the latest when the interpreter ends.
            self._committer.end()
        else:
            self._committer.close(CLOSE_SECONDS)

    def before_fork(self) -> None:
        """Hold still until :meth:`after_fork`."""
        self._committer.lock.acquire()

    def after_fork(self) -> None:
        """Go on in the parent; begin anew in the child."""
        self._committer.forget_parent()
        self._committer.lock.release()


_committers: weakref.WeakSet[Committer] = weakref.WeakSet()


@atexit.register
def _write_all() -> None:
    """Write what waits in memory when the interpreter ends."""
    for committer in list(_committers):
        committer.close(CLOSE_SECONDS)


async def _resolved(queued: QueuedStep) -> None:
    """Wait until the store has answered, or whoever asked waits no longer."""
    loop = asyncio.get_running_loop()
    answered = loop.create_future()

    def release() -> None:
        if not answered.done():
            answered.set_result(None)

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(release)

    queued.done.call_when_done(wake)
    await asyncio.wait([answered], timeout=max(0.0, queued.ends - time.monotonic()))
