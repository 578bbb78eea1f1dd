"""xAI: the API and the Grok subscriptions."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.x.ai/docs/key-information/debugging (2026-11-21)"

_RULES = (
    Rule("xai.content", Reason.CONTENT_POLICY, _DOC, elsewhere=True,
         contains=("content violates usage guidelines", "safety_check_type*", "failed check"),
         scope=Scope.REQUEST),
    Rule("xai.entitlement", Reason.AUTH,
         "subscription logins without an active plan: another login helps (2026)",
         contains=("do not have an active grok subscription",
         "either run out of available resources"), scope=Scope.KEY,
         hint=("This login has no active Grok plan: manage it at https://grok.com/, or use "
         "another login.")),
    Rule("xai.no-money", Reason.BILLING, _DOC, elsewhere=True,
         contains=("used all available credits", "monthly spending limit", "run out of credits",
         "need a grok subscription", "doesn't have any credits",
         "does not have any credits", "no credits left"), scope=Scope.ACCOUNT,
         hint="The xAI team has no credits left: add some at https://console.x.ai."),
    Rule("xai.key", Reason.AUTH, _DOC, contains=("incorrect api key",
         "api key is currently blocked", "invalid api key", "no api key", "api key is disabled",
         "acls"), scope=Scope.KEY,
         hint="xAI did not accept this key: check it at https://console.x.ai."),
    Rule("xai.exhausted", Reason.RATE_LIMIT, _DOC,
         codes={"some resource has been exhausted", "resource-exhausted", "resource_exhausted"},
         unless=("credits", "spending limit", "at capacity", "overloaded", "high demand")),
    Rule("xai.unavailable", Reason.OVERLOADED, _DOC,
         codes={"the service is currently unavailable", "unavailable"}),
)  # fmt: skip

VENDOR = Vendor(
    "xai",
    base_url="https://api.x.ai/v1",
    keys=("XAI_API_KEY",),
    documentation="https://docs.x.ai/docs/api-reference",
    limits_by_model=True,  # docs.x.ai/docs/consumption-and-rate-limits
    aliases=("xai-oauth", "grok", "x-ai"),
    runs_models=True,
    starter="grok-4",
    telemetry_name="x_ai",
    rules=_RULES,
)
