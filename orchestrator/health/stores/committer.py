"""Committer of a shared store: the one thread of a process that talks to the server.

Theory of operation. Calls read a copy of the marks (:class:`.MarksView`), and never the server. A
step that has something to write is queued; the committer takes all that is queued, runs one after
the other on the copy, and sends what they change in one round trip. Where others have changed one
of these records since, the server stores nothing and tells the new ones, and the steps are run
again: so of all processes one at a time decides about a record. A listener wakes the committer when
others have changed something, and it asks for that.

Whoever waits does so for 20 ms at most. Then, and at once where the server is away or slow, or on a
thread that must not wait, the step counts as it was decided on the copy; its changes wait in memory
and are merged when the server answers. The lock is never held while the server is asked.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from orchestrator.health.records import Changes, Marks, UnreadMarks, is_counter
from orchestrator.health.stores.change_listener import ChangeListener
from orchestrator.health.stores.commit_queue import (
    CommitBatch,
    QueuedStep,
    correct_instant,
    gather,
    is_deposit,
    nothing,
)
from orchestrator.health.stores.marks_view import MarksView, Unsaved
from orchestrator.health.stores.outage import Outage
from orchestrator.health.stores.redis_address import RedisAddress
from orchestrator.health.stores.redis_faults import StoreFault, explain
from orchestrator.health.stores.redis_link import (
    SILENT_SECONDS,
    Commit,
    CommitReply,
    CommitVerdict,
    RedisLink,
)
from orchestrator.health.stores.store import C
from orchestrator.health.stores.store_clock import StoreClock
from orchestrator.health.stores.store_lock import StoreLock

WAIT_SECONDS = 0.02
"""How long a call waits for the store; a round trip within a data centre takes 1 ms."""

FIRST_SECONDS = 0.5
"""How long the first calls of a process wait until the marks are read for the first time."""

SOON_SECONDS = 0.02
"""Until what nobody waits for is written."""

CHECK_SECONDS = 1.0
"""Between two questions to a store of which nothing is heard: whether it is there, and what time
it is."""

POLL_SECONDS = 0.025
"""Between two questions where nobody tells of changes."""

MOST_STEPS = 20
"""Steps that are run and sent at once: meanwhile the lock is held, which an event loop may want."""

SLOW_ANSWERS = 10
"""A store is told of that was slow so many times in a row; once is no news."""


class Committer:
    """Keeps a copy of the marks, and what waits to be written.

    Args:
        address: Of the server.
        clock: Knows the server's time.
        wait_seconds: How long a call waits for the store.
    """

    def __init__(
        self, address: RedisAddress, clock: StoreClock, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self.address, self.clock = address, clock
        self._wait_seconds = wait_seconds
        self._first_seconds = max(FIRST_SECONDS, wait_seconds)
        self._silent_seconds = max(SILENT_SECONDS, wait_seconds)
        self.outage = Outage(address)
        self.view = MarksView(UnreadMarks())
        self.lock = StoreLock(self._keep)
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._queue: list[QueuedStep] = []
        self._batch: CommitBatch | None = None
        self._thread: threading.Thread | None = None
        self._listener: ChangeListener | None = None
        self._link: RedisLink | None = None
        self._pid = 0
        self._version, self._identity = -1, ""
        self._began = self._sent_at = 0.0
        self._slow = 0
        self._is_asking = self._is_closing = False
        self._announced: str | None = None
        self._write_at = self._sleeps_until = math.inf

    @property
    def trouble(self) -> str:
        """Why the marks are this process's own; empty where they are shared."""
        is_late = time.monotonic() > self._began + self._first_seconds
        if self._thread is not None and self._version < 0 and is_late:
            return self.outage.trouble or "it has not answered yet"
        return self.outage.trouble

    # What callers' threads do.

    def start(self) -> None:
        """Begin to talk to the server, where nobody does."""
        if self._thread is None:
            self.lock.hold(self._start, lambda: None)

    def _start(self) -> None:
        if self._thread is not None:
            return
        self._pid, self._began, self._is_closing = os.getpid(), time.monotonic(), False
        # A daemon: who ends waits for what is to be written, and not for a server that is away.
        thread = threading.Thread(target=self._run, name="health store", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the interpreter ends already, or there may be no more
            self.outage.begin(explain(error, self.address))
        else:
            self._thread = thread

    def decide(self, step: Callable[[Marks], C], *, may_wait: bool) -> C | QueuedStep:
        """Run ``step`` on the copy, or queue it for the store where there is something to write."""
        self.start()
        return self.lock.hold(
            lambda: self._decide(step, may_wait=may_wait),
            lambda: self.lock.run_late(step, self._marks()),
        )

    def settle(self, queued: QueuedStep) -> Any:
        """What a step comes to that is waited for no longer: as it was decided here."""
        self.lock.hold(lambda: self._settle(queued), lambda: self._settle(queued))
        return queued.done.result()

    def close(self, seconds: float) -> None:
        """Write what waits, for ``seconds`` at most, and end; what is asked next begins anew."""
        thread = self._thread
        self.end()
        if thread is not None and self._pid == os.getpid():
            thread.join(seconds)

    def end(self) -> None:
        """Begin to end; nobody waits for it."""
        self._is_closing = True
        self._wake.put(None)

    def forget_parent(self) -> None:
        """Begin anew in a forked child: thread, connections and waiting calls are the parent's."""
        if self._pid == os.getpid() or self._thread is None:
            return
        link, listener = self._link, self._listener
        self._wake, self._queue, self._batch = queue.SimpleQueue(), [], None
        self._thread = self._link = self._listener = None
        # The parent writes them too, and to add twice is to add too much.
        waiting = {key: one for key, one in self.view.unsaved.items() if not is_counter(key)}
        self.view = MarksView(self.view.saved, waiting).rebase(self.view.saved)
        for one in (link, listener):
            if one is not None:
                one.close()

    def _marks(self) -> Marks:
        """The marks to decide by: those that are known, if they are to be read yet."""
        return Marks(self.view.marks) if self.view.marks.is_unread else self.view.marks

    def _decide(self, step: Callable[[Marks], C], *, may_wait: bool) -> C | QueuedStep:
        now, marks = time.monotonic(), self.view.marks
        if self.clock.is_known:
            correct_instant(step, self.clock.at(now))
        patience = self._patience(now) if may_wait else 0.0
        if marks.is_unread and patience > 0:
            return self._enqueue(QueuedStep(step, now + patience))
        outcome = step(self._marks())
        if not outcome.changes:
            return outcome
        deposits = is_deposit(self.view, outcome.changes)
        if patience <= 0 or deposits:
            self._keep(outcome.changes, soon=deposits)
            return outcome
        return self._enqueue(QueuedStep(step, now + patience, seen=marks, outcome=outcome))

    def _enqueue(self, queued: QueuedStep) -> QueuedStep:
        self._queue.append(queued)
        self._wake.put(None)
        return queued

    def _patience(self, now: float) -> float:
        """Seconds that a call may wait for the server now."""
        if self.outage.trouble or self._slow:
            return 0.0
        if self._link is None or self._version < 0:
            return max(0.0, self._began + self._first_seconds - now)
        if self._is_asking and now > self._sent_at + self._wait_seconds:
            return 0.0
        return self._wait_seconds

    def _keep(self, changes: Changes, *, soon: bool = False) -> None:
        """Let ``changes`` hold here, and be written as soon as can be."""
        self.view = self.view.keep(changes, self._marks())
        if not changes:
            return
        self._write_at = min(self._write_at, time.monotonic() + (SOON_SECONDS if soon else 0.0))
        if self._sleeps_until > self._write_at:
            self._wake.put(None)

    def _settle(self, queued: QueuedStep) -> None:
        if queued.done.done():
            return
        if queued in self._queue:
            self._queue.remove(queued)
            self._keep(queued.run(self._marks()))
        elif queued.outcome is not None:
            # The server may store it yet; whoever asks meanwhile is to know of it.
            self.view = self.view.show(queued.outcome.changes)
        if not queued.done.done():
            queued.done.set_result(queued.outcome)

    # What the committer's thread does.

    def notice_change(self, announced: str) -> None:
        """Ask the server what was changed, where that is not known; called by the listener."""
        self._announced = announced
        self._wake.put(None)

    def _is_behind(self) -> bool:
        """Whether something was announced that is not in the copy yet."""
        announced, self._announced = self._announced, None
        if not announced:
            return announced is not None
        identity, _, version = announced.partition(" ")
        return identity != self._identity or int(version) > self._version

    def _run(self) -> None:
        try:
            while not self._is_closing:
                with contextlib.suppress(queue.Empty):
                    self._wake.get(timeout=self._time_to_sleep())
                while not self._wake.empty():
                    self._wake.get()
                self._sleeps_until = 0.0  # it is awake: nobody need wake it
                self._take_turn()
            self._take_turn()
        finally:
            self._hang_up()
            self.lock.hold(self._leave, lambda: None)

    def _leave(self) -> None:
        # Whoever begins anew asks first: others go on meanwhile.
        view = self.view
        self.view = MarksView(UnreadMarks(view.saved), view.unsaved, UnreadMarks(view.marks))
        self._thread = None
        if self._queue or (view.unsaved and not self.outage.trouble):
            self._start()  # it was used again after its last turn

    def _time_to_sleep(self) -> float:
        now = time.monotonic()
        if self._link is None:
            due = self.outage.next_look
        else:
            is_told = self._listener is not None and self._listener.is_subscribed
            due = self._sent_at + (CHECK_SECONDS if is_told else POLL_SECONDS)
            due = min(due, self._write_at)
        self._sleeps_until = due
        return max(0.0, due - now)

    def _take_turn(self) -> None:
        """Talk to the server until there is nothing to say."""
        try:
            if self._link is None and self._is_call_due():
                self._call_up()
            while self._link is not None and (batch := self._next_batch()) is not None:
                self._exchange(self._link, batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not fail a call
            self._hang_up()
            fault = explain(error, self.address)
            self.lock.hold(lambda: self._give_up(fault), lambda: None)
        self.outage.tell()

    def _is_call_due(self) -> bool:
        if self._is_closing:  # an end does not wait for what is away
            return not self.outage.trouble and bool(self.view.unsaved)
        return time.monotonic() >= self.outage.next_look

    def _call_up(self) -> None:
        """Open a connection, and read all marks."""
        self._link = RedisLink(self.address, self._silent_seconds)
        self._exchange(self._link, nothing(), is_first=True)
        self.outage.end()
        self._listener = ChangeListener(self.address, self.notice_change)
        self._listener.start()

    def _hang_up(self) -> None:
        link, listener, self._link, self._listener = self._link, self._listener, None, None
        for one in (link, listener):
            if one is not None:
                with contextlib.suppress(Exception):
                    one.close()

    def _next_batch(self) -> CommitBatch | None:
        """What is to be said to the server now; ``None`` where there is nothing."""
        return self.lock.hold(self._gather, lambda: None)

    def _gather(self) -> CommitBatch | None:
        now = time.monotonic()
        is_due = bool(self._queue) or now >= self._write_at or self._is_closing
        steps, waiting = self._queue[:MOST_STEPS], self._queue[MOST_STEPS:]
        if self.clock.is_known:
            for queued in steps:
                queued.correct(self.clock.at(now))
        batch = gather(self.view, steps) if is_due else nothing()
        if is_due:
            self._queue, self._write_at = waiting, math.inf
        if batch.is_empty:
            batch.resolve()
            is_asking = bool(waiting) or self._is_behind() or self._time_to_sleep() <= 0
            return nothing() if is_asking and (waiting or not self._is_closing) else None
        self._batch = batch
        return batch

    def _exchange(self, link: RedisLink, batch: CommitBatch, *, is_first: bool = False) -> None:
        self._sent_at, self._is_asking = time.monotonic(), True
        version = -1 if is_first else self._version
        instants = batch.instants if self.clock.is_known else None
        asked = Commit(version, self._identity, batch.changes, batch.additions, instants)
        reply = link.commit(asked)
        self.lock.hold(lambda: self._hear(batch, reply), lambda: None)

    def _hear(self, batch: CommitBatch, reply: CommitReply) -> None:
        # What was marked before anybody told the time bears the host's.
        self.view = self.view.date(self.clock.learn(reply.time, reply.sent, reply.seconds))
        self._time_trip(reply.seconds)
        self._batch, self._is_asking = None, False
        view = self._refused(batch) if reply.verdict is not CommitVerdict.DONE else self.view
        if self._is_lost(reply):
            view = _with_all_known(view)
        saved = Marks(_present(reply.told)) if reply.is_whole else view.saved.changed(reply.told)
        written: Unsaved = {}
        if reply.verdict is CommitVerdict.DONE:
            saved, written = saved.changed(batch.stored(reply.sums)), batch.waiting
        self._version, self._identity = reply.version, reply.identity
        is_same = view is self.view and batch.is_empty and not reply.told and not reply.is_whole
        if not is_same:
            self.view = view.rebase(saved, written)
        if self.view.unsaved:
            self._write_at = 0.0
        if reply.verdict is CommitVerdict.DONE:
            batch.resolve()

    def _refused(self, batch: CommitBatch) -> MarksView:
        """Have steps run again that the server refused; what nobody waits for any more is kept."""
        self._queue[:0] = [queued for queued in batch.steps if not queued.done.done()]
        return _kept(self.view, [queued for queued in batch.steps if queued.done.done()])

    def _is_lost(self, reply: CommitReply) -> bool:
        """Whether the server has forgotten something: it was emptied, or an older one took over."""
        known = self._identity
        return bool(known) and (reply.identity != known or reply.version < self._version)

    def _time_trip(self, seconds: float) -> None:
        if seconds <= self._wait_seconds:
            self._slow = 0
            if self._link is not None and self._version >= 0:
                self.outage.end()
            return
        self._slow += 1
        if self._slow >= SLOW_ANSWERS:
            most = 1000 * self._wait_seconds
            said = f"it answers after {1000 * seconds:.0f} ms, a call waits {most:.0f} ms at most"
            self.outage.begin(StoreFault(f"{said}; put it nearer, or see what keeps it busy"))

    def _give_up(self, fault: StoreFault) -> None:
        """Go on without the server: nobody waits for it, and what was decided holds here."""
        self.outage.begin(fault)
        batch, self._batch, self._is_asking = self._batch, None, False
        view, sent = self.view, {}
        if batch is not None:
            # Whether the server has stored it nobody knows; to add it again may be too much.
            view = _kept(view, batch.steps, with_counters=False)
            sent = {key: one for key, one in batch.waiting.items() if is_counter(key)}
        self.view = MarksView(Marks(view.saved), view.unsaved).rebase(Marks(view.saved), sent)
        for queued in [*(batch.steps if batch else ()), *self._queue]:
            self._settle(queued)
        self._write_at, self._slow = math.inf, 0


def _kept(view: MarksView, steps: Iterable[QueuedStep], *, with_counters: bool = True) -> MarksView:
    """``view`` once what ``steps`` changed waits in it."""
    for queued in steps:
        changes = {} if queued.outcome is None else queued.outcome.changes
        kept = {key: new for key, new in changes.items() if with_counters or not is_counter(key)}
        view = view.keep(kept, queued.seen)
    return view


def _with_all_known(view: MarksView) -> MarksView:
    """``view`` once all that the server is known to have had waits to be written again."""
    forgotten = {
        key: record
        for key, record in view.saved.items()
        if key not in view.unsaved and not is_counter(key)
    }
    return view.keep(forgotten, Marks())


def _present(told: Changes) -> dict[str, Any]:
    return {key: record for key, record in told.items() if record is not None}
