"""NVIDIA's hosted NIM models."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.api.nvidia.com/nim/reference/status-codes (2026-11-21)"

_RULES = (
    Rule("nvidia.function", Reason.MODEL_NOT_FOUND, _DOC, elsewhere=True,
         contains=("function … not found for account", "not found for account"), scope=Scope.MODEL,
         hint=("NVIDIA removed this model or your account has no access to it: choose one "
         "from https://build.nvidia.com.")),
    Rule("nvidia.credits", Reason.BILLING, _DOC, contains=("cloud credits",
         "credits expired", "credits exhausted", "account … credits"), scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "nvidia-nim",
    base_url="https://integrate.api.nvidia.com/v1",
    keys=("NVIDIA_API_KEY", "NVIDIA_NIM_API_KEY"),
    documentation="https://docs.api.nvidia.com/nim/reference/llm-apis",
    checked="2026-11-21",
    aliases=("nvidia", "nim"),
    runs_models=True,
    starter="openai/gpt-oss-120b",
    rules=_RULES,
)
