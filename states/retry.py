"""``retry``: the call sleeps until a target may be sent to."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.chain import Looked
from orchestrator.states.commands import Wait


def enter(call: Call, event: Looked) -> Wait:
    """Ask for the sleep that the row planned."""
    assert call.resume_at is not None, "every row into retry plans the wait"
    assert call.target is not None, "every row into retry plans the wait"
    call.waits += 1
    return Wait(call.resume_at, call.target)
