"""``eager_fallback``: the call has left its target, the first of the others is next."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.chain import Looked, unasked
from orchestrator.states.commands import Switch


def enter(call: Call, event: Looked) -> Switch:
    """Ask for the first unasked target that can be had."""
    targets = unasked(call, event)
    call.switches += 1
    # Whoever is not taken now was gone; the next send makes them worth another look.
    call.gone |= {target.name for target in targets}
    call.target = None
    return Switch(targets)
