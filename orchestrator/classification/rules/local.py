"""Servers that users run themselves: Ollama, vLLM, llama.cpp, LM Studio, SGLang, TGI."""

from __future__ import annotations

import re

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_OLLAMA = {"ollama"}
_OLLAMA_DOC = "https://github.com/ollama/ollama/blob/main/docs/faq.md (2026-11-21)"
_VLLM = {"vllm", "sglang"}
_VLLM_DOC = "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (2026-11-21)"
_LLAMA = {"llamacpp"}
_LLAMA_DOC = "https://github.com/ggml-org/llama.cpp/tree/master/tools/server (2026-11-21)"
_STUDIO = {"lmstudio"}
_STUDIO_DOC = "https://lmstudio.ai/docs (2026-11-21)"

RULES: tuple[Rule, ...] = (
    Rule("ollama.not-pulled", Reason.MODEL_NOT_FOUND, _OLLAMA_DOC, _OLLAMA, elsewhere=True,
         contains=("try pulling it first", "file does not exist", "pull model manifest"),
         scope=Scope.MODEL,
         hint=("Ollama does not have this model: run ollama pull with its name on that "
         "machine.")),
    Rule("ollama.queue", Reason.OVERLOADED, _OLLAMA_DOC, _OLLAMA, elsewhere=True,
         contains=("maximum pending requests", "server busy", "server overloaded",
         "temporarily overloaded")),
    Rule("ollama.cloud-window", Reason.RATE_LIMIT, "https://ollama.com/cloud (2026-11-21)",
         _OLLAMA, contains=("weekly usage limit", "hourly usage limit", "daily usage limit",
         "session usage limit", "usage limit", "too many concurrent requests"), unless=("monthly",),
         scope=Scope.ACCOUNT),
    Rule("ollama.memory", Reason.SERVER_ERROR, _OLLAMA_DOC, _OLLAMA, elsewhere=True,
         contains=("requires more system memory", "out of memory", "unable to allocate",
         "cudamalloc failed", "failed to allocate"), scope=Scope.MODEL,
         hint=("The machine has too little memory for this model: use a smaller one, or "
         "close other programs there.")),
    Rule("ollama.runner", Reason.SERVER_ERROR, _OLLAMA_DOC, _OLLAMA, elsewhere=True,
         contains=("runner process has terminated", "runner process no longer running",
         "llama runner", "model failed to load", "model runner has unexpectedly stopped",
         "error loading llama server")),
    Rule("ollama.no-tools", Reason.BAD_REQUEST, _OLLAMA_DOC, _OLLAMA, elsewhere=True,
         contains=("does not support tools", "does not support thinking", "does not support chat",
         "does not support generate", "does not support image*", "does not support insert"),
         scope=Scope.MODEL,
         hint=("This model cannot do what the request asks for: leave that out, or choose "
         "another model.")),
    Rule("ollama.plan", Reason.BILLING, "https://ollama.com/cloud (2026-11-21)", _OLLAMA,
         contains=("requires a subscription", "upgrade for access", "requires a paid",
         "subscription is required"), scope=Scope.MODEL),
    Rule("llamacpp.context-type", Reason.CONTEXT_OVERFLOW, _LLAMA_DOC, _LLAMA, elsewhere=True,
         codes={"exceed_context_size_error"}, scope=Scope.REQUEST,
         hint=("The prompt does not fit the server's context: shorten it, or start the "
         "server with a larger context.")),
    Rule("llamacpp.context", Reason.CONTEXT_OVERFLOW, _LLAMA_DOC, _LLAMA, elsewhere=True,
         scope=Scope.REQUEST, contains=("exceeds the available context size",
         "exceed context window", "exceeds context window", "context size has been exceeded",
         "slot context", "context shift", "n_keep … n_ctx", "n_ctx",
         "failed to find free space in the kv cache", "kv cache", "input is too large to process",
         "increase the physical batch size", "kvslot"),
         hint=("The prompt does not fit the server's context: shorten it, or start the "
         "server with a larger context.")),
    Rule("llamacpp.loading", Reason.OVERLOADED, _LLAMA_DOC, _LLAMA, elsewhere=True,
         contains=("loading model", "no slot available", "no available slot", "model is loading"),
         statuses={500, 503, 429}),
    Rule("llamacpp.loading-type", Reason.OVERLOADED, _LLAMA_DOC, _LLAMA,
         codes={"unavailable_error"}),
    Rule("lmstudio.no-model", Reason.MODEL_NOT_FOUND, _STUDIO_DOC, _STUDIO, elsewhere=True,
         contains=("no models loaded", "multiple models are loaded", "model unloaded",
         "model is unloaded", "no model loaded", "model has unloaded", "failed to load model",
         "model not loaded", "failed to load last used model"), scope=Scope.MODEL,
         hint=("LM Studio has no such model loaded: load it there, with lms load or in the "
         "app.")),
    Rule("lmstudio.context", Reason.CONTEXT_OVERFLOW, _STUDIO_DOC, _STUDIO, elsewhere=True,
         contains=("trying to keep the first", "greater than the context length", "n_keep",
         "reached context length", "context the overflows", "context overflow policy"),
         scope=Scope.REQUEST),
    Rule("lmstudio.crash", Reason.SERVER_ERROR, _STUDIO_DOC, _STUDIO, elsewhere=True,
         contains=("model crashed", "channel error", "model has crashed", "engine protocol")),
    Rule("lmstudio.template", Reason.BAD_REQUEST, _STUDIO_DOC, _STUDIO, elsewhere=True,
         contains=("error rendering prompt with jinja template", "jinja template",
         "no user query found in messages"), scope=Scope.REQUEST),
    Rule("vllm.no-room-for-output", Reason.CONTEXT_OVERFLOW, _VLLM_DOC, _VLLM, elsewhere=True,
         contains=("max_tokens must be at least", "max_completion_tokens must be at least"),
         regex=re.compile("got -\\d"), scope=Scope.REQUEST,
         hint=("The prompt leaves no room for output, so max_tokens came out negative: "
         "shorten the prompt.")),
    Rule("vllm.context", Reason.CONTEXT_OVERFLOW, _VLLM_DOC, _VLLM, elsewhere=True,
         scope=Scope.REQUEST, contains=("maximum context length", "context length is only",
         "maximum model length", "longer than the maximum model length", "decoder prompt",
         "max_model_len", "reduce the length of the input", "maximum input length",
         "longer than the model's context length", "exceeds the model's maximum",
         "requested token count exceeds")),
    Rule("vllm.images", Reason.BAD_REQUEST, _VLLM_DOC, _VLLM, contains=("at most … image*",
         "is not a multimodal model"), scope=Scope.REQUEST),
    Rule("vllm.model", Reason.MODEL_NOT_FOUND, _VLLM_DOC, _VLLM, codes={"notfounderror"},
         scope=Scope.MODEL),
    Rule("vllm.tool-choice", Reason.BAD_REQUEST, _VLLM_DOC, _VLLM, elsewhere=True,
         contains=("tool choice requires", "enable auto tool choice", "tool call parser"),
         scope=Scope.REQUEST,
         hint=("This vLLM server was started without tool calls: start it with "
         "--enable-auto-tool-choice and a --tool-call-parser.")),
    Rule("vllm.engine-dead", Reason.SERVER_ERROR, _VLLM_DOC, _VLLM,
         contains=("enginecore encountered", "engine is dead", "engine loop", "asyncengine*",
         "background loop has errored")),
)  # fmt: skip
