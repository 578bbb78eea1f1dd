"""llama.cpp's server."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://github.com/ggml-org/llama.cpp/tree/master/tools/server (2026-11-21)"

_RULES = (
    Rule("llamacpp.context-type", Reason.CONTEXT_OVERFLOW, _DOC, elsewhere=True,
         codes={"exceed_context_size_error"}, scope=Scope.REQUEST,
         hint=("The prompt does not fit the server's context: shorten it, or start the "
         "server with a larger context.")),
    Rule("llamacpp.context", Reason.CONTEXT_OVERFLOW, _DOC, elsewhere=True,
         scope=Scope.REQUEST, contains=("exceeds the available context size",
         "exceed context window", "exceeds context window", "context size has been exceeded",
         "slot context", "context shift", "n_keep … n_ctx", "n_ctx",
         "failed to find free space in the kv cache", "kv cache", "input is too large to process",
         "increase the physical batch size", "kvslot"),
         hint=("The prompt does not fit the server's context: shorten it, or start the "
         "server with a larger context.")),
    Rule("llamacpp.loading", Reason.OVERLOADED, _DOC, elsewhere=True,
         contains=("loading model", "no slot available", "no available slot", "model is loading"),
         statuses={500, 503, 429}),
    Rule("llamacpp.loading-type", Reason.OVERLOADED, _DOC,
         codes={"unavailable_error"}),
)  # fmt: skip

VENDOR = Vendor(
    "llamacpp",
    base_url="http://localhost:8080/v1",
    keys=("LLAMA_API_KEY",),
    documentation="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    keyless=True,
    aliases=("llama-cpp", "llama.cpp", "llama-server", "llama-cpp-python"),
    runs_models=True,
    rules=_RULES,
)
