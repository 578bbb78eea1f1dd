"""Fireworks."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.fireworks.ai/guides/inference-error-codes (2026-11-21)"

_RULES = (
    Rule("fireworks.suspended", Reason.BILLING, _DOC, elsewhere=True,
         codes={"precondition_failed"}, contains=("suspended", "spending limit", "past invoices",
         "billing"), scope=Scope.ACCOUNT,
         hint=("The Fireworks account is suspended for its limit or unpaid invoices: see "
         "https://fireworks.ai/account/billing.")),
    Rule("fireworks.412", Reason.BILLING, _DOC, statuses={412},
         scope=Scope.ACCOUNT,
         hint=("The Fireworks account is suspended for its limit or unpaid invoices: see "
         "https://fireworks.ai/account/billing.")),
    Rule("fireworks.model", Reason.MODEL_NOT_FOUND, _DOC,
         contains=("model not found, inaccessible",), scope=Scope.MODEL),
)  # fmt: skip

VENDOR = Vendor(
    "fireworks",
    base_url="https://api.fireworks.ai/inference/v1",
    keys=("FIREWORKS_API_KEY",),
    documentation="https://docs.fireworks.ai/tools-sdks/openai-compatibility",
    checked="2026-11-21",
    runs_models=True,
    starter="accounts/fireworks/models/gpt-oss-120b",
    rules=_RULES,
)
