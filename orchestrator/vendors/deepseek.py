"""DeepSeek."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import AmountPlace, BalanceEndpoint, Vendor

_DOC = "https://api-docs.deepseek.com/quick_start/error_codes (2026-11-21)"
_TOP_UP = "Your DeepSeek balance is used up: top up at https://platform.deepseek.com/top_up."

_RULES = (
    Rule("deepseek.insufficient-balance", Reason.BILLING, _DOC,
         contains=("insufficient balance",), scope=Scope.ACCOUNT,
         hint=_TOP_UP),
    Rule("deepseek.payment-required", Reason.BILLING, _DOC, statuses={402},
         scope=Scope.ACCOUNT, hint=_TOP_UP),
    Rule("deepseek.key", Reason.AUTH, _DOC, statuses={401},
         scope=Scope.KEY, hint=("DeepSeek did not accept this key: check it at "
         "https://platform.deepseek.com/api_keys.")),
    Rule("deepseek.reasoning-content", Reason.BAD_REQUEST,
         "https://api-docs.deepseek.com/guides/thinking_mode (2026-11-21)",
         contains=("reasoning_content",), scope=Scope.REQUEST),
    Rule("deepseek.content", Reason.CONTENT_POLICY, "a 400 in these words (2026-11-21)",
         elsewhere=True, contains=("content exists risk",), scope=Scope.REQUEST),
)  # fmt: skip

_BALANCES = (
    BalanceEndpoint(
        "/user/balance",
        "https://api-docs.deepseek.com/api/get-user-balance (2026-11-30)",
        (AmountPlace("total_balance", currency_place="currency"),),
        rows="balance_infos",
        available="is_available",
    ),
)

VENDOR = Vendor(
    "deepseek",
    base_url="https://api.deepseek.com",
    keys=("DEEPSEEK_API_KEY",),
    documentation="https://api-docs.deepseek.com/",
    checked="2026-11-21",
    others={"anthropic-messages": "https://api.deepseek.com/anthropic/v1"},
    runs_models=True,
    starter="deepseek-v4-pro",
    utc_offset=8,  # Beijing time, as docs.z.ai shows it (2026-11-21)
    balances=_BALANCES,
    top_up=_TOP_UP,
    rules=_RULES,
)
