"""How much of a call's time is kept back for the targets that it has not asked."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given

from orchestrator.states import (
    DEFAULT_MOVES,
    Call,
    Move,
    OnInterrupted,
    Policy,
    Reason,
    Standby,
    Target,
    Waited,
)
from orchestrator.states.reserve import kept_back
from tests.states_strategies import calls, instants

HERE, OTHER, THIRD = Target("acme", "one"), Target("bolt", "one"), Target("corp", "one")
ROUTE = (HERE, OTHER, THIRD)
HOLD = Policy(on_interrupted=OnInterrupted.HOLD)
STAYS = Policy(on={**DEFAULT_MOVES, Reason.TIMEOUT: frozenset({Move.RETRY})})


def kept(*standing: Target, at: float = 0.0, seen: tuple[Any, ...] = (), **facts: Any) -> float:
    call = Call(ROUTE, asked=frozenset({HERE.name}))
    standby = Standby(targets=standing, seen=seen)
    return kept_back(attrs.evolve(call, **facts), Waited(at, None, standby))


@pytest.mark.parametrize(
    ("standing", "facts", "expected"),
    [
        ((), {}, 0.0),
        ((HERE,), {}, 0.0),
        ((HERE, OTHER), {}, 60.0),
        ((OTHER, THIRD), {}, 120.0),
        ((OTHER, THIRD), {"streamed": True}, 30.0),
        ((OTHER,), {"streamed": True, "policy": HOLD}, 60.0),
        ((attrs.evolve(OTHER, stream=False), THIRD), {"streamed": True}, 75.0),
        ((attrs.evolve(OTHER, stream=True), THIRD), {}, 75.0),
        ((OTHER, THIRD), {"at": 200.0}, 50.0),
        ((OTHER, THIRD), {"at": 301.0}, 0.0),
        ((OTHER,), {"streamed": True, "seen": ((OTHER.name, 40.0),)}, 40.0),
        ((OTHER,), {"streamed": True, "seen": ((OTHER.name, 2.0), (THIRD.name, 90.0))}, 15.0),
        ((OTHER,), {"stream_ends_at": 700.0}, 0.0),
        ((OTHER,), {"billed": frozenset({"bolt"})}, 0.0),
        ((OTHER,), {"policy": STAYS}, 0.0),
    ],
)
def test_seconds_kept_back(
    standing: tuple[Target, ...], facts: dict[str, Any], expected: float
) -> None:
    assert expected == kept(*standing, **facts)


@given(call=calls(), at=instants)
def test_half_of_what_is_left_is_never_kept_back(call: Call, at: float) -> None:
    seconds = kept_back(call, Waited(at, None, Standby(targets=call.route)))

    assert 0.0 <= 2 * seconds <= max(0.0, call.ends_at - at)
