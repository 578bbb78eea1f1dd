"""Vercel AI Gateway."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_RULES = (
    Rule("vercel.no-money", Reason.BILLING, "https://vercel.com/docs/ai-gateway (2026-11-21)",
         codes={"insufficient_funds",
         "customer_verification_required"}, scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "vercel",
    aliases=("vercel-ai-gateway",),
    rules=_RULES,
)
