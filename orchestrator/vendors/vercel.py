"""Vercel AI Gateway."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import AmountPlace, BalanceEndpoint, Vendor

_RULES = (
    Rule("vercel.no-money", Reason.BILLING, "https://vercel.com/docs/ai-gateway (2026-11-21)",
         codes={"insufficient_funds",
         "customer_verification_required"}, scope=Scope.ACCOUNT),
)  # fmt: skip

_BALANCES = (
    BalanceEndpoint(
        "/v1/credits",
        "https://vercel.com/docs/ai-gateway/usage (2026-11-30)",
        (AmountPlace("balance", "USD"),),
    ),
)

VENDOR = Vendor(
    "vercel",
    aliases=("vercel-ai-gateway",),
    domains=("ai-gateway.vercel.sh",),
    balances=_BALANCES,
    rules=_RULES,
)
