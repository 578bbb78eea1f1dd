"""Virtual time: what is put in any order happens in order."""

from __future__ import annotations

import pytest

from orchestrator.lab.fleet.event_queue import EventQueue, HostClock


def test_events_happen_in_order_and_those_of_one_instant_as_they_were_put() -> None:
    queue, seen = EventQueue(), []
    for at, name in ((2.0, "c"), (1.0, "a"), (1.0, "b")):
        queue.put(at, lambda name=name: seen.append((queue.now, name)))  # type: ignore[misc]

    queue.run()

    assert seen == [(1.0, "a"), (1.0, "b"), (2.0, "c")]


def test_what_is_put_into_the_past_happens_now() -> None:
    queue, seen = EventQueue(), []
    queue.put(5.0, lambda: queue.put(1.0, lambda: seen.append(queue.now)))

    queue.run()

    assert seen == [5.0]


def test_a_host_steps_its_wall_clock_alone() -> None:
    queue = EventQueue()
    clock, right = HostClock(queue), HostClock(queue)

    clock.ahead = -3600.0

    assert clock.monotonic() == right.monotonic()
    assert clock.time() == right.time() - 3600


def test_nobody_sleeps_by_a_host_clock() -> None:
    with pytest.raises(AssertionError, match="wait in its queue"):
        HostClock(EventQueue()).sleep(1.0)
