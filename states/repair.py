"""``repair``: a changed request may cure the failure."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.commands import Repair
from orchestrator.states.events import Diagnosed


def enter(call: Call, event: Diagnosed) -> Repair:
    """Ask for the change that the error names, on a copy of the request."""
    assert call.target is not None, "a diagnosis follows a send"
    assert event.error.repair is not None, "only the row guarded by repair_named leads here"
    call.repairs += 1
    call.repaired |= {(call.target.name, event.error.repair)}
    return Repair(event.error.repair, call.target)
