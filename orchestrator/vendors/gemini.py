"""Google: the Gemini API, Vertex AI and Code Assist."""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

_DOC = "https://ai.google.dev/gemini-api/docs/troubleshooting (2026-11-21)"
_RPC = "https://cloud.google.com/apis/design/errors (2026-11-21)"
_EXHAUSTED = {
    "resource_exhausted", "ratelimitexceeded", "429", "rate_limit_exceeded",
}  # fmt: skip

_RULES = (
    Rule("gemini.no-quota-for-model", Reason.BILLING,
         "https://ai.google.dev/gemini-api/docs/rate-limits (2026-11-21)", elsewhere=True,
         codes=_EXHAUSTED, contains=("limit: 0", "limit '0'"), unless=("limit: 0.",),
         scope=Scope.MODEL,
         hint=("Your project has no quota at all for this model: enable billing at "
         "https://aistudio.google.com/, or choose another model.")),
    Rule("gemini.credits-gone", Reason.BILLING, _DOC, elsewhere=True, codes=_EXHAUSTED |
         {"permission_denied", "failed_precondition"}, contains=("prepayment credits",
         "credits are depleted", "spending cap", "spend cap", "spend based", "credits have been",
         "billing account", "dunning", "requires billing", "out of credits",
         "insufficient_g1_credits*"), scope=Scope.ACCOUNT,
         hint=("Your Google credits or spending cap are used up: see "
         "https://aistudio.google.com/ under billing.")),
    Rule("gemini.billing-disabled", Reason.BILLING,
         ("https://cloud.google.com/service-infrastructure/docs/error-reasons (2026-11-21)"),
         elsewhere=True, codes={"billing_disabled"}, scope=Scope.ACCOUNT,
         hint=("Billing is off for this Google project: enable it at "
         "https://console.cloud.google.com/billing.")),
    Rule("gemini.model-capacity", Reason.OVERLOADED, _DOC,
         codes={"model_capacity_exhausted"}, scope=Scope.MODEL),
    Rule("gemini.plan-capacity", Reason.RATE_LIMIT,
         "Code Assist: quota of the plan, with its reset (2026-11-21)",
         codes={"quota_exhausted"}, scope=Scope.MODEL),
    Rule("gemini.quota", Reason.RATE_LIMIT,
         "https://ai.google.dev/gemini-api/docs/rate-limits (2026-11-21)", codes=_EXHAUSTED,
         scope=Scope.MODEL, unless=("overloaded", "balance", "at capacity", "no capacity")),
    Rule("gemini.key-withdrawn", Reason.AUTH, _DOC, contains=("reported as leaked",),
         scope=Scope.KEY, revoked=True,
         hint=("Google withdrew this key as leaked: create a new one at "
         "https://aistudio.google.com/apikey.")),
    Rule("gemini.key", Reason.AUTH, _RPC, elsewhere=True, codes={"api_key_invalid",
         "api_key_expired", "credentials_missing", "unauthenticated", "access_token_expired",
         "access_token_scope_insufficient", "account_state_invalid", "api_key_service_blocked",
         "api_key_http_referrer_blocked", "api_key_ip_address_blocked"}, scope=Scope.KEY,
         hint=("Google did not accept this credential: check the key at "
         "https://aistudio.google.com/apikey.")),
    Rule("gemini.key-words", Reason.AUTH, _DOC, contains=("api key not valid",
         "api key expired", "api key not found", "unregistered callers", "pass a valid api key",
         "requests to this api…are blocked"), scope=Scope.KEY),
    Rule("gemini.service-off", Reason.AUTH,
         ("https://cloud.google.com/service-infrastructure/docs/error-reasons (2026-11-21)"),
         codes={"service_disabled", "consumer_invalid", "iam_permission_denied",
         "consumer_suspended", "user_project_denied"}, scope=Scope.ACCOUNT,
         hint=("The API is not enabled or not allowed for this Google project: enable it in "
         "the console.")),
    Rule("gemini.location", Reason.FORBIDDEN,
         "https://ai.google.dev/gemini-api/docs/available-regions (2026-11-21)", elsewhere=True,
         contains=("user location is not supported", "location is not supported"),
         scope=Scope.ACCOUNT, hint=("Google does not serve Gemini where you send from: see "
         "https://ai.google.dev/gemini-api/docs/available-regions.")),
    Rule("gemini.free-tier-country", Reason.BILLING,
         "https://ai.google.dev/gemini-api/docs/troubleshooting (2026-11-21)",
         contains=("free tier is not available in your country", "enable billing on your project"),
         scope=Scope.ACCOUNT),
    Rule("gemini.publisher-model", Reason.MODEL_NOT_FOUND,
         "https://cloud.google.com/vertex-ai/generative-ai/docs (2026-11-21)", elsewhere=True,
         contains=("publisher model", "is not found for api version",
         "is not supported for generatecontent", "call listmodels"), unless=("quota",
         "rate limit"),
         scope=Scope.MODEL,
         hint=("This project cannot use this model: enable it in Model Garden, or check its "
         "name and location.")),
    Rule("gemini.payload", Reason.PAYLOAD_TOO_LARGE, _DOC,
         contains=("request payload size exceeds", "exceeds the limit: … bytes"),
         scope=Scope.REQUEST),
    Rule("gemini.thought-signature", Reason.BAD_REQUEST,
         "https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11-21)",
         elsewhere=True, contains=("thought_signature", "thought signature"), scope=Scope.REQUEST,
         hint=("The history lost Gemini's thought signatures: send tool calls back exactly "
         "as they came.")),
    Rule("gemini.deadline", Reason.SERVER_ERROR, _DOC, codes={"deadline_exceeded"}),
    Rule("gemini.cancelled", Reason.SERVER_ERROR, _RPC, statuses={499}),
)  # fmt: skip

VENDOR = Vendor(
    "gemini",
    base_url="https://generativelanguage.googleapis.com/v1beta",
    keys=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    documentation="https://ai.google.dev/api/generate-content",
    dialect="gemini",
    limits_by_model=True,  # ai.google.dev/gemini-api/docs/rate-limits
    # ai.google.dev/gemini-api/docs/openai
    others={"openai-chat": "https://generativelanguage.googleapis.com/v1beta/openai"},
    aliases=(
        "google",
        "vertex",
        "vertexai",
        "vertex-ai",
        "google-ai-studio",
        "gemini-cli",
        "antigravity",
        "code-assist",
    ),
    runs_models=True,
    dialects=("gemini",),
    starter="gemini-2.5-flash",
    telemetry_name="gcp.gemini",
    rules=_RULES,
)
