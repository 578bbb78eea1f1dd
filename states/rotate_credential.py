"""``rotate_credential``: the same target, another credential, no wait."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.commands import Rotate
from orchestrator.states.events import Diagnosed


def enter(call: Call, event: Diagnosed) -> Rotate:
    """Ask for a credential that this call has not sent with here."""
    assert call.target is not None, "a diagnosis follows a send"
    call.rotations += 1
    return Rotate(call.target, call.used_at(call.target))
