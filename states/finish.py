"""``succeed`` and ``fail_terminal``: the call is over."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.commands import Finish
from orchestrator.states.events import Event


def succeed(call: Call, event: Event) -> Finish:
    """Hand over the response that the driver holds."""
    return Finish()


def fail(call: Call, event: Event) -> Finish:
    """Hand over the real cause."""
    return Finish(call.cause, call.stopped_by)
