"""A line of the log for each call of a gateway that failed: a library raises, a gateway tells."""

from __future__ import annotations

import logging

from orchestrator.api.errors import one_line
from orchestrator.execution.call_facts import CallFacts
from orchestrator.execution.call_log import CALL_ID, FIELDS
from orchestrator.states import StoppedBy

_log = logging.getLogger("orchestrator")


def log_failed_call(facts: CallFacts) -> None:
    """Say that a call failed, and of what; nothing where its own caller gave it up."""
    if facts.stopped_by is None or facts.stopped_by is StoppedBy.CANCELLED:
        return
    attempts = len(facts.attempts)
    reason = "unknown" if facts.reason is None else facts.reason.value
    fields = {
        "route": facts.route,
        "target": facts.target,
        "reason": reason,
        "status": facts.attempts[-1].status if facts.attempts else None,
        "stopped_by": facts.stopped_by.value,
        "attempts": attempts,
        "seconds": round(facts.seconds, 3),
    }
    _log.info(
        "call %s of %s failed after %d attempt%s in %.1f s: %s (%s)",
        facts.call[:8], one_line(facts.route), attempts, "s" * (attempts != 1), facts.seconds,
        reason, facts.stopped_by.value,
        extra={CALL_ID: facts.call, FIELDS: fields},
    )  # fmt: skip
