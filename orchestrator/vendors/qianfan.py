"""Baidu Qianfan (ERNIE)."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://cloud.baidu.com/doc/WENXINWORKSHOP/s/tlmyncueh (2026-11-21)"

_RULES = (
    Rule("qianfan.billing", Reason.BILLING, _DOC, codes={"17", "19",
         "access_denied_overdue", "account_overdue", "coding_plan_expired"}, scope=Scope.ACCOUNT),
    Rule("qianfan.rate", Reason.RATE_LIMIT, _DOC, codes={"4", "18", "336501",
         "336502", "336504", "336505", "rpm_rate_limit_exceeded", "tpm_rate_limit_exceeded",
         "preemptible_rate_limit_exceeded", "user_rate_limit_exceeded",
         "cluster_rate_limit_exceeded", "rate_limit_exceeded"}),
    Rule("qianfan.auth", Reason.AUTH, _DOC, codes={"6", "14", "100", "110",
         "111", "13", "15", "invalid_iam_token", "invalid_appid", "invalid_api_key",
         "iam_certification"}, scope=Scope.KEY),
    Rule("qianfan.too-long", Reason.CONTEXT_OVERFLOW, _DOC, codes={"336007",
         "336103", "tokens_too_long"}, scope=Scope.REQUEST),
    Rule("qianfan.content", Reason.CONTENT_POLICY, _DOC, codes={"336104",
         "336105", "unsafe_request", "unsafe_answer"}, scope=Scope.REQUEST),
    Rule("qianfan.busy", Reason.OVERLOADED, _DOC, codes={"336100", "2",
         "service_busy", "internal_busy", "dispatch_internal_error"}),
)  # fmt: skip

VENDOR = Vendor(
    "qianfan",
    aliases=("baidu", "ernie", "wenxin"),
    runs_models=True,
    utc_offset=8,  # Beijing time, as docs.z.ai shows it (2026-11-21)
    rules=_RULES,
)
