"""Kept connections: the one last used first, none that is old or speaks, none for two."""

from __future__ import annotations

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


def test_threads_never_take_the_same_and_none_that_was_dropped() -> None:
    clock = Time()
    idle, _ = kept(clock, 0)
    held: set[int] = set()
    wrong: list[object] = []

    def use(line: Line) -> None:
        if id(line) in held or line.is_dropped:
            wrong.append(line)
        held.add(id(line))
        held.discard(id(line))
        idle.keep("a", line)

    def work(number: int) -> None:
        for turn in range(3000):
            use(idle.take("a") or Line())
            if turn % 7 == number:
                idle.drop("a")
            if turn % 501 == number:
                clock.now += EXPIRY / 2
                idle.drop()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(6)))  # raises what one of them raised

    assert wrong == []
