"""Together."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.together.ai/docs/error-codes (2026-11-21)"

_RULES = (
    Rule("together.per-minute", Reason.RATE_LIMIT, _DOC,
         codes={"credit_limit", "model_rate_limit", "dynamic_request_limited",
         "dynamic_token_limited"}, contains=("rate limited", "per minute", "rate limit",
         "queries per")),
    Rule("together.dynamic", Reason.RATE_LIMIT, _DOC,
         codes={"dynamic_request_limited", "dynamic_token_limited", "model_rate_limit"}),
    Rule("together.credit", Reason.BILLING, _DOC, elsewhere=True,
         codes={"credit_limit"}, scope=Scope.ACCOUNT, unless=("rate limited", "per minute"),
         hint=("Your Together credit is used up: add credit at "
         "https://api.together.ai/settings/billing.")),
    Rule("together.too-long", Reason.CONTEXT_OVERFLOW, _DOC,
         elsewhere=True, contains=("`inputs` tokens + `max_new_tokens`", "inputs tokens",
         "input validation error: `inputs`"), scope=Scope.REQUEST),
    Rule("together.402", Reason.BILLING, _DOC, statuses={402},
         scope=Scope.ACCOUNT, unless=("per minute", "rate limited"),
         hint=("Your Together credit is used up: add credit at "
         "https://api.together.ai/settings/billing.")),
)  # fmt: skip

VENDOR = Vendor(
    "together",
    base_url="https://api.together.ai/v1",
    keys=("TOGETHER_API_KEY",),
    documentation="https://docs.together.ai/docs/inference/openai-compatibility",
    checked="2026-11-21",
    limits_by_model=True,  # docs.together.ai/docs/rate-limits
    domains=("api.together.xyz",),  # its former host
    aliases=("togetherai", "together-ai"),
    runs_models=True,
    starter="openai/gpt-oss-120b",
    rules=_RULES,
)
