"""The invariants of a call, one function each, written once over (before, event, step).

Who uses them: the model checker, of every move that is possible; the toolkit for tests and the
audit, of every move in a ledger. A function says what is wrong with one move, or nothing. What
holds of every move holds of every call, as long as the call before is known to be right: so what
a move must leave behind is derived from the event and the command (:func:`remembered`) and held
against the machine's own notes, which no invariant believes unseen.

They are written from the design's sentences, with numbers of their own, and call no guard, effect
or entry of the machine.
"""

from orchestrator.lab.invariants.checks import (
    ATTEMPTS,
    CHECKS,
    EXACT,
    SLEEP,
    SPARE,
    WAITING,
    BrokenMove,
    broken,
)
from orchestrator.lab.invariants.known import CheckedMove, Interval
from orchestrator.lab.invariants.ledgers import OVER, broken_in
from orchestrator.lab.invariants.memory import MEMORY, differences, remembered

__all__ = [
    "ATTEMPTS",
    "CHECKS",
    "EXACT",
    "MEMORY",
    "OVER",
    "SLEEP",
    "SPARE",
    "WAITING",
    "BrokenMove",
    "CheckedMove",
    "Interval",
    "broken",
    "broken_in",
    "differences",
    "remembered",
]
