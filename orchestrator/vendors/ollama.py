"""Ollama: the server that users run, and its cloud."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import AmountPlace, BalanceEndpoint, Vendor

_DOC = "https://github.com/ollama/ollama/blob/main/docs/faq.md (2026-11-21)"

_RULES = (
    Rule("ollama.not-pulled", Reason.MODEL_NOT_FOUND, _DOC, elsewhere=True,
         contains=("try pulling it first", "file does not exist", "pull model manifest"),
         scope=Scope.MODEL,
         hint=("Ollama does not have this model: run ollama pull with its name on that "
         "machine.")),
    Rule("ollama.queue", Reason.OVERLOADED, _DOC, elsewhere=True,
         contains=("maximum pending requests", "server busy", "server overloaded",
         "temporarily overloaded")),
    Rule("ollama.cloud-window", Reason.RATE_LIMIT, "https://ollama.com/cloud (2026-11-21)",
         contains=("weekly usage limit", "hourly usage limit", "daily usage limit",
         "session usage limit", "usage limit", "too many concurrent requests"),
         unless=("monthly",),
         scope=Scope.ACCOUNT),
    Rule("ollama.memory", Reason.SERVER_ERROR, _DOC, elsewhere=True,
         contains=("requires more system memory", "out of memory", "unable to allocate",
         "cudamalloc failed", "failed to allocate"), scope=Scope.MODEL,
         hint=("The machine has too little memory for this model: use a smaller one, or "
         "close other programs there.")),
    Rule("ollama.runner", Reason.SERVER_ERROR, _DOC, elsewhere=True,
         contains=("runner process has terminated", "runner process no longer running",
         "llama runner", "model failed to load", "model runner has unexpectedly stopped",
         "error loading llama server")),
    Rule("ollama.no-tools", Reason.BAD_REQUEST, _DOC, elsewhere=True,
         contains=("does not support tools", "does not support thinking", "does not support chat",
         "does not support generate", "does not support image*", "does not support insert"),
         scope=Scope.MODEL,
         hint=("This model cannot do what the request asks for: leave that out, or choose "
         "another model.")),
    Rule("ollama.plan", Reason.BILLING, "https://ollama.com/cloud (2026-11-21)",
         contains=("requires a subscription", "upgrade for access", "requires a paid",
         "subscription is required"), scope=Scope.MODEL),
)  # fmt: skip

_BALANCES = (
    # Legacy plans tell shares of what is included, and no amount (the same page): what was
    # purchased alone is not what is left.
    BalanceEndpoint(
        "/api/balance",
        "https://docs.ollama.com/api/balance (2026-11-30)",
        (
            AmountPlace("included.balance_usd", "USD"),
            AmountPlace("purchased.balance_usd", "USD"),
        ),
        hosts=("ollama.com",),
    ),
)

VENDOR = Vendor(
    "ollama",
    base_url="http://localhost:11434/v1",
    keys=("OLLAMA_API_KEY",),
    documentation="https://docs.ollama.com/openai",
    keyless=True,
    runs_models=True,
    starter="llama3.2",
    balances=_BALANCES,
    rules=_RULES,
)
