"""LM Studio."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://lmstudio.ai/docs (2026-11-21)"

_RULES = (
    Rule("lmstudio.no-model", Reason.MODEL_NOT_FOUND, _DOC, elsewhere=True,
         contains=("no models loaded", "multiple models are loaded", "model unloaded",
         "model is unloaded", "no model loaded", "model has unloaded", "failed to load model",
         "model not loaded", "failed to load last used model"), scope=Scope.MODEL,
         hint=("LM Studio has no such model loaded: load it there, with lms load or in the "
         "app.")),
    Rule("lmstudio.context", Reason.CONTEXT_OVERFLOW, _DOC, elsewhere=True,
         contains=("trying to keep the first", "greater than the context length", "n_keep",
         "reached context length", "context the overflows", "context overflow policy"),
         scope=Scope.REQUEST),
    Rule("lmstudio.crash", Reason.SERVER_ERROR, _DOC, elsewhere=True,
         contains=("model crashed", "channel error", "model has crashed", "engine protocol"),
         unless=("context size",)),
    Rule("lmstudio.template", Reason.BAD_REQUEST, _DOC, elsewhere=True,
         contains=("error rendering prompt with jinja template", "jinja template",
         "no user query found in messages"), scope=Scope.REQUEST),
)  # fmt: skip

VENDOR = Vendor(
    "lmstudio",
    base_url="http://localhost:1234/v1",
    keys=("LMSTUDIO_API_KEY", "LM_API_TOKEN"),
    documentation="https://lmstudio.ai/docs/app/api/endpoints/openai",
    checked="2026-11-21",
    keyless=True,
    aliases=("lm-studio",),
    runs_models=True,
    rules=_RULES,
)
