"""Waits for a mark that others wait for too: each call comes back at an instant of its own."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestrator.states import (
    Call,
    Clear,
    Diagnosed,
    Error,
    Mark,
    Reason,
    Standby,
    Started,
    Target,
    Wait,
    step,
)
from orchestrator.states.limits import (
    LONGEST_SPREAD,
    LOOK_AGAIN,
    SPREAD_SHARE,
    look_again,
    spread,
)
from orchestrator.states.routing import next_clear, retry
from tests.states_strategies import jitters

HERE, OTHER = Target("acme", "one"), Target("bolt", "one")
seconds = st.floats(0.0, 400.0)


def behind(at: float, mark: Mark = Mark.COOLDOWN, **more: Any) -> Standby:
    return Standby(clears=(Clear(HERE, mark, at, **more),))


def waits_until(standby: Standby, jitter: float) -> float:
    command = step(Call((HERE,)), Started(0.0, None, standby, jitter)).command
    assert isinstance(command, Wait)
    return command.until


@given(wait=seconds, left=seconds, jitter=jitters)
def test_the_spread_is_a_share_of_the_wait_and_bounded(
    wait: float, left: float, jitter: float
) -> None:
    drawn = spread(wait, left, jitter)

    assert 0 <= drawn <= min(SPREAD_SHARE * wait, LONGEST_SPREAD)
    assert wait + drawn < left or drawn == 0


@given(st.floats(1.0, 250.0), jitters)
def test_nobody_comes_before_the_clear_nor_much_later(at: float, jitter: float) -> None:
    until = waits_until(behind(at), jitter)

    assert at <= until <= min(300.0, 1.5 * at, at + 15.0) + 1e-9


def test_calls_that_began_to_wait_together_do_not_come_back_together() -> None:
    back = [waits_until(behind(20.0), jitter / 10) for jitter in range(10)]

    assert back == pytest.approx([20.0 + jitter for jitter in range(10)])


@given(st.floats(1.0, 250.0), jitters)
def test_a_circuit_ends_with_one_probe_so_nobody_waits_longer_for_it(
    at: float, jitter: float
) -> None:
    assert waits_until(behind(at, Mark.CIRCUIT), jitter) == at


def test_the_same_circuit_for_those_who_draw_differently() -> None:
    assert {waits_until(behind(20.0, Mark.CIRCUIT), jitter) for jitter in (0.0, 0.9)} == {20.0}


def test_a_limit_of_five_hours_that_ends_now_is_come_back_to_in_the_same_way() -> None:
    limited = Error(Reason.RATE_LIMIT, "limit")
    back = [
        waits_until(behind(9.0, Mark.BENCH, error=limited, expected=20.0), jitter)
        for jitter in (0.0, 0.5)
    ]

    assert back == [20.0, 25.0]


def test_another_calls_probe_is_looked_at_again_at_instants_of_ones_own() -> None:
    standby = behind(120.0, Mark.CIRCUIT, probed=True)

    back = [waits_until(standby, jitter) for jitter in (0.0, 0.5, 0.9)]

    assert back == pytest.approx([10.0, 7.5, 5.5])


def test_nobody_waits_longer_for_a_claim_than_until_it_expires() -> None:
    standby = behind(4.0, Mark.CIRCUIT, probed=True)

    assert [waits_until(standby, jitter) for jitter in (0.0, 0.5)] == [4.0, 4.0]


@given(st.lists(jitters, min_size=16, max_size=16), st.floats(0.0, 120.0))
def test_sixteen_looks_last_as_long_as_a_claim(drawn: list[float], left: float) -> None:
    for number, jitter in enumerate(drawn):
        pause = look_again(left, 16 - number, jitter)
        assert LOOK_AGAIN / 2 <= pause <= LOOK_AGAIN
        left -= pause

    assert left <= 1e-9


@given(wait=st.floats(1.0, 1e4), left=st.integers(0, 16), jitter=jitters)
def test_a_claim_that_lasts_longer_than_all_waits_is_looked_at_as_often(
    wait: float, left: float, jitter: float
) -> None:
    assume(wait >= LOOK_AGAIN * max(1, left))

    assert look_again(wait, int(left), jitter) == LOOK_AGAIN * (1 - jitter / 2)


@given(at=st.floats(0.5, 299.999), jitter=jitters)
def test_what_clears_within_the_deadline_is_come_back_to_within_it(
    at: float, jitter: float
) -> None:
    assert waits_until(behind(at), jitter) < 300.0


@given(jitter=jitters)
def test_what_clears_within_the_patience_is_come_back_to_within_it(jitter: float) -> None:
    failed = Error(Reason.OVERLOADED, "busy")
    call = attrs.evolve(Call((HERE, OTHER)), target=HERE, number=1, tries=1, error=failed)
    standby = Standby(targets=(OTHER,), clears=(Clear(HERE, Mark.COOLDOWN, 11.0),))

    due = retry(call, Diagnosed(1.0, failed, standby, spread=jitter))
    later = retry(call, Diagnosed(0.5, failed, standby, spread=jitter))

    assert due is not None
    assert due.at == 11.0
    # The mark outlasts the patience all by itself, so that the call leaves whatever is drawn.
    assert later is not None
    assert later.at >= 11.0


def test_the_backoff_is_a_draw_of_its_own() -> None:
    failed = Error(Reason.OVERLOADED, "busy")
    call = attrs.evolve(Call((HERE,)), target=HERE, number=1, tries=1, error=failed)

    def due(jitter: float, spread: float) -> float:
        found = retry(call, Diagnosed(0.0, failed, behind(8.0), jitter, spread))
        assert found is not None
        return found.at

    # As a record of before there was a spread says it.
    assert due(0.7, 0.0) == 8.0
    assert due(0.7, 0.5) == 10.0


@given(st.floats(1.0, 100.0), st.floats(1.0, 100.0), jitters)
def test_who_clears_first_is_waited_for_whatever_is_drawn(
    here: float, other: float, jitter: float
) -> None:
    assume(abs(here - other) > 1e-6)
    standby = Standby(clears=(Clear(HERE, Mark.COOLDOWN, here), Clear(OTHER, Mark.COOLDOWN, other)))

    due = next_clear(Call((HERE, OTHER)), Started(0.0, None, standby, jitter))

    assert due is not None
    assert due.target == (HERE if here < other else OTHER)
