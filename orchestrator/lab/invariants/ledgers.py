"""A call as its events and commands tell it: the invariants over a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.lab.invariants.checks import BrokenMove, broken
from orchestrator.lab.invariants.known import CheckedMove
from orchestrator.lab.invariants.memory import remembered
from orchestrator.states.call import Call
from orchestrator.states.commands import Command
from orchestrator.states.events import Event
from orchestrator.states.machine import Step

OVER = "nothing follows the end"


def broken_in(call: Call, moves: Iterable[tuple[Event, Command, str]]) -> Iterator[BrokenMove]:
    """What the moves of one call break, each the event, the command and the row that a ledger has.

    What the call remembers between two moves is derived, not believed: a ledger says nothing
    of it.

    Args:
        call: The call as it began.
        moves: Every move, in order.
    """
    for event, command, row in moves:
        if call.state.final:
            yield BrokenMove(OVER, f"{row} follows the end", (call.number,) * 2, (call.waits,) * 2)
            return
        after = remembered(call, event, command)
        yield from broken(CheckedMove(call, event, Step(after, command, row)))
        call = after
