"""The reducer: what is not needed goes, and the rest stays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.fleet import FleetScenario, draw_scenario
from orchestrator.lab.fleet.reduction import reduced


@given(st.integers(0, 10**6), st.data())
@settings(max_examples=15)
def test_what_breaks_it_is_all_that_stays(seed: int, data: st.DataObject) -> None:
    scenario = draw_scenario(seed)
    chosen = data.draw(st.sets(st.sampled_from([at for at, _ in scenario.arrivals]), max_size=3))

    def breaks(tried: FleetScenario) -> bool:
        return chosen <= {at for at, _ in tried.arrivals}

    smallest = reduced(scenario, breaks)

    assert {at for at, _ in smallest.arrivals} == chosen
    assert smallest.processes == max(1, len({one for _, one in smallest.arrivals}))
    assert (smallest.crashes, smallest.steps, smallest.outages) == ((), (), ())
    assert not any(smallest.ahead)


def test_what_cannot_be_left_out_stays() -> None:
    scenario = draw_scenario(3)

    assert reduced(scenario, lambda tried: tried == scenario) == scenario
