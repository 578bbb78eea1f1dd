"""Cloudflare Workers AI."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://developers.cloudflare.com/workers-ai/platform/errors/ (2026-11-21)"

_RULES = (
    Rule("cloudflare.capacity", Reason.OVERLOADED, _DOC, codes={"3040", "3039"},
         scope=Scope.MODEL),
    Rule("cloudflare.neurons", Reason.RATE_LIMIT,
         ("https://developers.cloudflare.com/workers-ai/platform/pricing/: neurons "
         "refill at 00:00 UTC (2026-11-21)"), codes={"3036", "4006"}, scope=Scope.ACCOUNT,
         hint=("The free neurons of the day are used up: they refill at 00:00 UTC, or go to "
         "the Workers Paid plan.")),
    Rule("cloudflare.model", Reason.MODEL_NOT_FOUND, _DOC, codes={"5007", "5018",
         "3042", "5016"}, scope=Scope.MODEL),
    Rule("cloudflare.too-long", Reason.CONTEXT_OVERFLOW, _DOC, codes={"5021"},
         scope=Scope.REQUEST),
    Rule("cloudflare.payload", Reason.PAYLOAD_TOO_LARGE, _DOC, codes={"3006"},
         scope=Scope.REQUEST),
    Rule("cloudflare.timeout", Reason.SERVER_ERROR, _DOC, codes={"3007", "3008",
         "3043", "3046"}),
    Rule("cloudflare.account", Reason.AUTH, _DOC, codes={"10000", "9109", "3041",
         "3023", "6003", "9106", "10001", "7003"}, scope=Scope.KEY),
    Rule("cloudflare.input", Reason.BAD_REQUEST, _DOC, codes={"5004", "5006", "3003",
         "5005", "5023"}, unless=("context", "tokens"), scope=Scope.REQUEST),
)  # fmt: skip

VENDOR = Vendor(
    "cloudflare",
    aliases=("workers-ai", "cloudflare-workers-ai"),
    runs_models=True,
    rules=_RULES,
)
