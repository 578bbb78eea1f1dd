"""``classify``: the raw failure becomes an error, and the board says what stands by."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.commands import Diagnose
from orchestrator.states.events import Failed


def enter(call: Call, event: Failed) -> Diagnose:
    """Ask for the diagnosis of the failure that the driver holds."""
    return Diagnose()
