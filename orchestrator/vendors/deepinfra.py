"""DeepInfra."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_RULES = (
    Rule("deepinfra.balance", Reason.BILLING, "https://deepinfra.com/docs (2026-11-21)",
         contains=("inference prohibited", "please enter a payment method",
         "balance to continue"), scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "deepinfra",
    runs_models=True,
    rules=_RULES,
)
