"""Exceptions that a failed call raises."""

from __future__ import annotations

import attrs

from orchestrator.api.errors import CallFailed, NoTarget, leaf
from orchestrator.execution.recorder import Recorder
from orchestrator.ledger import Skipped
from orchestrator.states import Call, Error, Finish, Reason, StoppedBy
from orchestrator.states.reasons import SPECS


def failed_call(
    command: Finish, call: Call, skipped: tuple[Skipped, ...], recorder: Recorder, *, seconds: float
) -> CallFailed:
    """The exception that a failed call raises."""
    stopped_by = command.stopped_by or StoppedBy.EXHAUSTED
    if command.cause is None:
        return no_target(skipped, recorder, seconds=seconds)
    # The class is chosen by the cause alone, so that one except clause catches it on any path.
    kind = leaf(command.cause.reason)
    return kind(
        _hinted(command.cause),
        # A deadline that passed before any failure is nobody's: then the preferred target is named.
        target=recorder.target_of(command.cause) or call.route[0].name,
        stopped_by=stopped_by,
        skipped=skipped,
        ledger=recorder.ledger,
        seconds=seconds,
    )


def _hinted(error: Error) -> Error:
    """``error`` with a hint: those that the machine makes of itself bring none."""
    return error if error.hint else attrs.evolve(error, hint=SPECS[error.reason].hint)


_NOBODY = "Set what is missing, or give the route a target that can be asked."
_INEXPRESSIBLE = (
    "Leave out what cannot be expressed, let [policy] drop allow it, or give the route a target "
    "that can be asked."
)


def no_target(skipped: tuple[Skipped, ...], recorder: Recorder, *, seconds: float) -> NoTarget:
    """The exception where there was nobody to ask."""
    reason = next((each.reason for each in skipped if isinstance(each.reason, Reason)), None)
    hint = _INEXPRESSIBLE if reason is Reason.BAD_REQUEST else _NOBODY
    return NoTarget(
        Error(reason or Reason.UNKNOWN, "no-target", hint=hint),
        target="",
        stopped_by=StoppedBy.EXHAUSTED,
        skipped=skipped,
        ledger=recorder.ledger,
        seconds=seconds,
    )
