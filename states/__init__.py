"""Decides: the pure machine behind every call.

No clock, no randomness, no I/O, no logging; it imports the standard library, attrs and
(in ``machine.py`` alone) transitions, and never ``orchestrator``. Time, jitter and what
is known about health come in with events. Begin with :mod:`orchestrator.states.table`.
"""

from __future__ import annotations

from orchestrator.states.call import Call, State
from orchestrator.states.commands import (
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
from orchestrator.states.error import Error
from orchestrator.states.events import (
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
from orchestrator.states.facts import Clear, Mark, Standby, Taken, Target
from orchestrator.states.machine import IllegalEvent, Step, step
from orchestrator.states.policy import OnInterrupted, Policy, Timeouts
from orchestrator.states.reasons import DEFAULT_MOVES, Move, Reason, Scope
from orchestrator.states.table import STATES, TABLE, Row

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
