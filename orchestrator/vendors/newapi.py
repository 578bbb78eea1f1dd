"""Relays that run New API or One API."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://doc.newapi.pro/ (2026-11-21)"

_RULES = (
    Rule("newapi.no-channel", Reason.MODEL_NOT_FOUND, _DOC, elsewhere=True,
         contains=("无可用渠道", "没有可用渠道", "无可用的渠道", "没有可用的渠道",
         "no available channel", "no available channels"), scope=Scope.MODEL,
         hint=("The relay has no channel that serves this model in your group: choose "
         "another model, or ask its administrator.")),
    Rule("newapi.no-money", Reason.BILLING, _DOC, elsewhere=True,
         codes={"insufficient_user_quota", "pre_consume_token_quota_failed",
         "insufficient_token_quota"}, scope=Scope.ACCOUNT,
         hint=("The relay's quota for this user or token is used up: recharge it at the "
         "relay.")),
    Rule("newapi.no-money-words", Reason.BILLING, _DOC, elsewhere=True,
         contains=("用户额度不足", "令牌额度", "额度已用尽", "预扣费额度失败",
         "user quota is not enough", "token quota is not enough", "pre consume"),
         scope=Scope.ACCOUNT,
         hint=("The relay's quota for this user or token is used up: recharge it at the "
         "relay.")),
)  # fmt: skip

VENDOR = Vendor(
    "newapi",
    rules=_RULES,
)
