"""Verdict on one recorded call."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from itertools import islice

import attrs

from orchestrator.lab.audit.faults import AuditFault, faults_in
from orchestrator.lab.audit.record_checks import known_rows
from orchestrator.lab.audit.record_faults import RECORD_CHECK
from orchestrator.ledger import Recording
from orchestrator.secrets import mask

MOST_FAULTS = 10
"""Faults of one call that are told; one mistake often shows in several ways."""


class CallVerdict(enum.StrEnum):
    """What came of auditing a call."""

    HELD = "held"
    """The table makes it again, bit for bit, and every invariant holds."""

    FAILED = "failed"
    """The table, its own record or an invariant objects."""

    UNENDED = "unended"
    """It has no end: it is under way, or its process died. As far as it goes, it held."""

    DAMAGED = "damaged"
    """A line of it is damaged. Up to there it held."""

    BEGUN_BEFORE = "begun_before"
    """Its beginning stands in an older file, which was not given."""

    OTHER_VERSION = "other_version"
    """Another version wrote it: with a later format, or by rows that this one does not have."""


@attrs.frozen
class AuditedCall:
    """A call and the verdict on it.

    Attributes:
        call: Its id.
        time: When it began, seconds since the epoch; ``None`` where that is not known.
        source: The file where it begins.
        verdict: The verdict.
        faults: What objects to it, at most ten.
        version: Of another version: which, in words.
    """

    call: str
    time: float | None
    source: str
    verdict: CallVerdict
    faults: tuple[AuditFault, ...] = ()
    version: str = ""


def audit_call(recording: Recording, *, is_damaged: bool = False) -> AuditedCall:
    """Hold a call against the table, its own record and the invariants.

    Args:
        recording: The call, as far as it is there; of a damaged one, as far as it is whole.
        is_damaged: Whether a line of it could not be read.
    """
    told = (recording.call, recording.opened.time, recording.source)
    if row := known_rows(recording):
        return AuditedCall(*told, CallVerdict.OTHER_VERSION, version=mask(f"with a row {row!r}"))
    faults = tuple(islice(_faults(recording, is_whole=not is_damaged), MOST_FAULTS))
    if faults:
        return AuditedCall(*told, CallVerdict.FAILED, faults)
    if is_damaged:
        return AuditedCall(*told, CallVerdict.DAMAGED)
    return AuditedCall(*told, CallVerdict.UNENDED if recording.closed is None else CallVerdict.HELD)


def _faults(recording: Recording, *, is_whole: bool) -> Iterator[AuditFault]:
    try:
        yield from faults_in(recording, is_whole=is_whole)
    except Exception as error:  # noqa: BLE001 - a record that was changed may hold anything
        yield AuditFault(RECORD_CHECK, None, f"it cannot be judged: {type(error).__name__}")
