"""Whoever clicks on an arrow sees the calls that took it, as their records have it."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.dialects import RequestError
from orchestrator.gateway.call_store import CallStore
from orchestrator.gateway.inspector.edge_calls import MOST, check_edge, edge_calls
from orchestrator.states import TABLE, State
from tests.orchestrator.gateway.played import Asked, Player, asked_calls

EDGES = sorted({(row.state.value, row.to.value) for row in TABLE})


def stored(asked: list[Asked]) -> CallStore:
    player, store = Player(), CallStore(1_000)
    for one in asked:
        run = player.begun(one)
        store.begin(run)
        store.add(player.run(run, one))
    return store


@settings(max_examples=20)
@given(st.lists(asked_calls, max_size=3))
def test_each_move_is_listed_once_under_its_arrow(asked: list[Asked]) -> None:
    kept = list(stored(asked).newest(is_admin=True))
    listed = [(one.call, one.row, edge) for edge in EDGES for one in edge_calls(kept, *edge)]
    moves = [
        (one.ledger.call, move.row, (move.state, move.to))
        for one in kept
        for move in one.ledger.transitions
    ]

    assert sorted(listed) == sorted(moves)


def test_the_newest_come_first_and_not_too_many() -> None:
    kept = list(stored([Asked("402, ok")]).newest(is_admin=True)) * (MOST + 9)
    listed = edge_calls(islice(kept, MOST + 9), "classify", "eager_fallback")
    ((one,)) = set(listed)

    assert len(listed) == MOST
    assert (one.reason, one.status) == ("billing", 402)
    assert one.message


def test_an_answer_is_about_no_failure() -> None:
    kept = list(stored([Asked("402, ok")]).newest(is_admin=True))
    (answered,) = edge_calls(kept, "attempt", "succeed")
    (failed,) = edge_calls(kept, "attempt", "classify")

    assert (answered.reason, answered.message) == (None, None)
    assert failed.reason == "billing"
    assert answered.target != failed.target


@pytest.mark.parametrize("start", [state.value for state in State])
@pytest.mark.parametrize("end", [state.value for state in State])
def test_only_arrows_of_the_table_are_known(start: str, end: str) -> None:
    if (start, end) in EDGES:
        assert check_edge(start, end) == (start, end)
    else:
        with pytest.raises(RequestError, match=f"no row leads from {start} to {end}"):
            check_edge(start, end)
