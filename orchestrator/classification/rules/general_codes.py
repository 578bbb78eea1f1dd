"""Codes and types that many vendors share, in the meaning that most give them.

Where one vendor means something else, its own file says so first. Shapes after
https://platform.openai.com/docs/guides/error-codes and
https://docs.claude.com/en/api/errors (looked up 2026-11-21).
"""

from __future__ import annotations

from orchestrator.classification import cover_types as types
from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_OPENAI = "https://platform.openai.com/docs/guides/error-codes (2026-11-21)"
_ANTHROPIC = "https://docs.claude.com/en/api/errors (2026-11-21)"
_GOOGLE = "https://cloud.google.com/apis/design/errors (2026-11-21)"
_SEEN = "common among gateways (2026-11-21)"

_MONEY_CODES = frozenset(
    f"{what}_{how}"
    for what in (
        "credit", "credits", "balance", "credit_balance", "account_balance", "budget", "funds",
        "wallet", "prepaid_balance", "spend_limit", "spending_limit", "spend_cap", "billing_limit",
    )
    for how in ("exhausted", "depleted", "exceeded", "insufficient", "too_low", "empty", "reached")
)  # fmt: skip
"""Names that gateways make up for one thing, all of the same two words."""

RULES: tuple[Rule, ...] = (
    # --- finishes ---
    Rule("finish.refused", Reason.CONTENT_POLICY,
         "finish reasons of all dialects (2026-11-21)", codes={"finish:content_filter",
         "finish:refusal", "finish:safety", "finish:recitation", "finish:blocklist",
         "finish:prohibited_content", "finish:spii", "finish:image_safety", "finish:sensitive",
         "finish:error_toxic", "block:prompt", "finish:guardrail_intervened",
         "finish:content_filtered", "finish:image_prohibited_content", "finish:moderation",
         "finish:image_recitation", "finish:model_armor", "finish:language",
         "finish:safety_refusal"}),
    Rule("finish.window-filled", Reason.OUTPUT_TRUNCATED, _ANTHROPIC,
         codes={"finish:model_context_window_exceeded", "finish:model_length"},
         hint=("The answer filled the model's context: shorten the request or use a model "
         "with a larger context.")),
    Rule("finish.length", Reason.OUTPUT_TRUNCATED, _OPENAI, codes={"finish:length",
         "finish:max_tokens", "finish:max_output_tokens", "finish:error_limit",
         "finish:max_length"}),
    Rule("finish.malformed-call", Reason.OUTPUT_TRUNCATED,
         "https://ai.google.dev/api/generate-content (2026-11-21)",
         codes={"finish:malformed_function_call", "finish:unexpected_tool_call",
         "finish:malformed_response", "finish:malformed_tool_use", "finish:malformed_model_output",
         "finish:too_many_tool_calls", "finish:no_image", "finish:image_other"},
         hint=("The model wrote a tool call that does not parse: send the request again, or "
         "simplify the tools.")),
    Rule("finish.no-resources", Reason.OVERLOADED,
         "https://api-docs.deepseek.com/api/create-chat-completion (2026-11-21)",
         codes={"finish:insufficient_system_resource"}),
    Rule("finish.network-error", Reason.SERVER_ERROR,
         "https://docs.bigmodel.cn/api-reference (2026-11-29)", codes={"finish:network_error"}),
    Rule("finish.aborted", Reason.STREAM_INTERRUPTED,
         "finish reasons of vLLM and SGLang (2026-11-21)", codes={"finish:abort",
         "finish:aborted", "finish:interrupted"}),
    Rule("finish.other", Reason.SERVER_ERROR,
         "https://ai.google.dev/api/generate-content (2026-11-21)", codes={"finish:other",
         "finish:unknown", "finish:finish_reason_unspecified"}),
    # --- too large ---
    Rule("code.request-above-budget", Reason.CONTEXT_OVERFLOW, _OPENAI, codes=types.RATE_LIMIT |
         {"tokens", "requests"}, contains=("request too large", "tokens must be reduced",
         "reduce your message size"),
         hint=("This one request is larger than the whole budget of a minute, so waiting "
         "never helps: shorten it or raise the limit.")),
    Rule("code.context-overflow", Reason.CONTEXT_OVERFLOW, _OPENAI,
         codes={"context_length_exceeded", "context_window_exceeded", "exceed_context_size_error",
         "model_context_window_exceeded", "contextwindowexceedederror", "string_above_max_tokens",
         "tokens_limit_reached", "prompt_too_long", "context_window_exceeded_error",
         "input_too_long", "max_context_length_exceeded", "context_length_error",
         "max_tokens_exceeded", "token_limit_exceeded", "contextlengthexceeded",
         "model_max_prompt_tokens_exceeded", "prompt_tokens_exceeded",
         "max_prompt_tokens_exceeded"}),
    Rule("code.name-too-long", Reason.BAD_REQUEST, _OPENAI, codes={"string_above_max_length",
         "array_above_max_length"},
         contains=("tool_calls", "tool_call_id", "*].id", "*.name", "tools", "metadata", "'user'",
         "prompt_cache_key", "safety_identifier", "stop"), scope=Scope.REQUEST),
    Rule("code.payload", Reason.PAYLOAD_TOO_LARGE, _ANTHROPIC, codes={"request_too_large",
         "string_above_max_length", "payload_too_large", "image_too_large", "file_too_large",
         "body_too_large", "request_entity_too_large", "requestentitytoolargeexception",
         "entity_too_large", "invalid_image_size", "image_parse_size", "array_above_max_length",
         "request_body_too_large", "entity.too.large"}),
    # --- no money ---
    Rule("code.quota-per-minute", Reason.RATE_LIMIT, _SEEN, codes={"insufficient_quota",
         "quota_exceeded", "credit_limit", "resource_exhausted", "billing_error",
         "free_quota_exceeded", "quota_exhausted"},
         contains=("will reset after", "will reset in", "reset after", "per minute",
         "per second", "rate limited", "too many requests", "tpm", "rpm",
         "queries per minute", "allocated quota exceeded", "requests rate limit", "concurrency",
         "concurrent requests", "resets at", "resets in", "reset at", "reset in", "per hour",
         "daily", "hourly", "weekly")),
    Rule("code.money-gone", Reason.BILLING, _SEEN, codes=_MONEY_CODES, scope=Scope.ACCOUNT,
         unless=("per minute", "in flight", "pending")),
    Rule("code.billing", Reason.BILLING, _OPENAI, codes={"insufficient_quota",
         "billing_hard_limit_reached", "billing_not_active", "project_spend_limit_exceeded",
         "billing_error", "insufficient_balance", "insufficient_credits", "insufficient_funds",
         "payment_required", "budget_exceeded", "credit_limit", "exceeded_current_quota_error",
         "account_overdue", "credits_exhausted", "spending_limit_exceeded", "spend_limit_exceeded",
         "organization_spend_limit_exceeded", "insufficient_user_quota", "billing_limit_reached",
         "billing_disabled", "pre_consume_token_quota_failed", "out_of_credits", "payment_error",
         "insufficient_credit", "insufficient_user_balance", "account_overdue_error",
         "billing_hard_limit", "no_credits", "monthly_limit_exceeded",
         "organization_quota_exceeded", "billing_soft_limit_reached", "usage_not_included",
         "billing_required", "user_spend_limit_exceeded", "spend_limit_reached",
         "spending_limit_reached", "monthly_spend_limit_exceeded", "creditserror",
         "credits_required", "credit_balance_too_low", "subscription_expired",
         "subscription_required", "plan_expired", "insufficientbalance", "balance_insufficient",
         "balance_not_enough", "budgetexceedederror", "quota_exhausted", "billing_limit_exceeded",
         "insufficient_account_balance", "organization_budget_exceeded",
         "insufficient_wallet_balance", "no_balance", "paymentrequired", "key_limit_exceeded",
         "insufficient_permissions_billing", "account_balance_insufficient",
         "usage_limit_exceeded_monthly", "workspace_out_of_credits", "free_quota_exhausted",
         "freetieronly", "accountoverdueerror", "arrearage", "customer_verification_required",
         "insufficient_balance_error", "invalidsubscription", "free_quota_exceeded"},
         scope=Scope.ACCOUNT),
    Rule("words.money", Reason.BILLING, "how vendors and relays make up codes (2026-11-21)",
         codes={"means:billing"}, scope=Scope.ACCOUNT, unless=("per minute", "per second",
         "in flight", "pending", "rate limited", "concurrency", "resets at", "resets in")),
    # --- credentials ---
    Rule("code.revoked-key", Reason.AUTH, _OPENAI, codes={"api_key_revoked", "key_revoked",
         "token_revoked", "api_key_deleted", "api_key_leaked"}, scope=Scope.KEY, revoked=True,
         hint="This key was withdrawn for good: create a new one and replace it."),
    Rule("code.account-closed", Reason.AUTH, _OPENAI, codes={"account_deactivated",
         "account_disabled", "organization_restricted", "organization_deactivated",
         "account_suspended", "user_suspended", "project_archived", "organization_disabled",
         "account_locked", "user_deactivated", "workspace_deactivated", "token_invalidated",
         "deactivated_workspace"}, scope=Scope.ACCOUNT,
         hint=("The provider closed or restricted this account: write to its support, or "
         "use another account.")),
    Rule("code.auth", Reason.AUTH, _OPENAI, codes={"invalid_api_key",
          "incorrect_api_key_error",
          "api_key_invalid", "credentials_missing", "missing_api_key",
         "expired_token", "token_expired", "access_token_expired", "invalid_token",
         "access_token_type_unsupported", "invalid_auth",
         "invalid_authentication", "unrecognizedclientexception", "expiredtokenexception",
         "invalidsignatureexception", "missingauthenticationtokenexception",
         "incompletesignatureexception", "access_token_invalid",
           "api_key_expired",
         "no_api_key", "invalid_grant", "token_not_found", "missing_scope", "ip_not_authorized",
         "not_authorized_invalid_key_type", "invalid_key", "invalidapikey",
         "api_key_not_found", "apikeynotfound", "api_key_service_blocked",
         "api_key_http_referrer_blocked", "api_key_ip_address_blocked", "signaturedoesnotmatch",
         "invalidaccesskeyid", "invalidclienttokenid", "authtokenexpired", "tokenexpired",
         "insufficient_scope", "invalid_scope",
         "invalidcredentials", "invalid_credentials", "oauth_token_expired", "oauth_token_revoked",
         "apikeyinvalid", "optinrequired", "invalid_client", "unauthorized_client",
         "org_membership_required"},
         unless=("upstream access forbidden",)),
    Rule("code.region", Reason.FORBIDDEN, _OPENAI,
         codes={"unsupported_country_region_territory", "request_forbidden", "region_not_supported",
         "unsupported_region", "geo_blocked", "country_not_supported", "location_not_supported",
         "unsupported_country", "region_blocked", "ip_blocked", "blocked_by_waf", "bot_detected"},
         scope=Scope.ACCOUNT,
         hint=("The provider does not serve this country or region: send from a supported "
         "place, or use another provider.")),
    # --- models ---
    Rule("code.model", Reason.MODEL_NOT_FOUND, _OPENAI, codes={"model_not_found",
         "invalid_model",  "deploymentnotfound", "model_not_available",
         "model_not_free", "modelnotfound", "unknown_model", "model_not_supported",
         "unsupported_model", "model_deprecated",  "modelnotsupported",
         "invalid_model_error", "model_access_denied", "endpoint_not_found",
         "resource_does_not_exist", "model_unavailable", "unavailable_model",
         "model_not_available_for_plan", "model_not_allowed", "model_retired",
         "model_decommissioned", "model_not_exist", "modelnotopen", "model_terms_required",
          "model_permission_blocked_org",
         "model_permission_blocked_project", "modelnotfounderror", "no_such_model", "unknownmodel",
         "model_not_ready_for_account", "get_channel_failed",  "invalid_model_id",
          "model_not_enabled"}),
    # --- content ---
    Rule("code.content", Reason.CONTENT_POLICY, _OPENAI, codes={"content_filter",
         "content_policy_violation", "responsibleaipolicyviolation", "data_inspection_failed",
         "datainspectionfailed", "sensitivecontentdetected", "content_filter_error",
         "moderation_blocked", "content_blocked", "safety_error", "content_moderation",
         "sensitive_words_detected", "prompt_blocked", "contentfilter", "flagged", "content_policy",
         "policy_violation", "safety_check_failed", "moderation_error", "moderation_failed",
         "guardrail_violation", "guardrail_intervened", "cyber_policy_violation",
         "contentpolicyviolationerror", "content_policy_violation_error",
         "image_content_policy_violation", "image_safety_error", "cyber_policy", "cyber_violation",
         "content_flagged", "unsafe_content"}),
    # --- capacity ---
    Rule("code.capacity", Reason.OVERLOADED, _SEEN, codes={"queue_exceeded", "capacity_exceeded",
         "nocapacity", "modelnotreadyexception", "upstream_provider_shared_pool", "no_capacity",
         "insufficient_capacity", "over_capacity", "model_loading", "queue_full",
         "model_at_capacity", "no_available_key", "channel:no_available_key",
         "capacity_exhausted", "model_capacity_exhausted", "modelloadingerror"}),
    Rule("code.tool-resample", Reason.SERVER_ERROR,
         "https://console.groq.com/docs/errors (2026-11-21)", codes={"tool_use_failed",
         "output_parse_failed"},
         hint=("The model wrote a tool call that does not parse: send the request again, or "
         "simplify the tools.")),
)  # fmt: skip

TYPES: tuple[Rule, ...] = (
    Rule("type.model", Reason.MODEL_NOT_FOUND, _OPENAI, codes=types.MODEL),
    Rule("type.auth", Reason.AUTH, _OPENAI, codes=types.AUTH),
    Rule("type.overloaded", Reason.OVERLOADED, _ANTHROPIC, codes=types.OVERLOADED),
    Rule("type.rate-limit", Reason.RATE_LIMIT, _OPENAI, codes=types.RATE_LIMIT,
         other_statuses={413}),
    Rule("type.resource-exhausted", Reason.RATE_LIMIT, _GOOGLE, codes=types.EXHAUSTED,
         statuses={429, 503, 403}),
    Rule("type.timeout", Reason.TIMEOUT, _OPENAI, codes=types.TIMEOUT),
    Rule("type.server-timeout", Reason.SERVER_ERROR, _ANTHROPIC, codes=types.SERVER_ERROR),
    Rule("type.parameter", Reason.BAD_REQUEST, _OPENAI, codes=types.REQUEST),
)  # fmt: skip
"""Types that say no more than a status, and that relays put on anything."""
