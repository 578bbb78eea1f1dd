"""Groq."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://console.groq.com/docs/errors (2026-11-21)"

_RULES = (
    Rule("groq.request-above-budget", Reason.CONTEXT_OVERFLOW, _DOC,
         elsewhere=True, codes={"rate_limit_exceeded", "tokens"},
         contains=("request too large for model",), scope=Scope.REQUEST,
         hint=("This one request is larger than the whole budget of a minute, so waiting "
         "never helps: shorten it or raise the limit.")),
    Rule("groq.over-capacity", Reason.OVERLOADED, _DOC,
         codes={"internal_server_error", "capacity_exceeded", "over_capacity"},
         contains=("over capacity", "at capacity"), scope=Scope.MODEL),
    Rule("groq.flex-capacity", Reason.OVERLOADED, _DOC, statuses={498},
         codes={"capacity_exceeded", "flex_tier_capacity_exceeded"}, scope=Scope.MODEL),
    Rule("groq.498", Reason.OVERLOADED,
         ("https://console.groq.com/docs/flex-processing: 498 is flex capacity (2026-11-21)"),
         statuses={498}, scope=Scope.MODEL),
    Rule("groq.spend-limit", Reason.BILLING,
         "https://console.groq.com/docs/spend-limits (2026-11-21)",
         codes={"blocked_api_access", "spend_limit_reached"}, scope=Scope.ACCOUNT,
         hint=("The Groq organisation reached its spend limit: raise it at "
         "https://console.groq.com/settings/billing.")),
    Rule("groq.restricted", Reason.AUTH, _DOC, codes={"organization_restricted"},
         scope=Scope.ACCOUNT,
         hint=("Groq restricted this organisation: write to its support, or use another "
         "account.")),
    Rule("groq.resample", Reason.SERVER_ERROR, _DOC, codes={"tool_use_failed",
         "json_validate_failed"},
         hint=("The model wrote output that does not parse: send the request again, or "
         "simplify the tools.")),
    Rule("groq.network", Reason.FORBIDDEN, _DOC,
         contains=("check your network settings",),
         hint=("Groq refuses the network you send from (VPN or region): use another network.")),
)  # fmt: skip

VENDOR = Vendor(
    "groq",
    base_url="https://api.groq.com/openai/v1",
    keys=("GROQ_API_KEY",),
    documentation="https://console.groq.com/docs/openai",
    checked="2026-11-21",
    limits_by_model=True,  # console.groq.com/docs/rate-limits
    runs_models=True,
    starter="openai/gpt-oss-120b",
    rules=_RULES,
)
