"""LiteLLM's proxy, which users run themselves."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.litellm.ai/docs/proxy/users (2026-11-21)"

_RULES = (
    Rule("litellm.budget", Reason.BILLING, _DOC, elsewhere=True,
         codes={"budget_exceeded"}, scope=Scope.KEY,
         hint=("The LiteLLM budget of this key, user or team is used up: ask the proxy's "
         "administrator to raise it.")),
    Rule("litellm.budget-words", Reason.BILLING, _DOC, elsewhere=True,
         contains=("exceededbudget*", "exceededtokenbudget", "max budget", "exceeded budget",
         "over budget", "budget has been exceeded", "budget exceeded", "crossed budget"),
         scope=Scope.KEY,
         hint=("The LiteLLM budget of this key, user or team is used up: ask the proxy's "
         "administrator to raise it.")),
    Rule("litellm.cooldown", Reason.OVERLOADED,
         "https://docs.litellm.ai/docs/routing (2026-11-21)", elsewhere=True,
         contains=("no deployments available for selected model",), scope=Scope.MODEL),
    Rule("litellm.key", Reason.AUTH, _DOC, codes={"auth_error",
         "token_not_found_in_db", "expired_key", "no_db_connection"}, unless=("budget",
         "not allowed to access model", "model access", "cannot access model",
         "can only access models"), scope=Scope.KEY),
    Rule("litellm.model", Reason.MODEL_NOT_FOUND, _DOC, elsewhere=True,
         codes={"key_model_access_denied", "team_model_access_denied", "user_model_access_denied",
         "org_model_access_denied"}, scope=Scope.MODEL),
    Rule("litellm.model-words", Reason.MODEL_NOT_FOUND, _DOC,
         contains=("invalid model name passed in", "not allowed to access model",
         "can only access models", "no healthy deployment*", "there are no healthy deployments"),
         scope=Scope.MODEL),
)  # fmt: skip

VENDOR = Vendor(
    "litellm-proxy",
    base_url="http://localhost:4000/v1",
    keys=("LITELLM_PROXY_API_KEY", "LITELLM_API_KEY"),
    documentation="https://docs.litellm.ai/docs/proxy/user_keys",
    keyless=True,
    aliases=("litellm",),
    rules=_RULES,
)
