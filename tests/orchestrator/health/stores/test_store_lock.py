"""Who interrupts work under the lock waits for nobody, and what it changed is kept."""

from __future__ import annotations

import attrs

from orchestrator.health.records import Changes, Marks
from orchestrator.health.stores.store_lock import StoreLock
from tests.orchestrator.health.stores.test_marks_view import EARLY, NAME


@attrs.frozen
class Outcome:
    changes: Changes


def test_who_comes_just_after_it_was_taken_does_not_wait_under_it() -> None:
    kept: list[Changes] = []
    lock = StoreLock(kept.append)
    lock.acquire()  # and nothing has begun under it yet

    def interrupt() -> Outcome:
        return lock.run_late(lambda _: Outcome({NAME: EARLY}), Marks())

    found = lock.hold(lambda: Outcome({}), interrupt)
    lock.release()
    lock.hold(lambda: None, lambda: None)

    assert (found, kept) == (Outcome({NAME: EARLY}), [{NAME: EARLY}])
