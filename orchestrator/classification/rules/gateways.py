"""Gateways, relays and subscriptions: LiteLLM, New API, OpenCode, Nous, Copilot, Venice and kin."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_LITELLM = {"litellm-proxy"}
_LITELLM_DOC = "https://docs.litellm.ai/docs/proxy/users (2026-11-21)"
_COPILOT = {"github-copilot"}
_COPILOT_DOC = "https://docs.github.com/en/copilot/concepts/rate-limits (2026-11-21)"
_NOUS = {"nous"}
_NEWAPI_DOC = "https://doc.newapi.pro/ (2026-11-21)"

RULES: tuple[Rule, ...] = (
    Rule("litellm.budget", Reason.BILLING, _LITELLM_DOC, _LITELLM, elsewhere=True,
         codes={"budget_exceeded"}, scope=Scope.KEY,
         hint=("The LiteLLM budget of this key, user or team is used up: ask the proxy's "
         "administrator to raise it.")),
    Rule("litellm.budget-words", Reason.BILLING, _LITELLM_DOC, _LITELLM, elsewhere=True,
         contains=("exceededbudget*", "exceededtokenbudget", "max budget", "exceeded budget",
         "over budget", "budget has been exceeded", "budget exceeded", "crossed budget"),
         scope=Scope.KEY,
         hint=("The LiteLLM budget of this key, user or team is used up: ask the proxy's "
         "administrator to raise it.")),
    Rule("litellm.cooldown", Reason.OVERLOADED,
         "https://docs.litellm.ai/docs/routing (2026-11-21)", _LITELLM, elsewhere=True,
         contains=("no deployments available for selected model",), scope=Scope.MODEL),
    Rule("litellm.key", Reason.AUTH, _LITELLM_DOC, _LITELLM, codes={"auth_error",
         "token_not_found_in_db", "expired_key", "no_db_connection"}, unless=("budget",
         "not allowed to access model", "model access", "cannot access model",
         "can only access models"), scope=Scope.KEY),
    Rule("litellm.model", Reason.MODEL_NOT_FOUND, _LITELLM_DOC, _LITELLM, elsewhere=True,
         codes={"key_model_access_denied", "team_model_access_denied", "user_model_access_denied",
         "org_model_access_denied"}, scope=Scope.MODEL),
    Rule("litellm.model-words", Reason.MODEL_NOT_FOUND, _LITELLM_DOC, _LITELLM,
         contains=("invalid model name passed in", "not allowed to access model",
         "can only access models", "no healthy deployment*", "there are no healthy deployments"),
         scope=Scope.MODEL),
    Rule("copilot.quota", Reason.BILLING, _COPILOT_DOC, _COPILOT, codes={"quota_exceeded",
         "402", "insufficient_quota"}, scope=Scope.ACCOUNT, unless=("per minute", "wait"),
         hint=("The Copilot quota of the month is used up: see "
         "https://github.com/settings/billing.")),
    Rule("copilot.rate", Reason.RATE_LIMIT, _COPILOT_DOC, _COPILOT,
         codes={"user_global_rate_limited", "rate_limited", "user_model_rate_limited",
         "user_weekly_rate_limited", "integration_rate_limited", "agent_usage_limit_exceeded",
         "upstream_provider_rate_limit"}, scope=Scope.ACCOUNT),
    Rule("copilot.model", Reason.MODEL_NOT_FOUND, _COPILOT_DOC, _COPILOT,
         codes={"model_not_supported", "unsupported_api_for_model",
         "model_not_available_for_integrator"}, scope=Scope.MODEL),
    Rule("copilot.body-not-read", Reason.TIMEOUT, _COPILOT_DOC, _COPILOT,
         codes={"user_request_timeout"}),
    Rule("nous.not-free", Reason.MODEL_NOT_FOUND, "https://portal.nousresearch.com (2026)",
         _NOUS, codes={"model_not_free"}, scope=Scope.MODEL,
         hint=("This model is not part of the free offer: choose a free one, or buy credits "
         "at https://portal.nousresearch.com.")),
    Rule("nous.admission", Reason.RATE_LIMIT, "https://portal.nousresearch.com (2026)", _NOUS,
         codes={"admission_closed", "rate_limited", "daily_cap_reached", "welcome_exhausted_today",
         "queue_full"}),
    Rule("nous.no-money", Reason.BILLING, "https://portal.nousresearch.com (2026)", _NOUS,
         codes={"no_credits", "welcome_exhausted", "insufficient_funds", "credits_exhausted",
         "subscription_required"}, scope=Scope.ACCOUNT),
    Rule("newapi.no-channel", Reason.MODEL_NOT_FOUND, _NEWAPI_DOC, {"newapi"}, elsewhere=True,
         contains=("无可用渠道", "没有可用渠道", "无可用的渠道", "没有可用的渠道",
         "no available channel", "no available channels"), scope=Scope.MODEL,
         hint=("The relay has no channel that serves this model in your group: choose "
         "another model, or ask its administrator.")),
    Rule("newapi.no-money", Reason.BILLING, _NEWAPI_DOC, {"newapi"}, elsewhere=True,
         codes={"insufficient_user_quota", "pre_consume_token_quota_failed",
         "insufficient_token_quota"}, scope=Scope.ACCOUNT,
         hint=("The relay's quota for this user or token is used up: recharge it at the "
         "relay.")),
    Rule("newapi.no-money-words", Reason.BILLING, _NEWAPI_DOC, {"newapi"}, elsewhere=True,
         contains=("用户额度不足", "令牌额度", "额度已用尽", "预扣费额度失败",
         "user quota is not enough", "token quota is not enough", "pre consume"),
         scope=Scope.ACCOUNT,
         hint=("The relay's quota for this user or token is used up: recharge it at the "
         "relay.")),
    Rule("venice.key-limit", Reason.BILLING, "https://docs.venice.ai/ (2026-11-21)",
         {"venice"}, contains=("spend limit exceeded", "spending limit"), scope=Scope.KEY,
         hint="This key has reached its own spending limit: raise it, or use another key."),
    Rule("kiro.monthly", Reason.BILLING, "subscription relays in front of Amazon Q (2026)",
         elsewhere=True, providers={"kiro"}, codes={"monthly_request_count",
         "overage_request_limit_exceeded"}, scope=Scope.ACCOUNT),
    Rule("opencode.free-used-up", Reason.RATE_LIMIT,
         "https://opencode.ai/docs/zen (2026-11-21)", {"opencode-zen"},
         codes={"freeusagelimiterror", "gousagelimiterror", "ratelimiterror"}, unless=("balance",
         "credits"), scope=Scope.ACCOUNT),
    Rule("opencode.no-money", Reason.BILLING, "https://opencode.ai/docs/zen (2026-11-21)",
         {"opencode-zen"}, codes={"creditserror", "monthlylimiterror", "userlimiterror",
         "subscriptionerror"}, scope=Scope.ACCOUNT,
         hint=("Your OpenCode balance or limit is used up: see https://opencode.ai/ under "
         "billing.")),
    Rule("opencode.model", Reason.MODEL_NOT_FOUND, "https://opencode.ai/docs/zen (2026-11-21)",
         {"opencode-zen"}, codes={"modelerror"}, scope=Scope.MODEL),
    Rule("vercel.no-money", Reason.BILLING, "https://vercel.com/docs/ai-gateway (2026-11-21)",
         {"vercel", "vercel-ai-gateway"}, codes={"insufficient_funds",
         "customer_verification_required"}, scope=Scope.ACCOUNT),
)  # fmt: skip
