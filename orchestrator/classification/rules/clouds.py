"""Databricks, Cloudflare, NVIDIA, Hugging Face, GitHub Models."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_DBX = {"databricks"}
_DBX_DOC = "https://docs.databricks.com/aws/en/error-messages/error-classes (2026-11-21)"
_CF = {"cloudflare"}
_CF_DOC = "https://developers.cloudflare.com/workers-ai/platform/errors/ (2026-11-21)"
_NIM = {"nvidia-nim"}
_NIM_DOC = "https://docs.api.nvidia.com/nim/reference/status-codes (2026-11-21)"
_HF = {"huggingface"}
_HF_DOC = "https://huggingface.co/docs/inference-providers/pricing (2026-11-21)"
_GH = {"github-models"}
_GH_DOC = "https://docs.github.com/en/github-models (2026-11-21)"

RULES: tuple[Rule, ...] = (
    Rule("databricks.path", Reason.MODEL_NOT_FOUND, _DBX_DOC, _DBX,
         codes={"endpoint_not_found"}, scope=Scope.MODEL,
         hint=("No such path on Databricks: base_url must end in an API namespace, "
         "/serving-endpoints on the workspace or /openai, /anthropic on the AI Gateway.")),
    Rule("databricks.endpoint", Reason.MODEL_NOT_FOUND, _DBX_DOC, _DBX,
         codes={"resource_does_not_exist", "not_found", "feature_disabled"}, scope=Scope.MODEL,
         hint=("The Databricks workspace has no serving endpoint of this name: check the "
         "name in the workspace.")),
    Rule("databricks.rate", Reason.RATE_LIMIT, _DBX_DOC, _DBX, codes={"request_limit_exceeded",
         "resource_exhausted", "rate_limited"}),
    Rule("databricks.busy", Reason.OVERLOADED, _DBX_DOC, _DBX,
         codes={"temporarily_unavailable", "deadline_exceeded_upstream"}),
    Rule("databricks.auth", Reason.AUTH, _DBX_DOC, _DBX, codes={"permission_denied",
         "unauthenticated", "invalid_token", "403", "401"}, statuses={401, 403},
         unless=("ip access list", "ip acl", "network", "credits", "payment", "billing"),
         hint=("Databricks did not accept this token for this endpoint: check its "
         "permissions and that it belongs to this workspace.")),
    Rule("databricks.parameters", Reason.BAD_REQUEST, _DBX_DOC, _DBX,
         codes={"invalid_parameter_value", "bad_request", "malformed_request"}, unless=("context",
         "too long", "maximum", "tokens")),
    Rule("databricks.budget", Reason.BILLING, _DBX_DOC, _DBX, codes={"billing_disabled",
         "customer_unauthorized"}, scope=Scope.ACCOUNT),
    Rule("cloudflare.capacity", Reason.OVERLOADED, _CF_DOC, _CF, codes={"3040", "3039"},
         scope=Scope.MODEL),
    Rule("cloudflare.neurons", Reason.RATE_LIMIT,
         ("https://developers.cloudflare.com/workers-ai/platform/pricing/: neurons "
         "refill at 00:00 UTC (2026-11-21)"), _CF, codes={"3036", "4006"}, scope=Scope.ACCOUNT,
         hint=("The free neurons of the day are used up: they refill at 00:00 UTC, or go to "
         "the Workers Paid plan.")),
    Rule("cloudflare.model", Reason.MODEL_NOT_FOUND, _CF_DOC, _CF, codes={"5007", "5018",
         "3042", "5016"}, scope=Scope.MODEL),
    Rule("cloudflare.too-long", Reason.CONTEXT_OVERFLOW, _CF_DOC, _CF, codes={"5021", "3023x"},
         scope=Scope.REQUEST),
    Rule("cloudflare.payload", Reason.PAYLOAD_TOO_LARGE, _CF_DOC, _CF, codes={"3006", "8007x"},
         scope=Scope.REQUEST),
    Rule("cloudflare.timeout", Reason.SERVER_ERROR, _CF_DOC, _CF, codes={"3007", "3008",
         "3043", "3046"}),
    Rule("cloudflare.account", Reason.AUTH, _CF_DOC, _CF, codes={"10000", "9109", "3041",
         "3023", "6003", "9106", "10001", "7003"}, scope=Scope.KEY),
    Rule("cloudflare.input", Reason.BAD_REQUEST, _CF_DOC, _CF, codes={"5004", "5006", "3003",
         "5005", "5023"}, unless=("context", "tokens"), scope=Scope.REQUEST),
    Rule("nvidia.function", Reason.MODEL_NOT_FOUND, _NIM_DOC, _NIM, elsewhere=True,
         contains=("function … not found for account", "not found for account"), scope=Scope.MODEL,
         hint=("NVIDIA removed this model or your account has no access to it: choose one "
         "from https://build.nvidia.com.")),
    Rule("nvidia.credits", Reason.BILLING, _NIM_DOC, _NIM, contains=("cloud credits",
         "credits expired", "credits exhausted", "account … credits"), scope=Scope.ACCOUNT),
    Rule("huggingface.credits", Reason.BILLING, _HF_DOC, _HF, elsewhere=True,
         contains=("monthly included credits", "monthly credits", "pre paid credits",
         "included credits"), scope=Scope.ACCOUNT,
         hint=("Your Hugging Face credits are used up: see "
         "https://huggingface.co/settings/billing.")),
    Rule("huggingface.402", Reason.BILLING, _HF_DOC, _HF, statuses={402}, scope=Scope.ACCOUNT,
         hint=("Your Hugging Face credits are used up: see "
         "https://huggingface.co/settings/billing.")),
    Rule("huggingface.loading", Reason.OVERLOADED,
         "https://huggingface.co/docs/inference-providers (2026-11-21)", _HF, elsewhere=True,
         contains=("is currently loading", "estimated_time", "model too busy"), scope=Scope.MODEL),
    Rule("huggingface.tgi-overloaded", Reason.OVERLOADED,
         "https://huggingface.co/docs/text-generation-inference (2026-11-21)", _HF,
         codes={"overloaded"}),
    Rule("huggingface.tgi-validation", Reason.CONTEXT_OVERFLOW,
         "https://huggingface.co/docs/text-generation-inference (2026-11-21)", _HF,
         codes={"validation"}, contains=("tokens", "inputs"), scope=Scope.REQUEST),
    Rule("huggingface.gated", Reason.AUTH,
         "https://huggingface.co/docs/hub/models-gated (2026-11-21)", _HF, contains=("gated repo",
         "access to model … is restricted", "must be authenticated to access"), scope=Scope.MODEL),
    Rule("github-models.too-long", Reason.CONTEXT_OVERFLOW, _GH_DOC, _GH, elsewhere=True,
         codes={"tokens_limit_reached"}, scope=Scope.REQUEST),
    Rule("github-models.model", Reason.MODEL_NOT_FOUND, _GH_DOC, _GH,
         codes={"unavailable_model", "unknown_model", "no_access"}, scope=Scope.MODEL),
    Rule("github-models.rate", Reason.RATE_LIMIT, _GH_DOC, _GH, elsewhere=True,
         codes={"ratelimitreached"}, scope=Scope.KEY),
    Rule("github-models.budget", Reason.BILLING, _GH_DOC, _GH, codes={"budget_limit_reached"},
         scope=Scope.ACCOUNT),
)  # fmt: skip
