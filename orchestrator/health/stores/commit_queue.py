"""Steps that wait for a shared store, and what a batch of them asks of it. No I/O."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from orchestrator.health.records import Changes, Marks, is_counter
from orchestrator.health.stores.marks_view import MarksView, Unsaved, spent_between, with_spent
from orchestrator.health.stores.redis_link import Addition
from orchestrator.health.stores.redis_script import TOLERATED
from orchestrator.health.stores.store import Changing, TimedStep


class StoredAnswer:
    """What a step came to, for the one who waits for it; told once, under the store's lock.

    No future of the standard library: each question to one takes a lock of its own, which a thread
    may hold while a signal handler interrupts its wait. Then the store's thread would wait for that
    handler, and a call in the handler for the store's thread.
    """

    def __init__(self) -> None:
        self._told: tuple[Any, BaseException | None] | None = None
        self._untold = threading.Lock()
        self._untold.acquire()
        self._wake: Callable[[], None] | None = None

    def done(self) -> bool:
        """Whether it was told."""
        return self._told is not None

    def set_result(self, result: Any) -> None:
        """Tell what it came to."""
        self._tell(result, None)

    def set_exception(self, error: BaseException) -> None:
        """Tell what it raised."""
        self._tell(None, error)

    def result(self, seconds: float = 0.0) -> Any:
        """What it came to, waited for on this thread for so long at most.

        Raises:
            TimeoutError: It was not told by then.
            BaseException: What the step raised.
        """
        if self._told is None:
            self._untold.acquire(timeout=seconds)
        if self._told is None:
            raise TimeoutError
        result, error = self._told
        if error is not None:
            raise error
        return result

    def call_when_done(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` once it is told, on whatever thread, maybe twice."""
        self._wake = wake
        if self._told is not None:
            wake()

    def _tell(self, result: Any, error: BaseException | None) -> None:
        self._told = result, error
        self._untold.release()
        if self._wake is not None:
            self._wake()


@attrs.define(eq=False)
class QueuedStep:
    """One step that waits to be stored.

    Attributes:
        step: The step.
        ends: Until when whoever asked waits for the store, on the clock of time that passes.
        done: Resolved with what it came to.
        seen: The marks that it was last run on.
        outcome: What it came to on them.
    """

    step: Callable[[Marks], Any] | TimedStep
    ends: float
    done: StoredAnswer = attrs.field(factory=StoredAnswer)
    seen: Marks = attrs.field(factory=Marks)
    outcome: Changing | None = None

    def run(self, marks: Marks) -> Changes:
        """What it changes of ``marks``; nothing where it fails, which whoever asked is told."""
        try:
            # Nobody has changed anything since it was asked: it would come to the same.
            if self.outcome is None or self.seen is not marks:
                self.outcome = self.step(marks)
                self.seen = marks
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the step's own
            self.done.set_exception(error)
            return {}
        return self.outcome.changes

    def correct(self, now: float) -> None:
        """Be decided at the instant ``now``, where that is not what it was asked at."""
        if correct_instant(self.step, now):
            self.outcome = None


def correct_instant(step: object, now: float) -> bool:
    """Let ``step`` be decided at ``now``; whether it was another instant that it went by."""
    if not isinstance(step, TimedStep) or abs(now - step.now) <= TOLERATED / 2:
        return False
    step.move(now - step.now)
    return True


@attrs.frozen(eq=False)
class CommitBatch:
    """What is sent to the server at once.

    Attributes:
        steps: Those that wait for it.
        waiting: What else waited to be written, which is sent too.
        changes: Records that are put and removed.
        additions: What counters gain or give back.
        instants: The first and the last instant at which a step was decided.
    """

    steps: Sequence[QueuedStep]
    waiting: Unsaved
    changes: Changes
    additions: dict[str, Addition]
    instants: tuple[float, float] | None

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to store."""
        return not self.changes and not self.additions

    def stored(self, sums: Mapping[str, int]) -> Changes:
        """What the store has of it, where its counters came to ``sums``."""
        added = {key: with_spent(self.additions[key].record, spent) for key, spent in sums.items()}
        return {**self.changes, **added}

    def resolve(self) -> None:
        """Tell those that wait what their steps came to."""
        for queued in self.steps:
            if not queued.done.done():
                queued.done.set_result(queued.outcome)


def nothing() -> CommitBatch:
    """The batch of who only asks what others have changed."""
    return CommitBatch((), {}, {}, {}, None)


def gather(view: MarksView, steps: Sequence[QueuedStep]) -> CommitBatch:
    """Run ``steps`` one after the other on ``view``; with what else waits there to be written."""
    marks, sent = view.marks, dict(view.changes)
    for queued in steps:
        if changes := queued.run(marks):
            marks = marks.changed(changes)
            sent |= changes
    saved, additions = view.saved, {}
    changes = {key: new for key, new in sent.items() if new != saved.get(key)}
    for key in [key for key in changes if is_counter(key)]:
        new = changes.pop(key)
        delta, record = spent_between(saved.get(key), new), new or saved[key]
        # What was spent while the server was away may be more than it allows now: it is written.
        most = max(record.budget, record.spent) if new else 0
        additions[key] = Addition(delta, most, record)
    running = [queued for queued in steps if not queued.done.done()]
    timed = [queued.step for queued in running if isinstance(queued.step, TimedStep)]
    at = [step.now for step in timed]
    instants = (min(at), max(at)) if at else None
    return CommitBatch(running, view.unsaved, changes, additions, instants)


def is_deposit(view: MarksView, changes: Changes) -> bool:
    """True where ``changes`` only give back to counters, for which nobody has to wait."""
    return all(
        is_counter(key) and spent_between(view.marks.get(key), new) <= 0
        for key, new in changes.items()
    )
