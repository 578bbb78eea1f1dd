"""Audit of a gateway's calls as they end: beside them, in a thread of its own.

Rules of this page:

* A call pays for a place in a queue and no more; where that is full it is left out, and counted.
* The thread takes the interpreter for one call at a time (0.3 ms, 2026-12) and lets go of it then:
  it would keep it for 5 ms otherwise, and calls would wait.
* What is audited is a copy. To put the entries of a ledger together costs memory, and the gateway
  keeps a thousand of them as they are.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.execution.call_log import CALL_ID, FIELDS
from orchestrator.ledger import Ledger, recorded_call
from orchestrator.ledger.record import copy_of

if TYPE_CHECKING:
    from orchestrator.lab.audit import AuditedCall

MOST = 1_000
"""Calls that wait for their audit, some kB each."""

PAUSE = 0.0005
"""Seconds for which the interpreter is let go of between two audits."""

LAST_SECONDS = 1.0
"""How long the end of the process waits for what is in the queue."""

HELD, FAILED, LEFT_OUT = "held", "failed", "left_out"
RESULTS = (HELD, FAILED, LEFT_OUT)

_log = logging.getLogger("orchestrator")


class CallAuditor:
    """Holds each call that is over against the table, its own record and the invariants.

    Args:
        count: Told the result of each call, one of :data:`RESULTS`.
        ledger: The file where calls are recorded, which a message names; ``None`` where there is
            none.
        most: How many calls may wait.
    """

    def __init__(
        self, count: Callable[[str], None], ledger: Path | None = None, *, most: int = MOST
    ) -> None:
        self._count, self._ledger, self._most = count, ledger, most
        self._calls: queue.SimpleQueue[Ledger | None] = queue.SimpleQueue()
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Audit from now on."""
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def put(self, ledger: Ledger) -> None:
        """Have a call audited that is over."""
        if self._calls.qsize() >= self._most:
            self._count(LEFT_OUT)
        else:
            self._calls.put(ledger)

    def stop(self) -> None:
        """Audit what waits, as far as the time allows."""
        self._is_over.set()  # nobody waits for the interpreter any more
        self._calls.put(None)
        if self._thread is not None:
            self._thread.join(LAST_SECONDS)

    def _run(self) -> None:
        while (ledger := self._calls.get()) is not None:
            try:
                self._audit(ledger)
            except Exception:  # noqa: BLE001 - one call that cannot be audited is one call
                self._count(LEFT_OUT)
                said = "a call could not be audited, which is a fault of the audit"
                _log.exception(said, extra={CALL_ID: ledger.call})
            self._is_over.wait(PAUSE)

    def _audit(self, ledger: Ledger) -> None:
        # Loaded here: only who audits needs it.
        from orchestrator.lab.audit import CallVerdict, audit_call

        audited = audit_call(recorded_call(copy_of(ledger)))
        failed = audited.verdict is not CallVerdict.HELD
        self._count(FAILED if failed else HELD)
        if failed:
            self._tell(audited)

    def _tell(self, audited: AuditedCall) -> None:
        first = audited.faults[0] if audited.faults else None
        what = str(first) if first is not None else f"the call is {audited.verdict}"
        fields = {
            "check": "" if first is None else first.check,
            "move": None if first is None else first.move,
            "faults": len(audited.faults),
        }
        call = audited.call
        how = f"orchestrator diagram --call {self._ledger} --id {call}"
        see = f"GET /v1/calls/{call}" if self._ledger is None else how
        said = "call %s failed the audit: %s; see: %s"
        _log.error(said, call[:8], what, see, extra={CALL_ID: call, FIELDS: fields})
