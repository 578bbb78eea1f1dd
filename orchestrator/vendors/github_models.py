"""GitHub Models."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://docs.github.com/en/github-models (2026-11-21)"

_RULES = (
    Rule("github-models.too-long", Reason.CONTEXT_OVERFLOW, _DOC, elsewhere=True,
         codes={"tokens_limit_reached"}, scope=Scope.REQUEST),
    Rule("github-models.model", Reason.MODEL_NOT_FOUND, _DOC,
         codes={"unavailable_model", "unknown_model", "no_access"}, scope=Scope.MODEL),
    Rule("github-models.rate", Reason.RATE_LIMIT, _DOC, elsewhere=True,
         codes={"ratelimitreached"}, scope=Scope.KEY),
    Rule("github-models.budget", Reason.BILLING, _DOC, codes={"budget_limit_reached"},
         scope=Scope.ACCOUNT),
)  # fmt: skip

VENDOR = Vendor(
    "github-models",
    base_url="https://models.github.ai/inference",
    keys=("GITHUB_MODELS_TOKEN", "GITHUB_TOKEN"),
    documentation="https://docs.github.com/en/rest/models/inference",
    limits_by_model=True,  # docs.github.com/en/github-models (rate limits by model tier)
    retired="2026-07-30",  # github.com/orgs/community/discussions/203602
    aliases=("github",),
    rules=_RULES,
)
