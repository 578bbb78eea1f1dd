"""The invariants of a call, asserted over its ledger: of a test, or of production."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from orchestrator.lab.audit.record_checks import record_faults
from orchestrator.lab.audit.standby_checks import standby_faults
from orchestrator.lab.invariants import broken_in
from orchestrator.lab.simulation.check_replay import find_departure
from orchestrator.ledger import Entry, Recording, recorded_call
from orchestrator.testing import coverage


def assert_invariants(ledger: Iterable[Entry] | Recording) -> None:
    """Assert that a call kept every invariant that its record can show.

    Args:
        ledger: ``response.ledger``, ``failed.ledger``, or a call that was read from a file.

    Raises:
        AssertionError: It did not; the text names the invariant and the call.
    """
    __tracebackhide__ = True
    call = ledger if isinstance(ledger, Recording) else recorded_call(ledger)
    coverage.note(move.row for move in call.transitions)
    problem = next(problems(call), None)
    if problem is not None:
        raise AssertionError(f"call {call.call}: {problem}")


def problems(call: Recording) -> Iterator[str]:
    """What is wrong with a call, each the invariant's name and what happened."""
    moves = ((move.facts, move.command, move.row) for move in call.transitions)
    for one in broken_in(call.opened.begin(), moves):
        yield f"{one.name}: {one.what}"
    otherwise = find_departure(call)
    if otherwise:
        yield f"it replays: {otherwise}"
    for fault in chain(standby_faults(call), record_faults(call)):
        yield f"{fault.check}: {fault.what}"
