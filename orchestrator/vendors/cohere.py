"""Cohere."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.cohere.com/reference/errors (2026-11-21)"

_RULES = (
    Rule("cohere.498", Reason.CONTENT_POLICY,
         ("https://docs.cohere.com/reference/errors: 498 is a deny-listed token (2026-11-21)"),
         statuses={498}, scope=Scope.REQUEST),
    Rule("cohere.trial-month", Reason.BILLING, _DOC, contains=("calls / month",
         "per month", "calls per month"), scope=Scope.KEY,
         hint=("The Cohere trial key's calls for this month are used up: create a "
         "production key at https://dashboard.cohere.com/api-keys.")),
    Rule("cohere.trial-minute", Reason.RATE_LIMIT, _DOC, contains=("trial key",
         "trial token"), scope=Scope.KEY),
    Rule("cohere.payment", Reason.BILLING, _DOC, contains=("payment method",
         "billing limit", "monthly maximum", "maximum limit", "billing"), statuses={402, 429, 403},
         unless=("per minute", "/ minute"), scope=Scope.ACCOUNT,
         hint=("Cohere has no way to be paid: add a payment method at "
         "https://dashboard.cohere.com/billing.")),
    Rule("cohere.402", Reason.BILLING, _DOC, statuses={402},
         scope=Scope.ACCOUNT, hint=("Cohere has no way to be paid: add a payment method at "
         "https://dashboard.cohere.com/billing.")),
)  # fmt: skip

VENDOR = Vendor(
    "cohere",
    base_url="https://api.cohere.ai/compatibility/v1",
    keys=("COHERE_API_KEY", "CO_API_KEY"),
    documentation="https://docs.cohere.com/docs/compatibility-api",
    checked="2026-11-21",
    omitted=frozenset({"stream_options"}),  # refused: strandsagents.com, "Cohere"
    runs_models=True,
    starter="command-a-03-2025",
    rules=_RULES,
)
