"""Models of providers: phases, limits, and what load does."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.fleet import PlannedProvider
from orchestrator.lab.fleet.providers import SimulatedProvider
from tests.orchestrator.lab.fleet.fleets import failing


def provider(planned: PlannedProvider) -> SimulatedProvider:
    return SimulatedProvider(planned, Random(1))


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_phase_holds_from_its_begin_to_before_its_end(since: float, until: float) -> None:
    simulated = provider(failing("402", since, until))

    assert simulated.answer(until).word == "ok"
    assert (simulated.answer(since).word == "402") == (since < until)


def test_a_share_of_the_requests_fails() -> None:
    simulated = provider(failing("500", share=0.25))

    failed = sum(simulated.answer(0.0).word == "500" for _ in range(2000))

    assert 400 < failed < 600


def test_above_its_rate_it_says_so_and_when_to_come_back() -> None:
    simulated = provider(PlannedProvider(per_second=2.0))

    words = [simulated.answer(at).word for at in (0.0, 0.0, 0.0, 1.0, 1.0, 1.0)]

    assert words == ["ok", "ok", "429", "ok", "ok", "429"]


def test_requests_wait_for_their_turn_and_are_shed_where_that_takes_too_long() -> None:
    simulated = provider(PlannedProvider((1.0, 1.0), slots=1, queue=2.0))

    items = [simulated.answer(0.0) for _ in range(5)]

    assert [item.seconds for item in items[:3]] == [1.0, 2.0, 3.0]
    assert [item.word for item in items[3:]] == ["503", "503"]


@given(st.floats(0.1, 1.0))
def test_to_shed_a_request_costs_what_answers_others(cost: float) -> None:
    simulated = provider(PlannedProvider((1.0, 1.0), slots=1, queue=0.5, shed_cost=cost))
    for _ in range(10):
        simulated.answer(0.0)

    assert simulated.answer(1.0 + 9 * cost - 0.6).word == "503"
    assert simulated.answer(1.0 + 10 * cost - 0.4).word == "ok"
