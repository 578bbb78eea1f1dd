"""Mistral."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.mistral.ai/api/ (2026-11-21)"

_RULES = (
    Rule("mistral.too-long", Reason.CONTEXT_OVERFLOW, _DOC, codes={"3051",
         "invalid_request_prompt"}, contains=("too large for model", "maximum context", "tokens"),
         scope=Scope.REQUEST),
    Rule("mistral.model", Reason.MODEL_NOT_FOUND, _DOC, codes={"1500",
         "invalid_model"}, scope=Scope.MODEL),
    Rule("mistral.capacity", Reason.OVERLOADED, _DOC, codes={"3505",
         "service_tier_capacity_exceeded"}, scope=Scope.MODEL),
    Rule("mistral.capacity-words", Reason.OVERLOADED, _DOC,
         contains=("service tier capacity exceeded",), scope=Scope.MODEL),
    Rule("mistral.rate", Reason.RATE_LIMIT, _DOC, codes={"1300",
         "rate_limited", "requests_rate_limit"}),
    Rule("mistral.request", Reason.BAD_REQUEST, _DOC, codes={"3230", "3240",
         "invalid_request_message_order", "invalid_request_assistant_message",
         "invalid_request_function_call"}, scope=Scope.REQUEST),
)  # fmt: skip

VENDOR = Vendor(
    "mistral",
    base_url="https://api.mistral.ai/v1",
    keys=("MISTRAL_API_KEY",),
    documentation="https://docs.mistral.ai/api/",
    checked="2026-11-21",
    limits_by_model=True,  # docs.mistral.ai/deployment/ai-studio/tier
    runs_models=True,
    starter="mistral-large-latest",
    telemetry_name="mistral_ai",
    rules=_RULES,
)
