"""Faults of one recorded call: where the table, its own record or an invariant objects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import attrs

from orchestrator.lab.audit.command_words import command_words, differences
from orchestrator.lab.audit.record_checks import record_faults
from orchestrator.lab.audit.record_faults import RECORD_CHECK
from orchestrator.lab.audit.standby_checks import standby_faults
from orchestrator.lab.invariants import broken_in
from orchestrator.ledger import Recording
from orchestrator.secrets import mask
from orchestrator.states import Command, Event, IllegalEvent, Step, step

TABLE_CHECK = "the table"


@attrs.frozen
class AuditFault:
    """What objects to a recorded call.

    Attributes:
        check: ``the table``, ``the record``, or the name of an invariant.
        move: The number of the move, from 1; ``None`` where it is about no move.
        what: What happened.
        ledger: What the ledger says; empty where ``what`` says all.
        table: What the table says.

    What is shaped like a key is masked: a record that was changed may hold anything anywhere.
    """

    check: str
    move: int | None
    what: str = attrs.field(converter=mask)
    ledger: str = attrs.field(default="", converter=mask)
    table: str = attrs.field(default="", converter=mask)

    def __str__(self) -> str:
        """``move 3: the table: the ledger says …, the table says …``."""
        where = "" if self.move is None else f"move {self.move}: "
        return f"{where}{self.check}: {self.what}"


def faults_in(recording: Recording, *, is_whole: bool = True) -> Iterator[AuditFault]:
    """All that objects to a call, what the table says first.

    A call whose record breaks off is held against them as far as it goes.

    Args:
        recording: The call.
        is_whole: False where a line of it could not be read: what stands beside its moves need
            not be complete then.
    """
    yield from _against_table(recording)
    if is_whole:
        for one in chain(record_faults(recording), standby_faults(recording)):
            yield AuditFault(one.check, one.move, one.what)
    yield from _against_invariants(recording)


def _against_table(recording: Recording) -> Iterator[AuditFault]:
    """The first move that the machine, fed with the recorded events, makes otherwise."""
    call = recording.opened.begin()
    for number, move in enumerate(recording.transitions, 1):
        try:
            moved = step(call, move.facts)
        except IllegalEvent as error:
            name = type(move.facts).__name__
            what = f"{name} is not possible in {error.state.value}: {error.why}"
            yield AuditFault(TABLE_CHECK, number, what, _made(move.row, move.command), "none")
            return
        except Exception as error:  # noqa: BLE001 - a record that was changed may hold anything
            what = f"its facts cannot be: {type(error).__name__}"
            yield AuditFault(TABLE_CHECK, number, what, _made(move.row, move.command), "none")
            return
        if (moved.row, moved.command) != (move.row, move.command):
            yield _otherwise(number, move.row, move.command, moved)
            return
        call = moved.call


def _otherwise(number: int, row: str, command: Command, moved: Step) -> AuditFault:
    ledger, table = _made(row, command), _made(moved.row, moved.command)
    if ledger == table:  # what differs is in none of the words
        ledger = f"{ledger} with {', '.join(differences(command, moved.command))}"
    what = f"the ledger says {ledger}; the table says {table}"
    return AuditFault(TABLE_CHECK, number, what, ledger, table)


def _made(row: str, command: Command) -> str:
    return f"{row} → {command_words(command)}"


def _against_invariants(recording: Recording) -> Iterator[AuditFault]:
    number = 0

    def moves() -> Iterator[tuple[Event, Command, str]]:
        nonlocal number
        for number, move in enumerate(recording.transitions, 1):  # noqa: B007 - told below
            yield move.facts, move.command, move.row

    try:
        for one in broken_in(recording.opened.begin(), moves()):
            yield AuditFault(one.name, number, one.what)
    except Exception as error:  # noqa: BLE001 - a record that was changed may hold anything
        what = f"it cannot be followed: {type(error).__name__}"
        yield AuditFault(RECORD_CHECK, number or None, what)
