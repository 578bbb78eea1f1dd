"""GitHub Copilot."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.github.com/en/copilot/concepts/rate-limits (2026-11-21)"

_RULES = (
    Rule("copilot.quota", Reason.BILLING, _DOC, codes={"quota_exceeded",
         "402", "insufficient_quota"}, scope=Scope.ACCOUNT, unless=("per minute", "wait"),
         hint=("The Copilot quota of the month is used up: see "
         "https://github.com/settings/billing.")),
    Rule("copilot.rate", Reason.RATE_LIMIT, _DOC,
         codes={"user_global_rate_limited", "rate_limited", "user_model_rate_limited",
         "user_weekly_rate_limited", "integration_rate_limited", "agent_usage_limit_exceeded",
         "upstream_provider_rate_limit"}, scope=Scope.ACCOUNT),
    Rule("copilot.model", Reason.MODEL_NOT_FOUND, _DOC,
         codes={"model_not_supported", "unsupported_api_for_model",
         "model_not_available_for_integrator"}, scope=Scope.MODEL),
    Rule("copilot.body-not-read", Reason.TIMEOUT, _DOC,
         codes={"user_request_timeout"}),
)  # fmt: skip

VENDOR = Vendor(
    "github-copilot",
    aliases=("copilot",),
    rules=_RULES,
)
