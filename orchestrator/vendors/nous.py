"""Nous Portal."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_RULES = (
    Rule("nous.not-free", Reason.MODEL_NOT_FOUND, "https://portal.nousresearch.com (2026)",
         codes={"model_not_free"}, scope=Scope.MODEL,
         hint=("This model is not part of the free offer: choose a free one, or buy credits "
         "at https://portal.nousresearch.com.")),
    Rule("nous.admission", Reason.RATE_LIMIT, "https://portal.nousresearch.com (2026)",
         codes={"admission_closed", "rate_limited", "daily_cap_reached", "welcome_exhausted_today",
         "queue_full"}),
    Rule("nous.no-money", Reason.BILLING, "https://portal.nousresearch.com (2026)",
         codes={"no_credits", "welcome_exhausted", "insufficient_funds", "credits_exhausted",
         "subscription_required"}, scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "nous",
    rules=_RULES,
)
