"""OpenRouter, which passes many vendors on and adds limits of its own."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import AmountPlace, BalanceEndpoint, Vendor

_DOC = "https://openrouter.ai/docs/api-reference/errors (2026-11-21)"
_LIMITS = "https://openrouter.ai/docs/api-reference/limits (2026-11-21)"
_TOP_UP = (
    "Your OpenRouter credits are used up: add credits at https://openrouter.ai/settings/credits."
)

_RULES = (
    Rule("openrouter.in-flight", Reason.RATE_LIMIT, _LIMITS, elsewhere=True,
         codes={"in_flight_budget_exhausted", "openrouter_in_flight_budget"}, scope=Scope.ACCOUNT,
         hint=("Running requests hold the rest of your OpenRouter credits: wait for them to "
         "end, send fewer at once, or add credits.")),
    Rule("openrouter.shared-pool", Reason.OVERLOADED, _DOC, elsewhere=True,
         codes={"upstream_provider_shared_pool", "upstream_provider", "upstream_shared_pool"},
         scope=Scope.MODEL,
         hint=("OpenRouter's own account at this upstream is throttled: wait, bring your "
         "own key there, or use another model.")),
    Rule("openrouter.upstream-terms", Reason.FORBIDDEN, _DOC,
         contains=("violation of provider terms of service",),
         hint=("The upstream vendor refuses this account or place by its terms: choose "
         "another provider or model.")),
    Rule("openrouter.moderation", Reason.CONTENT_POLICY, _DOC,
         contains=("requires moderation", "was flagged for", "input was flagged"),
         scope=Scope.REQUEST),
    Rule("openrouter.key-limit", Reason.BILLING, _LIMITS, elsewhere=True,
         contains=("key limit exceeded", "key with a higher monthly limit",
         "key with a higher limit"), scope=Scope.KEY,
         hint=("This OpenRouter key has reached its own limit: raise it at "
         "https://openrouter.ai/settings/keys, or use another key.")),
    Rule("openrouter.can-only-afford", Reason.BILLING, _DOC, elsewhere=True,
         contains=("can only afford",), scope=Scope.ACCOUNT,
         hint=("Your credits cover fewer tokens than max_tokens asks for: lower max_tokens, "
         "or add credits at https://openrouter.ai/settings/credits.")),
    Rule("openrouter.free-day", Reason.RATE_LIMIT, _LIMITS, elsewhere=True,
         contains=("free models per day", "free models per min", "free models per minute",
         "free models per"), scope=Scope.ACCOUNT,
         hint=("The free models' limit is used up: it opens again at its reset; credits on "
         "the account raise it.")),
    Rule("openrouter.credits", Reason.BILLING, _DOC, contains=("insufficient credits",
         "requires more credits", "never purchased credits", "settings/credits",
         "purchase more at",
         "negative credit balance", "add more credits"), unless=("per minute", "in flight",
         "per day", "free models", "rate limited"), scope=Scope.ACCOUNT, hint=_TOP_UP),
    Rule("openrouter.data-policy", Reason.MODEL_NOT_FOUND,
         "https://openrouter.ai/docs/features/privacy-and-logging (2026-11-21)", elsewhere=True,
         contains=("matching your data policy", "data policy", "settings/privacy"),
         scope=Scope.ACCOUNT,
         hint=("Your privacy settings exclude every provider of this model: change them at "
         "https://openrouter.ai/settings/privacy, or choose another model.")),
    Rule("openrouter.no-endpoint", Reason.MODEL_NOT_FOUND, _DOC, elsewhere=True,
         contains=("no endpoints found", "no allowed providers are available",
         "no endpoints available", "not a valid model id", "no models provided",
         "is not available. please use", "ignored providers"), scope=Scope.MODEL),
    Rule("openrouter.upstream-busy", Reason.OVERLOADED, _DOC,
         contains=("rate limited upstream", "temporarily rate limited",
         "worker local total request limit", "resourceexhausted: worker", "no instances available",
         "provider is overloaded", "no available model provider"), scope=Scope.MODEL),
    Rule("openrouter.key", Reason.AUTH, _DOC, contains=("user not found",
         "no auth credentials found", "no cookie auth", "invalid credentials", "key expired",
         "missing authentication header", "api key disabled"), scope=Scope.KEY,
         hint=("OpenRouter did not accept this key: check it at "
         "https://openrouter.ai/settings/keys.")),
)  # fmt: skip

_BALANCES = (
    # That calls are refused below nothing: openrouter.ai/docs/api_reference/limits (2026-11-30).
    BalanceEndpoint(
        "/api/v1/credits",
        "https://openrouter.ai/docs/api/api-reference/credits/get-credits (2026-11-30)",
        (AmountPlace("data.total_credits", "USD", used="data.total_usage"),),
        empty_at_zero=True,
        key="a management key",
    ),
    BalanceEndpoint(
        "/api/v1/key",
        "https://openrouter.ai/docs/api_reference/limits (2026-11-30)",
        (AmountPlace("data.limit_remaining", "USD"),),
        of_key=True,
    ),
)

VENDOR = Vendor(
    "openrouter",
    base_url="https://openrouter.ai/api/v1",
    keys=("OPENROUTER_API_KEY",),
    documentation="https://openrouter.ai/docs/api-reference/overview",
    checked="2026-11-21",
    limits_by_model=True,  # openrouter.ai/docs/api-reference/limits
    # Its own fallback between models, which would hide from a call who answered and why:
    # openrouter.ai/docs/guides/routing/model-fallbacks
    omitted=frozenset({"models", "route", "fallbacks"}),
    starter="openai/gpt-oss-120b:free",
    balances=_BALANCES,
    top_up=_TOP_UP,
    free_models=(":free",),  # openrouter.ai/docs/api_reference/limits (2026-11-30)
    rules=_RULES,
)
