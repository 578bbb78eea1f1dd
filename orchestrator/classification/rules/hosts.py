"""Groq, Together, Fireworks, Cerebras, Mistral, Cohere, xAI, Perplexity and other hosts."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_GROQ = {"groq"}
_GROQ_DOC = "https://console.groq.com/docs/errors (2026-11-21)"
_TOGETHER = {"together"}
_TOGETHER_DOC = "https://docs.together.ai/docs/error-codes (2026-11-21)"
_FIREWORKS = {"fireworks"}
_FIREWORKS_DOC = "https://docs.fireworks.ai/guides/inference-error-codes (2026-11-21)"
_MISTRAL = {"mistral"}
_MISTRAL_DOC = "https://docs.mistral.ai/api/ (2026-11-21)"
_COHERE = {"cohere"}
_COHERE_DOC = "https://docs.cohere.com/reference/errors (2026-11-21)"
_XAI = {"xai"}
_XAI_DOC = "https://docs.x.ai/docs/key-information/debugging (2026-11-21)"

RULES: tuple[Rule, ...] = (
    # --- Groq ---
    Rule("groq.request-above-budget", Reason.CONTEXT_OVERFLOW, _GROQ_DOC, _GROQ,
         elsewhere=True, codes={"rate_limit_exceeded", "tokens"},
         contains=("request too large for model",), scope=Scope.REQUEST,
         hint=("This one request is larger than the whole budget of a minute, so waiting "
         "never helps: shorten it or raise the limit.")),
    Rule("groq.over-capacity", Reason.OVERLOADED, _GROQ_DOC, _GROQ,
         codes={"internal_server_error", "capacity_exceeded", "over_capacity"},
         contains=("over capacity", "at capacity"), scope=Scope.MODEL),
    Rule("groq.flex-capacity", Reason.OVERLOADED, _GROQ_DOC, _GROQ, statuses={498},
         codes={"capacity_exceeded", "flex_tier_capacity_exceeded"}, scope=Scope.MODEL),
    Rule("groq.498", Reason.OVERLOADED,
         ("https://console.groq.com/docs/flex-processing: 498 is flex capacity (2026-11-21)"),
         _GROQ, statuses={498}, scope=Scope.MODEL),
    Rule("groq.spend-limit", Reason.BILLING,
         "https://console.groq.com/docs/spend-limits (2026-11-21)", _GROQ,
         codes={"blocked_api_access", "spend_limit_reached"}, scope=Scope.ACCOUNT,
         hint=("The Groq organisation reached its spend limit: raise it at "
         "https://console.groq.com/settings/billing.")),
    Rule("groq.restricted", Reason.AUTH, _GROQ_DOC, _GROQ, codes={"organization_restricted"},
         scope=Scope.ACCOUNT,
         hint=("Groq restricted this organisation: write to its support, or use another "
         "account.")),
    Rule("groq.resample", Reason.SERVER_ERROR, _GROQ_DOC, _GROQ, codes={"tool_use_failed",
         "json_validate_failed"},
         hint=("The model wrote output that does not parse: send the request again, or "
         "simplify the tools.")),
    Rule("groq.network", Reason.FORBIDDEN, _GROQ_DOC, _GROQ,
         contains=("check your network settings",),
         hint=("Groq refuses the network you send from (VPN or region): use another network.")),
    # --- Together ---
    Rule("together.per-minute", Reason.RATE_LIMIT, _TOGETHER_DOC, _TOGETHER,
         codes={"credit_limit", "model_rate_limit", "dynamic_request_limited",
         "dynamic_token_limited"}, contains=("rate limited", "per minute", "rate limit",
         "queries per")),
    Rule("together.dynamic", Reason.RATE_LIMIT, _TOGETHER_DOC, _TOGETHER,
         codes={"dynamic_request_limited", "dynamic_token_limited", "model_rate_limit"}),
    Rule("together.credit", Reason.BILLING, _TOGETHER_DOC, _TOGETHER, elsewhere=True,
         codes={"credit_limit"}, scope=Scope.ACCOUNT, unless=("rate limited", "per minute"),
         hint=("Your Together credit is used up: add credit at "
         "https://api.together.ai/settings/billing.")),
    Rule("together.too-long", Reason.CONTEXT_OVERFLOW, _TOGETHER_DOC, _TOGETHER,
         elsewhere=True, contains=("`inputs` tokens + `max_new_tokens`", "inputs tokens",
         "input validation error: `inputs`"), scope=Scope.REQUEST),
    Rule("together.402", Reason.BILLING, _TOGETHER_DOC, _TOGETHER, statuses={402},
         scope=Scope.ACCOUNT, unless=("per minute", "rate limited"),
         hint=("Your Together credit is used up: add credit at "
         "https://api.together.ai/settings/billing.")),
    # --- Fireworks ---
    Rule("fireworks.suspended", Reason.BILLING, _FIREWORKS_DOC, _FIREWORKS, elsewhere=True,
         codes={"precondition_failed"}, contains=("suspended", "spending limit", "past invoices",
         "billing"), scope=Scope.ACCOUNT,
         hint=("The Fireworks account is suspended for its limit or unpaid invoices: see "
         "https://fireworks.ai/account/billing.")),
    Rule("fireworks.412", Reason.BILLING, _FIREWORKS_DOC, _FIREWORKS, statuses={412},
         scope=Scope.ACCOUNT,
         hint=("The Fireworks account is suspended for its limit or unpaid invoices: see "
         "https://fireworks.ai/account/billing.")),
    Rule("fireworks.model", Reason.MODEL_NOT_FOUND, _FIREWORKS_DOC, _FIREWORKS,
         contains=("model not found, inaccessible",), scope=Scope.MODEL),
    # --- Mistral ---
    Rule("mistral.too-long", Reason.CONTEXT_OVERFLOW, _MISTRAL_DOC, _MISTRAL, codes={"3051",
         "invalid_request_prompt"}, contains=("too large for model", "maximum context", "tokens"),
         scope=Scope.REQUEST),
    Rule("mistral.model", Reason.MODEL_NOT_FOUND, _MISTRAL_DOC, _MISTRAL, codes={"1500",
         "invalid_model"}, scope=Scope.MODEL),
    Rule("mistral.capacity", Reason.OVERLOADED, _MISTRAL_DOC, _MISTRAL, codes={"3505",
         "service_tier_capacity_exceeded"}, scope=Scope.MODEL),
    Rule("mistral.capacity-words", Reason.OVERLOADED, _MISTRAL_DOC, _MISTRAL,
         contains=("service tier capacity exceeded",), scope=Scope.MODEL),
    Rule("mistral.rate", Reason.RATE_LIMIT, _MISTRAL_DOC, _MISTRAL, codes={"1300",
         "rate_limited", "requests_rate_limit"}),
    Rule("mistral.request", Reason.BAD_REQUEST, _MISTRAL_DOC, _MISTRAL, codes={"3230", "3240",
         "invalid_request_message_order", "invalid_request_assistant_message",
         "invalid_request_function_call"}, scope=Scope.REQUEST),
    # --- Cohere ---
    Rule("cohere.498", Reason.CONTENT_POLICY,
         ("https://docs.cohere.com/reference/errors: 498 is a deny-listed token (2026-11-21)"),
         _COHERE, statuses={498}, scope=Scope.REQUEST),
    Rule("cohere.trial-month", Reason.BILLING, _COHERE_DOC, _COHERE, contains=("calls / month",
         "per month", "calls per month"), scope=Scope.KEY,
         hint=("The Cohere trial key's calls for this month are used up: create a "
         "production key at https://dashboard.cohere.com/api-keys.")),
    Rule("cohere.trial-minute", Reason.RATE_LIMIT, _COHERE_DOC, _COHERE, contains=("trial key",
         "trial token"), scope=Scope.KEY),
    Rule("cohere.payment", Reason.BILLING, _COHERE_DOC, _COHERE, contains=("payment method",
         "billing limit", "monthly maximum", "maximum limit", "billing"), statuses={402, 429, 403},
         unless=("per minute", "/ minute"), scope=Scope.ACCOUNT,
         hint=("Cohere has no way to be paid: add a payment method at "
         "https://dashboard.cohere.com/billing.")),
    Rule("cohere.402", Reason.BILLING, _COHERE_DOC, _COHERE, statuses={402},
         scope=Scope.ACCOUNT, hint=("Cohere has no way to be paid: add a payment method at "
         "https://dashboard.cohere.com/billing.")),
    # --- xAI ---
    Rule("xai.content", Reason.CONTENT_POLICY, _XAI_DOC, _XAI, elsewhere=True,
         contains=("content violates usage guidelines", "safety_check_type*", "failed check"),
         scope=Scope.REQUEST),
    Rule("xai.entitlement", Reason.AUTH,
         "subscription logins without an active plan: another login helps (2026)", _XAI,
         contains=("do not have an active grok subscription",
         "either run out of available resources"), scope=Scope.KEY,
         hint=("This login has no active Grok plan: manage it at https://grok.com/, or use "
         "another login.")),
    Rule("xai.no-money", Reason.BILLING, _XAI_DOC, _XAI, elsewhere=True,
         contains=("used all available credits", "monthly spending limit", "run out of credits",
         "need a grok subscription", "doesn't have any credits",
         "does not have any credits", "no credits left"), scope=Scope.ACCOUNT,
         hint="The xAI team has no credits left: add some at https://console.x.ai."),
    Rule("xai.key", Reason.AUTH, _XAI_DOC, _XAI, contains=("incorrect api key",
         "api key is currently blocked", "invalid api key", "no api key", "api key is disabled",
         "acls"), scope=Scope.KEY,
         hint="xAI did not accept this key: check it at https://console.x.ai."),
    Rule("xai.exhausted", Reason.RATE_LIMIT, _XAI_DOC, _XAI,
         codes={"some resource has been exhausted", "resource-exhausted", "resource_exhausted"},
         unless=("credits", "spending limit", "at capacity", "overloaded", "high demand")),
    Rule("xai.unavailable", Reason.OVERLOADED, _XAI_DOC, _XAI,
         codes={"the service is currently unavailable", "unavailable"}),
    # --- Perplexity, SambaNova, Hyperbolic, DeepInfra, Novita and others ---
    Rule("perplexity.quota", Reason.BILLING, "https://docs.perplexity.ai/ (2026-11-21)",
         {"perplexity"}, codes={"insufficient_quota"}, statuses={401, 402, 403, 429},
         scope=Scope.ACCOUNT, hint=("Your Perplexity credits are used up: add some at "
         "https://www.perplexity.ai/settings/api.")),
    Rule("novita.balance", Reason.BILLING,
         "https://novita.ai/docs/api-reference/error (2026-11-21)", {"novita"},
         codes={"not_enough_balance", "billing_balance_not_enough", "billing_auth_error",
         "billing_failed"}, scope=Scope.ACCOUNT),
    Rule("novita.model", Reason.MODEL_NOT_FOUND,
         "https://novita.ai/docs/api-reference/error (2026-11-21)", {"novita"},
         codes={"model_not_found", "invalid_model"}, scope=Scope.MODEL),
    Rule("novita.server", Reason.SERVER_ERROR,
         "https://novita.ai/docs/api-reference/error (2026-11-21)", {"novita"},
         codes={"server_not_available"}),
    Rule("deepinfra.balance", Reason.BILLING, "https://deepinfra.com/docs (2026-11-21)",
         {"deepinfra"}, contains=("inference prohibited", "please enter a payment method",
         "balance to continue"), scope=Scope.ACCOUNT),
)  # fmt: skip
