"""OpenCode Zen and Go."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_RULES = (
    Rule("opencode.free-used-up", Reason.RATE_LIMIT,
         "https://opencode.ai/docs/zen (2026-11-21)",
         codes={"freeusagelimiterror", "gousagelimiterror", "ratelimiterror"}, unless=("balance",
         "credits"), scope=Scope.ACCOUNT),
    Rule("opencode.no-money", Reason.BILLING, "https://opencode.ai/docs/zen (2026-11-21)",
         codes={"creditserror", "monthlylimiterror", "userlimiterror",
         "subscriptionerror"}, scope=Scope.ACCOUNT,
         hint=("Your OpenCode balance or limit is used up: see https://opencode.ai/ under "
         "billing.")),
    Rule("opencode.model", Reason.MODEL_NOT_FOUND, "https://opencode.ai/docs/zen (2026-11-21)",
         codes={"modelerror"}, scope=Scope.MODEL),
)  # fmt: skip

VENDOR = Vendor(
    "opencode-zen",
    aliases=("opencode", "opencode-go", "zen"),
    rules=_RULES,
)
