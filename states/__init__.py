"""Decides: the pure machine behind every call.

No clock, no randomness, no I/O, no logging; it imports the standard library, attrs and
(in ``machine.py`` alone) transitions, and never ``orchestrator``. Time, jitter and what
is known about health come in with events. Begin with :mod:`states.table`.
"""

from __future__ import annotations

from states.call import Call, State
from states.commands import (
    Command,
    Diagnose,
    Finish,
    Relay,
    Repair,
    Rotate,
    Send,
    StoppedBy,
    Switch,
    Wait,
)
from states.error import Error
from states.events import (
    Arrival,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
    Repaired,
    Rotated,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from states.machine import IllegalEvent, Step, step
from states.policy import OnInterrupted, Policy, Timeouts
from states.reasons import DEFAULT_MOVES, Move, Reason, Scope
from states.standby import Clear, Mark, Standby, Taken
from states.table import STATES, TABLE, Row
from states.target import Target

__all__ = [
    "DEFAULT_MOVES",
    "STATES",
    "TABLE",
    "Arrival",
    "Call",
    "Cancelled",
    "Clear",
    "Command",
    "DeadlineReached",
    "Diagnose",
    "Diagnosed",
    "Error",
    "Event",
    "Failed",
    "Finish",
    "IllegalEvent",
    "Mark",
    "Move",
    "OnInterrupted",
    "Policy",
    "Reason",
    "Relay",
    "Repair",
    "Repaired",
    "Rotate",
    "Rotated",
    "Row",
    "Scope",
    "Send",
    "Standby",
    "Started",
    "State",
    "Step",
    "StoppedBy",
    "Streaming",
    "Succeeded",
    "Switch",
    "Switched",
    "Taken",
    "Target",
    "Timeouts",
    "Wait",
    "Waited",
    "step",
]
