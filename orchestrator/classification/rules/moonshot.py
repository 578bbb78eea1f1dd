"""Moonshot (Kimi): the platform and Kimi for Coding."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_KIMI = {"moonshot"}
_KIMI_DOC = "https://platform.kimi.ai/docs/api/errors (2026-11-21)"
_KIMI_CODE = "https://www.kimi.com/code/docs/en/kimi-code/error-reference.html (2026-11-21)"

RULES: tuple[Rule, ...] = (
    Rule("moonshot.no-money", Reason.BILLING, _KIMI_DOC, _KIMI, elsewhere=True,
         codes={"exceeded_current_quota_error"}, scope=Scope.ACCOUNT,
         hint=("The Moonshot balance is used up: recharge at "
         "https://platform.moonshot.ai/console/pay.")),
    Rule("moonshot.overloaded", Reason.OVERLOADED, _KIMI_DOC, _KIMI,
         codes={"engine_overloaded_error"}, cover=True),
    Rule("moonshot.rate", Reason.RATE_LIMIT, _KIMI_DOC, _KIMI,
         codes={"rate_limit_reached_error", "rate_limit_error"}, cover=True),
    Rule("moonshot.content", Reason.CONTENT_POLICY, _KIMI_DOC, _KIMI, codes={"content_filter"},
         scope=Scope.REQUEST),
    Rule("moonshot.too-long", Reason.CONTEXT_OVERFLOW, _KIMI_DOC, _KIMI,
         contains=("input token length too long", "exceeded model token limit"),
         scope=Scope.REQUEST),
    Rule("moonshot.message-bytes", Reason.PAYLOAD_TOO_LARGE, _KIMI_CODE, _KIMI,
         contains=("total message size", "file size is too large"), scope=Scope.REQUEST),
    Rule("moonshot.client-refused", Reason.FORBIDDEN, _KIMI_CODE, _KIMI,
         contains=("only available for coding agents", "currently only available for"),
         hint=("Kimi for Coding refuses this client: send the headers of an allowed coding "
         "agent, or use a platform key.")),
    Rule("moonshot.cycle-used-up", Reason.BILLING, _KIMI_CODE, _KIMI,
         contains=("usage limit for this billing cycle", "monthly usage limit",
         "membership benefit*", "quota for this billing cycle"), scope=Scope.ACCOUNT),
    Rule("moonshot.period-used-up", Reason.RATE_LIMIT, _KIMI_CODE, _KIMI,
         contains=("usage limit for this period", "too many requests",
         "max organization concurrency", "max rpm", "max tpm", "max tpd")),
    Rule("moonshot.terminated", Reason.AUTH, _KIMI_CODE, _KIMI,
         contains=("access terminated",), scope=Scope.ACCOUNT, revoked=True,
         hint=("Kimi ended this account's access: write to its support, or use another "
         "account.")),
    Rule("moonshot.model", Reason.MODEL_NOT_FOUND, _KIMI_DOC, _KIMI,
         codes={"resource_not_found_error"}, scope=Scope.MODEL),
)  # fmt: skip
