"""Moonshot (Kimi): the platform and Kimi for Coding."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import AmountPlace, BalanceEndpoint, Vendor

_DOC = "https://platform.kimi.ai/docs/api/errors (2026-11-21)"
_KIMI_CODE = "https://www.kimi.com/code/docs/en/kimi-code/error-reference.html (2026-11-21)"
_TOP_UP = "The Moonshot balance is used up: recharge at https://platform.moonshot.ai/console/pay."

_RULES = (
    Rule("moonshot.no-money", Reason.BILLING, _DOC, elsewhere=True,
         codes={"exceeded_current_quota_error"}, scope=Scope.ACCOUNT,
         hint=_TOP_UP),
    Rule("moonshot.overloaded", Reason.OVERLOADED, _DOC,
         codes={"engine_overloaded_error"}, cover=True),
    Rule("moonshot.rate", Reason.RATE_LIMIT, _DOC,
         codes={"rate_limit_reached_error", "rate_limit_error"}, cover=True),
    Rule("moonshot.content", Reason.CONTENT_POLICY, _DOC, codes={"content_filter"},
         scope=Scope.REQUEST),
    Rule("moonshot.too-long", Reason.CONTEXT_OVERFLOW, _DOC,
         contains=("input token length too long", "exceeded model token limit"),
         scope=Scope.REQUEST),
    Rule("moonshot.message-bytes", Reason.PAYLOAD_TOO_LARGE, _KIMI_CODE,
         contains=("total message size", "file size is too large"), scope=Scope.REQUEST),
    Rule("moonshot.client-refused", Reason.FORBIDDEN, _KIMI_CODE,
         contains=("only available for coding agents", "currently only available for"),
         hint=("Kimi for Coding refuses this client: send the headers of an allowed coding "
         "agent, or use a platform key.")),
    Rule("moonshot.cycle-used-up", Reason.BILLING, _KIMI_CODE,
         contains=("usage limit for this billing cycle", "monthly usage limit",
         "membership benefit*", "quota for this billing cycle"), scope=Scope.ACCOUNT),
    Rule("moonshot.period-used-up", Reason.RATE_LIMIT, _KIMI_CODE,
         contains=("usage limit for this period", "too many requests",
         "max organization concurrency", "max rpm", "max tpm", "max tpd")),
    Rule("moonshot.terminated", Reason.AUTH, _KIMI_CODE,
         contains=("access terminated",), scope=Scope.ACCOUNT, revoked=True,
         hint=("Kimi ended this account's access: write to its support, or use another "
         "account.")),
    Rule("moonshot.model", Reason.MODEL_NOT_FOUND, _DOC,
         codes={"resource_not_found_error"}, scope=Scope.MODEL),
)  # fmt: skip

_BALANCES = (
    BalanceEndpoint(
        "/v1/users/me/balance",
        "https://platform.moonshot.cn/docs/api/balance (2026-11-30)",
        (AmountPlace("data.available_balance", "CNY"),),
        empty_at_zero=True,
        hosts=("api.moonshot.cn",),
    ),
    BalanceEndpoint(
        "/v1/users/me/balance",
        "https://platform.kimi.ai/docs/api/balance (2026-11-30)",
        (AmountPlace("data.available_balance", "USD"),),
        empty_at_zero=True,
        hosts=("api.moonshot.ai",),
    ),
)

VENDOR = Vendor(
    "moonshot",
    base_url="https://api.moonshot.ai/v1",
    keys=("MOONSHOT_API_KEY",),
    documentation="https://platform.kimi.ai/docs/api/overview",
    checked="2026-11-21",
    others={"anthropic-messages": "https://api.moonshot.ai/anthropic/v1"},
    aliases=("kimi", "kimi-coding", "kimi-for-coding"),
    runs_models=True,
    starter="kimi-k2.6",
    utc_offset=8,  # Beijing time, as docs.z.ai shows it (2026-11-21)
    balances=_BALANCES,
    top_up=_TOP_UP,
    telemetry_name="moonshot_ai",
    rules=_RULES,
)
