"""Novita."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import AmountPlace, BalanceEndpoint, Vendor

_RULES = (
    Rule("novita.balance", Reason.BILLING,
         "https://novita.ai/docs/api-reference/error (2026-11-21)",
         codes={"not_enough_balance", "billing_balance_not_enough", "billing_auth_error",
         "billing_failed"}, scope=Scope.ACCOUNT),
    Rule("novita.model", Reason.MODEL_NOT_FOUND,
         "https://novita.ai/docs/api-reference/error (2026-11-21)",
         codes={"model_not_found", "invalid_model"}, scope=Scope.MODEL),
    Rule("novita.server", Reason.SERVER_ERROR,
         "https://novita.ai/docs/api-reference/error (2026-11-21)",
         codes={"server_not_available"}),
)  # fmt: skip

_BALANCES = (
    BalanceEndpoint(
        "/openapi/v1/billing/balance/detail",
        "https://novita.ai/docs/api-reference/basic-get-user-balance (2026-11-30)",
        (AmountPlace("availableBalance", "USD", divisor=10_000),),
    ),
)

VENDOR = Vendor(
    "novita",
    runs_models=True,
    domains=("api.novita.ai",),
    balances=_BALANCES,
    rules=_RULES,
)
