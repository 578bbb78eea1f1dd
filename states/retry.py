"""``retry``: the call sleeps until a target may be sent to."""

from __future__ import annotations

from states.call import Call
from states.chain import Looked
from states.commands import Wait


def enter(call: Call, event: Looked) -> Wait:
    """Ask for the sleep that the row planned."""
    assert call.resume_at is not None, "every row into retry plans the wait"
    assert call.target is not None, "every row into retry plans the wait"
    call.waits += 1
    return Wait(call.resume_at, call.target)
