"""vLLM and SGLang, servers that users run."""

from __future__ import annotations

import re

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (2026-11-21)"

_RULES = (
    Rule("vllm.no-room-for-output", Reason.CONTEXT_OVERFLOW, _DOC, elsewhere=True,
         contains=("max_tokens must be at least", "max_completion_tokens must be at least"),
         regex=re.compile("got -\\d"), scope=Scope.REQUEST,
         hint=("The prompt leaves no room for output, so max_tokens came out negative: "
         "shorten the prompt.")),
    Rule("vllm.context", Reason.CONTEXT_OVERFLOW, _DOC, elsewhere=True,
         scope=Scope.REQUEST, contains=("maximum context length", "context length is only",
         "maximum model length", "longer than the maximum model length", "decoder prompt",
         "max_model_len", "reduce the length of the input", "maximum input length",
         "longer than the model's context length", "exceeds the model's maximum",
         "requested token count exceeds")),
    Rule("vllm.images", Reason.BAD_REQUEST, _DOC, contains=("at most … image*",
         "is not a multimodal model"), scope=Scope.REQUEST),
    Rule("vllm.model", Reason.MODEL_NOT_FOUND, _DOC, codes={"notfounderror"},
         scope=Scope.MODEL),
    Rule("vllm.tool-choice", Reason.BAD_REQUEST, _DOC, elsewhere=True,
         contains=("tool choice requires", "enable auto tool choice", "tool call parser"),
         scope=Scope.REQUEST,
         hint=("This vLLM server was started without tool calls: start it with "
         "--enable-auto-tool-choice and a --tool-call-parser.")),
    Rule("vllm.engine-dead", Reason.SERVER_ERROR, _DOC,
         contains=("enginecore encountered", "engine is dead", "engine loop", "asyncengine*",
         "background loop has errored")),
)  # fmt: skip

VENDOR = Vendor(
    "vllm",
    base_url="http://localhost:8000/v1",
    keys=("VLLM_API_KEY",),
    documentation="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    keyless=True,
    aliases=("sglang",),
    runs_models=True,
    rules=_RULES,
)
