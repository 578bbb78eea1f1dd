"""Audit of recorded calls: each against the table, its own record, and the invariants.

A room of the lab that needs neither a config nor a health board: what a ledger holds is enough.
"""

from orchestrator.lab.audit.call_audit import AuditedCall, CallVerdict, audit_call
from orchestrator.lab.audit.faults import AuditFault, faults_in
from orchestrator.lab.audit.ledger_audit import AuditReport, LedgerAudit

__all__ = [
    "AuditFault",
    "AuditReport",
    "AuditedCall",
    "CallVerdict",
    "LedgerAudit",
    "audit_call",
    "faults_in",
]
