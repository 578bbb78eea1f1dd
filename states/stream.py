"""``stream``: the commit boundary is crossed, content reaches the caller."""

from __future__ import annotations

from orchestrator.states.call import Call
from orchestrator.states.commands import Relay
from orchestrator.states.events import Streaming


def enter(call: Call, event: Streaming) -> Relay:
    """Ask for the stream to be passed on."""
    return Relay(call.ends_at)
