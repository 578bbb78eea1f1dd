"""What stands in the way of a target can be said in several ways: a call takes them for one."""

from __future__ import annotations

import pytest

from orchestrator.states.call import Call
from orchestrator.states.commands import Wait
from orchestrator.states.events import Started
from orchestrator.states.facts import Standby, Target
from orchestrator.states.machine import step
from orchestrator.states.policy import Policy
from verification.promela.blocks import Blocks
from verification.promela.instants import SPREADS, Moment

TARGET = Target("acme", "one")
LIMIT = 300.0
WAYS = 12
"""More than there are to say one thing."""


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("at", [0.0, 150.0])
def test_a_call_waits_as_long_however_it_is_said_what_clears(at: float, spread: float) -> None:
    moment = Moment(at, LIMIT, (at, at + 20, LIMIT), spread=spread)
    waits = set()
    for number in range(WAYS):
        block = Blocks(moment, number).other(TARGET, 1, remembered=True)
        moved = step(
            Call((TARGET,), Policy(deadline=LIMIT)),
            Started(at, None, Standby(clears=(block,)), spread),
        )
        assert isinstance(moved.command, Wait)
        waits.add(moved.command.until)

    assert len(waits) == 1
