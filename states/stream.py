"""``stream``: the commit boundary is crossed, content reaches the caller."""

from __future__ import annotations

from states.call import Call
from states.commands import Relay
from states.events import Streaming


def enter(call: Call, event: Streaming) -> Relay:
    """Ask for the stream to be passed on."""
    return Relay(call.ends_at)
