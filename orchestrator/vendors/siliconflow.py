"""SiliconFlow."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import AmountPlace, BalanceEndpoint, Vendor

_DOC = "https://docs.siliconflow.cn/cn/faqs/error-code (2026-11-21)"

_RULES = (
    Rule("siliconflow.balance", Reason.BILLING, _DOC, codes={"30001"},
         scope=Scope.ACCOUNT, hint=("Your SiliconFlow balance is used up: recharge at "
         "https://cloud.siliconflow.cn/expensebill.")),
    Rule("siliconflow.identity", Reason.AUTH, _DOC, codes={"30011", "30014"},
         contains=("identity", "verification", "real name", "实名"), scope=Scope.ACCOUNT),
    Rule("siliconflow.model", Reason.MODEL_NOT_FOUND, _DOC, codes={"20012", "30003"},
         scope=Scope.MODEL),
    Rule("siliconflow.parameter", Reason.BAD_REQUEST, _DOC, codes={"20015",
         "20037"}, unless=("max_seq_len", "max_total_tokens", "context", "too long", "seq len",
         "exceed")),
    Rule("siliconflow.too-long", Reason.CONTEXT_OVERFLOW, _DOC,
         contains=("max_seq_len", "max_total_tokens", "maximum length", "length of prompt_tokens"),
         scope=Scope.REQUEST),
    Rule("siliconflow.busy", Reason.OVERLOADED, _DOC, codes={"50505", "50603",
         "50604"}),
    Rule("siliconflow.failed", Reason.SERVER_ERROR, _DOC, codes={"50501", "50507",
         "60000", "50508"}),
    Rule("siliconflow.rate", Reason.RATE_LIMIT, _DOC, codes={"50602", "20052"}),
    Rule("siliconflow.rate-words", Reason.RATE_LIMIT, _DOC,
         contains=("rejected due to rate limiting", "tpm limit reached", "rpm limit reached",
         "ipm limit reached")),
)  # fmt: skip

_BALANCES = (
    # Ended at the Chinese address on 2026-08-14: docs.siliconflow.cn/docs/release-notes/overview.
    BalanceEndpoint(
        "/v1/user/info",
        "https://docs.siliconflow.com/cn/api-reference/userinfo/get-user-info (2026-11-30)",
        (AmountPlace("data.totalBalance", "USD"),),
        hosts=("api.siliconflow.com",),
    ),
)

VENDOR = Vendor(
    "siliconflow",
    base_url="https://api.siliconflow.com/v1",
    keys=("SILICONFLOW_API_KEY",),
    documentation="https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions",
    checked="2026-11-21",
    limits_by_model=True,  # docs.siliconflow.com/en/userguide/rate-limits
    runs_models=True,
    starter="deepseek-ai/DeepSeek-V4-Pro",
    utc_offset=8,  # Beijing time, as docs.z.ai shows it (2026-11-21)
    balances=_BALANCES,
    rules=_RULES,
)
