"""Venice."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_RULES = (
    Rule("venice.key-limit", Reason.BILLING, "https://docs.venice.ai/ (2026-11-21)",
         contains=("spend limit exceeded", "spending limit"), scope=Scope.KEY,
         hint="This key has reached its own spending limit: raise it, or use another key."),
)  # fmt: skip

VENDOR = Vendor(
    "venice",
    rules=_RULES,
)
