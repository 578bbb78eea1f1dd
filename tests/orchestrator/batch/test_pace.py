from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.batch.pace import FIRST, MOST, Pace, fixed

LATENCY = 1.0


def used(pace: Pace, capacity: int, rounds: int, settled: int) -> float:
    """The part of a provider's capacity that is used, in rounds of requests, once settled."""
    total = 0.0
    for number in range(rounds):
        sent, now = number * LATENCY, (number + 1) * LATENCY
        running = int(pace.limit)
        for one in range(running):
            if one < capacity:
                pace.answered(running, now)
            else:
                pace.refused(sent, now)
        if number >= settled:
            total += min(running, capacity) / capacity
    return total / (rounds - settled)


@pytest.mark.parametrize("capacity", [4, 10, 16, 24, 40, 64, 100, 128])
def test_nearly_all_of_what_a_provider_takes_is_used(capacity: int) -> None:
    assert used(Pace(), capacity, rounds=400, settled=60) >= 0.95


@pytest.mark.parametrize("capacity", [10, 24, 64])
def test_few_requests_are_refused(capacity: int) -> None:
    pace, refused, sent = Pace(), 0, 0
    for number in range(400):
        running = int(pace.limit)
        for one in range(running):
            if one < capacity:
                pace.answered(running, number + 1.0)
            else:
                pace.refused(float(number), number + 1.0)
                refused += 1
        sent += running

    assert refused / sent < 0.05


@given(
    events=st.lists(
        st.one_of(
            st.tuples(st.just("answered"), st.integers(0, MOST)),
            st.tuples(st.just("refused"), st.floats(0, 5)),
            st.tuples(st.just("told"), st.integers(0, 50)),
        ),
        max_size=300,
    )
)
def test_the_limit_stays_within_its_bounds(events: list[tuple[str, float]]) -> None:
    pace = Pace()
    for now, (event, value) in enumerate(events):
        match event:
            case "answered":
                pace.answered(int(value), float(now))
            case "refused":
                pace.refused(now - value, float(now))
            case _:
                pace.told_left(int(value), 2.0, float(now))

        assert 1 <= pace.limit <= MOST
        assert pace.has_room(0, now + 3.0), "whatever was told, lines go on at some time"


def test_it_begins_with_sixteen_at_most() -> None:
    assert Pace().limit == FIRST <= 16


def test_one_burst_of_refusals_cuts_once() -> None:
    pace = Pace()
    for _ in range(10):
        pace.refused(0.0, 1.0)

    assert pace.limit == FIRST / 2


def test_a_second_burst_cuts_again() -> None:
    pace = Pace()
    pace.refused(0.0, 1.0)
    pace.refused(1.5, 2.0)

    assert pace.limit < FIRST / 2


def test_answers_say_nothing_where_the_limit_was_not_what_held() -> None:
    pace = Pace()
    pace.answered(3, 1.0)

    assert pace.limit == FIRST


def test_a_window_that_is_used_up_holds_lines_until_it_ends() -> None:
    pace = Pace()
    pace.told_left(2, 10.0, now=0.0)

    assert pace.has_room(0, 0.0)
    pace.begin()
    pace.begin()
    assert not pace.has_room(0, 9.9)
    assert pace.seconds_held(4.0) == pytest.approx(6.0)
    assert pace.has_room(0, 10.0)


def test_a_limit_by_hand_stays() -> None:
    pace = fixed(7)
    pace.refused(0.0, 1.0)
    pace.answered(7, 2.0)
    pace.told_left(0, 100.0, 3.0)

    assert pace.limit == 7
    assert pace.has_room(6, 4.0)
    assert not pace.has_room(7, 4.0)
