"""The clocks that calls read."""

from __future__ import annotations

import asyncio
import time

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.clock import Clock, SystemClock, VirtualClock

spans = st.lists(st.floats(-5, 1e6), max_size=8)


@given(spans)
def test_virtual_time_is_the_sum_of_what_was_slept(seconds: list[float]) -> None:
    blocking, suspending = VirtualClock(0.0), VirtualClock(0.0)

    async def sleep() -> None:
        for each in seconds:
            await suspending.sleep_async(each)

    for each in seconds:
        blocking.sleep(each)
    asyncio.run(sleep())

    passed = 0.0
    for each in seconds:
        passed += max(0.0, each)
    assert blocking.monotonic() == blocking.time() == passed
    assert blocking == suspending
    assert blocking.slept == seconds


def test_virtual_time_stands_still_until_told() -> None:
    clock = VirtualClock()
    before = clock.monotonic()
    time.sleep(0.002)

    assert clock.monotonic() == before
    clock.advance(3600)
    assert clock.monotonic() == before + 3600


def test_the_system_clock_sleeps_as_long_as_it_is_told_and_never_less_than_nothing() -> None:
    clock: Clock = SystemClock()
    began = clock.monotonic()
    clock.sleep(0.02)
    clock.sleep(-1)
    asyncio.run(clock.sleep_async(0.02))
    asyncio.run(clock.sleep_async(-1))

    assert 0.04 <= clock.monotonic() - began < 5
    assert abs(clock.time() - time.time()) < 5
