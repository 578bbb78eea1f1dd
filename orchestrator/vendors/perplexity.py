"""Perplexity."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_RULES = (
    Rule("perplexity.quota", Reason.BILLING, "https://docs.perplexity.ai/ (2026-11-21)",
         codes={"insufficient_quota"}, statuses={401, 402, 403, 429},
         scope=Scope.ACCOUNT, hint=("Your Perplexity credits are used up: add some at "
         "https://www.perplexity.ai/settings/api.")),
)  # fmt: skip

VENDOR = Vendor(
    "perplexity",
    base_url="https://api.perplexity.ai",
    keys=("PERPLEXITY_API_KEY",),
    documentation="https://docs.perplexity.ai/api-reference/chat-completions-post",
    limits_by_model=True,  # docs.perplexity.ai/guides/rate-limits-usage-tiers
    runs_models=True,
    starter="sonar",
    rules=_RULES,
)
