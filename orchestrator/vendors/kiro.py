"""Kiro: subscription relays in front of Amazon Q."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_RULES = (
    Rule("kiro.monthly", Reason.BILLING, "subscription relays in front of Amazon Q (2026)",
         elsewhere=True, codes={"monthly_request_count",
         "overage_request_limit_exceeded"}, scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "kiro",
    rules=_RULES,
)
