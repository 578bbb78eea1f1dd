"""Venice."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import AmountPlace, BalanceEndpoint, Vendor

_RULES = (
    Rule("venice.key-limit", Reason.BILLING, "https://docs.venice.ai/ (2026-11-21)",
         contains=("spend limit exceeded", "spending limit"), scope=Scope.KEY,
         hint="This key has reached its own spending limit: raise it, or use another key."),
)  # fmt: skip

_BALANCES = (
    BalanceEndpoint(
        "/api/v1/billing/balance",
        "https://docs.venice.ai/api-reference/endpoint/billing/balance (2026-11-30)",
        (AmountPlace("balances.usd", "USD"), AmountPlace("balances.diem", "DIEM")),
        available="canConsume",
        key="an ADMIN key",
    ),
    BalanceEndpoint(
        "/api/v1/api_keys/rate_limits",
        "https://docs.venice.ai/api-reference/endpoint/api_keys/rate_limits (2026-11-30)",
        (AmountPlace("data.balances.USD", "USD"), AmountPlace("data.balances.DIEM", "DIEM")),
    ),
)

VENDOR = Vendor(
    "venice",
    domains=("api.venice.ai",),
    balances=_BALANCES,
    rules=_RULES,
)
