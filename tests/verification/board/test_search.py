"""The search of the board: what ships holds, and each planted fault is named."""

from __future__ import annotations

import pytest

from tests.slow import nightly
from verification.board.planted import PLANTED, PlantedBoardFault
from verification.board.search import Search, told
from verification.board.world import World


def test_what_ships_holds_in_every_order_of_four_moves() -> None:
    result = Search(World).run(4)

    assert result.breach is None
    assert result.depth == 4
    assert result.states > 1_500


@nightly("26,000 states; the test above takes two thousand")
def test_what_ships_holds_in_every_order_of_six_moves() -> None:
    result = Search(World).run(6)

    assert result.breach is None
    assert result.depth == 6


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.name)
def test_each_fault_is_named(fault: PlantedBoardFault) -> None:
    breach = Search(fault.world).run(5).breach

    assert breach is not None
    assert breach.what.startswith(fault.promise)
    assert len(list(told(breach.moves))) == len(breach.moves)


def test_a_search_that_runs_out_of_time_tells_how_deep_it_came() -> None:
    result = Search(World).run(5, seconds=0.2)

    assert result.breach is None
    assert result.depth < 5


def test_the_shortest_way_is_told_in_words() -> None:
    fault = next(one for one in PLANTED if one.name == "a probe is granted twice")
    breach = Search(fault.world).run(5).breach

    assert breach is not None
    assert list(told(breach.moves)) == [
        "process 0 begins a call",
        "process 0 is told 402",
        "300 s pass",
        "process 0 begins a call",
        "process 1 begins a call",
    ]
