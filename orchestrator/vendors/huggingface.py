"""Hugging Face: its router, and servers of Text Generation Inference."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://huggingface.co/docs/inference-providers/pricing (2026-11-21)"

_RULES = (
    Rule("huggingface.credits", Reason.BILLING, _DOC, elsewhere=True,
         contains=("monthly included credits", "monthly credits", "pre paid credits",
         "included credits"), scope=Scope.ACCOUNT,
         hint=("Your Hugging Face credits are used up: see "
         "https://huggingface.co/settings/billing.")),
    Rule("huggingface.402", Reason.BILLING, _DOC, statuses={402}, scope=Scope.ACCOUNT,
         hint=("Your Hugging Face credits are used up: see "
         "https://huggingface.co/settings/billing.")),
    Rule("huggingface.loading", Reason.OVERLOADED,
         "https://huggingface.co/docs/inference-providers (2026-11-21)", elsewhere=True,
         contains=("is currently loading", "estimated_time", "model too busy"), scope=Scope.MODEL),
    Rule("huggingface.tgi-overloaded", Reason.OVERLOADED,
         "https://huggingface.co/docs/text-generation-inference (2026-11-21)",
         codes={"overloaded"}),
    Rule("huggingface.tgi-validation", Reason.CONTEXT_OVERFLOW,
         "https://huggingface.co/docs/text-generation-inference (2026-11-21)",
         codes={"validation"}, contains=("tokens", "inputs"), scope=Scope.REQUEST),
    Rule("huggingface.gated", Reason.AUTH,
         "https://huggingface.co/docs/hub/models-gated (2026-11-21)", contains=("gated repo",
         "access to model … is restricted", "must be authenticated to access"), scope=Scope.MODEL),
)  # fmt: skip

VENDOR = Vendor(
    "huggingface",
    base_url="https://router.huggingface.co/v1",
    keys=("HF_TOKEN", "HUGGINGFACE_API_KEY"),
    documentation="https://huggingface.co/docs/inference-providers/tasks/chat-completion",
    checked="2026-11-21",
    aliases=("hf", "tgi"),
    starter="openai/gpt-oss-120b",
    rules=_RULES,
)
