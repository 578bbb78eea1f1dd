"""OpenAI: its API and the Codex subscriptions."""

from __future__ import annotations

import re

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://platform.openai.com/docs/guides/error-codes (2026-11-21)"
_TOP_UP = (
    "Your OpenAI balance or quota is used up: add credits or raise the limit at "
    "https://platform.openai.com/settings/organization/billing."
)

_RULES = (
    Rule("openai.request-above-budget", Reason.CONTEXT_OVERFLOW, _DOC,
         codes={"rate_limit_exceeded", "tokens", "requests"}, contains=("request too large",
         "tokens must be reduced"), scope=Scope.REQUEST,
         hint=("This one request is larger than the whole budget of a minute, so waiting "
         "never helps: shorten it or raise the limit.")),
    Rule("openai.insufficient-quota", Reason.BILLING, _DOC, elsewhere=True,
         codes={"insufficient_quota", "billing_not_active", "billing_hard_limit_reached",
         "project_spend_limit_exceeded", "organization_spend_limit_exceeded",
         "billing_soft_limit_reached"}, unless=("per minute", "allocated quota",
         "tokens per", "resets at", "resets in"), scope=Scope.ACCOUNT, hint=_TOP_UP),
    Rule("openai.deactivated", Reason.AUTH, _DOC, codes={"account_deactivated",
         "organization_deactivated"}, scope=Scope.ACCOUNT, revoked=True,
         hint=("OpenAI deactivated this account: write to its support, or use another "
         "account.")),
    Rule("openai.model-overloaded", Reason.OVERLOADED, _DOC, codes={"server_error",
         "slow_down", "server_is_overloaded"}, contains=("overloaded", "slow down", "at capacity"),
         scope=Scope.MODEL),
    Rule("openai.safety-refusal", Reason.CONTENT_POLICY, _DOC, codes={"invalid_prompt",
         "content_policy_violation", "cyber_policy_violation"}, contains=("flagged",
         "usage policy",
         "usage policies", "safety", "policy", "blocked", "limited access"), scope=Scope.REQUEST),
    Rule("openai.codex-masked", Reason.CONTENT_POLICY,
         "Codex hides safety refusals behind this code (2026)", codes={"invalid_prompt"},
         scope=Scope.REQUEST),
    Rule("openai.injected-parameter", Reason.SERVER_ERROR,
         "Codex backends add parameters that its models refuse (2026)",
         contains=("prompt_cache_retention",), statuses={400},
         hint="The provider itself added a parameter that the model refuses: try again."),
    Rule("openai.unnamed-400", Reason.BAD_REQUEST,
         "undecidable: the message is the word Error (2026)", statuses={400},
         contains=("error",), regex=re.compile("\\A\\s*error\\.?\\s*\\Z", re.IGNORECASE)),
    Rule("openai.plan-window", Reason.RATE_LIMIT,
         "Codex subscriptions name their reset (2026-11-21)", codes={"usage_limit_reached"},
         scope=Scope.ACCOUNT,
         hint=("The plan's window is used up: it opens again at the reset, or add another "
         "account.")),
    Rule("openai.plan-lacks-use", Reason.BILLING,
         "Codex: the plan does not include it (2026-11-21)", codes={"usage_not_included"},
         scope=Scope.ACCOUNT),
    Rule("openai.verify-organisation", Reason.MODEL_NOT_FOUND, _DOC,
         contains=("must be verified to use",), scope=Scope.MODEL,
         hint=("OpenAI wants your organisation verified for this model: see "
         "https://platform.openai.com/settings/organization/general.")),
    Rule("openai.not-a-member", Reason.AUTH, _DOC,
         contains=("must be a member of an organization",), scope=Scope.KEY),
)  # fmt: skip

VENDOR = Vendor(
    "openai",
    base_url="https://api.openai.com/v1",
    keys=("OPENAI_API_KEY",),
    documentation="https://platform.openai.com/docs/api-reference/chat",
    checked="2026-11-21",
    limits_by_model=True,  # platform.openai.com/docs/guides/rate-limits
    aliases=("openai-codex", "openai-api", "openai-responses", "codex"),
    runs_models=True,
    starter="gpt-5-mini",
    rules=_RULES,
)
