"""Kept connections: the one last used first, none that is old or speaks, none for two."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest

from orchestrator.connections.idle import EXPIRY, MOST, IdleConnections


@attrs.define(eq=False)
class Line:
    """A connection."""

    is_dropped: bool = False
    speaks: bool = False

    def is_quiet(self) -> bool:
        return not self.speaks

    def drop(self) -> None:
        self.is_dropped = True


@attrs.define
class Time:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def kept(
    clock: Callable[[], float], lines: int, origin: str = "a"
) -> tuple[IdleConnections[Line], list[Line]]:
    idle: IdleConnections[Line] = IdleConnections(clock)
    made = [Line() for _ in range(lines)]
    for line in made:
        idle.keep(origin, line)
    return idle, made


def test_the_one_last_used_is_taken_first() -> None:
    idle, lines = kept(Time(), 3)

    assert [idle.take("a") for _ in range(4)] == [*reversed(lines), None]
    assert idle.take("b") is None
    assert not any(line.is_dropped for line in lines)


def test_what_speaks_unasked_is_dropped_and_the_next_is_taken() -> None:
    idle, lines = kept(Time(), 3)
    lines[2].speaks = lines[1].speaks = True

    assert idle.take("a") is lines[0]
    assert [line.is_dropped for line in lines] == [False, True, True]


def test_what_was_kept_too_long_is_dropped() -> None:
    clock = Time()
    idle, lines = kept(clock, 2)
    clock.now += EXPIRY - 0.01
    assert idle.take("a") is lines[1]
    clock.now += 0.02

    assert idle.take("a") is None
    assert lines[0].is_dropped


def test_what_nobody_asks_for_is_dropped_when_another_is_kept() -> None:
    clock = Time()
    idle, lines = kept(clock, 2)
    clock.now += EXPIRY + 1

    idle.keep("b", Line())

    assert all(line.is_dropped for line in lines)
    assert idle.take("b") is not None


def test_what_nobody_asks_for_is_swept_and_the_rest_is_left() -> None:
    clock = Time()
    idle, old = kept(clock, 2)
    clock.now += EXPIRY - 1
    young = Line()
    idle.keep("b", young)
    clock.now += 2

    assert idle.sweep()
    assert [line.is_dropped for line in (*old, young)] == [True, True, False]

    clock.now += EXPIRY
    assert not idle.sweep()
    assert young.is_dropped


def test_no_more_are_kept_than_of_use() -> None:
    _, lines = kept(Time(), MOST + 3)

    assert [line.is_dropped for line in lines] == [False] * MOST + [True] * 3


@pytest.mark.parametrize("origin", ["a", None])
def test_all_of_one_or_of_any_origin_are_dropped(origin: str | None) -> None:
    idle, lines = kept(Time(), 2)
    other = Line()
    idle.keep("b", other)

    idle.drop(origin)
    idle.drop(origin)

    assert all(line.is_dropped for line in lines)
    assert other.is_dropped is (origin is None)
    assert idle.take("a") is None


def test_threads_take_and_drop_at_once() -> None:
    idle, _ = kept(Time(), 0)
    is_over = threading.Event()

    def take() -> list[int]:
        taken = []
        while not is_over.is_set():
            if (line := idle.take("a")) is not None:
                taken.append(id(line))
        return taken

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    lines = []
    try:
        with ThreadPoolExecutor(3) as threads:
            takers = [threads.submit(take) for _ in range(3)]
            try:
                for _ in range(400):
                    for _ in range(40):
                        lines.append(Line())
                        idle.keep("a", lines[-1])
                    idle.drop("a")
            finally:
                is_over.set()
            taken = [each for taker in takers for each in taker.result()]
    finally:
        sys.setswitchinterval(before)

    assert len(taken) == len(set(taken))
    dropped = [id(line) for line in lines if line.is_dropped]
    assert sorted(taken + dropped) == sorted(map(id, lines))
