"""Types that say no more than a status. Relays put them on anything, so words come first.

Shapes after https://platform.openai.com/docs/guides/error-codes,
https://docs.claude.com/en/api/errors and https://cloud.google.com/apis/design/errors
(looked up 2026-11-21).
"""

from __future__ import annotations

MODEL = frozenset(
    {
        "not_found_error", "resourcenotfoundexception", "resource_not_found_error",
        "notfounderror", "resource_not_found",
    }
)  # fmt: skip
AUTH = frozenset(
    {
        "authentication_error", "invalid_authentication_error", "unauthenticated",
        "authentication_failed", "authenticationerror", "authentication_required",
    }
)  # fmt: skip
OVERLOADED = frozenset(
    {
        "overloaded_error", "server_is_overloaded", "slow_down", "engine_overloaded_error",
        "unavailable_error", "serviceunavailableexception", "service_unavailable_error",
        "service_unavailable", "overloaded", "model_overloaded", "upstream_unavailable",
        "serveroverloaded", "server_overloaded", "engine_overloaded", "serviceunavailableerror",
        "service_overloaded", "provider_overloaded", "provider_unavailable", "server_busy",
        "system_busy", "inference_unavailable", "overload_error",
    }
)  # fmt: skip
RATE_LIMIT = frozenset(
    {
        "rate_limit_exceeded", "rate_limit_error", "rate_limited", "too_many_requests",
        "ratelimitexceeded", "rate_limit_reached_error", "ratelimitreached", "throttled",
        "throttling_error", "rate_limit", "ratelimit", "too_many_requests_error",
        "toomanyrequests", "rate-limited", "ratelimiterror", "rate_limit_reached",
        "limit_requests", "limit_burst_rate", "throttling", "throttlingexception",
        "request_limit_exceeded", "concurrency_limit_exceeded", "usage_limit_reached",
        "user_rate_limit_exceeded", "rate_limit_exceeded_error", "rate-limit-exceeded",
        "slow_down_error",
    }
)  # fmt: skip
EXHAUSTED = frozenset(
    {
        "resource_exhausted", "resourceexhausted", "quota_exceeded", "quotaexceeded",
    }
)  # fmt: skip
TIMEOUT = frozenset(
    {
        "user_request_timeout", "request_timeout", "requesttimeout",
    }
)  # fmt: skip
SERVER_ERROR = frozenset(
    {
        "timeout_error", "deadline_exceeded", "modeltimeoutexception", "modelerrorexception",
        "modelstreamerrorexception", "internalserverexception", "gateway_timeout",
        "internal_error_upstream", "vector_store_timeout", "upstream_timeout", "bad_gateway",
        "do_request_failed", "bad_response", "empty_response",
        "read_response_body_failed", "bad_response_body", "channel:response_time_exceeded",
    }
)  # fmt: skip
REQUEST = frozenset(
    {
        "unsupported_parameter", "unknown_parameter", "invalid_parameter",
        "missing_required_parameter", "invalid_encrypted_content", "invalid_reasoning_effort",
        "invalid_prompt", "validation_error", "invalid_json", "invalid_function_parameters",
        "invalid_image_url", "invalid_image_format", "invalid_schema", "invalid_json_schema",
        "json_validate_failed", "missingparameter", "unsupported_value", "invalid_type",
        "invalid_value", "invalid_request_message_order", "invalid_tool_call",
        "integer_below_min_value", "integer_above_max_value", "decimal_below_min_value",
        "decimal_above_max_value", "empty_array", "null_value", "previous_response_not_found",
        "invalid_request_body", "wrong_api_format", "json_parse_error",
        "convert_request_failed", "read_request_body_failed", "empty_image_file",
        "unsupported_image_media_type", "failed_to_download_image", "image_file_not_found",
        "extra_forbidden", "unprocessable_entity", "invalid_chat_template",
    }
)  # fmt: skip
ANYTHING = frozenset(
    {
        "permission_error", "api_error", "upstream_error", "internal_error", "server_error",
        "internal_server_error", "internal", "internal_failure", "apierror", "internalerror",
        "internalservererror", "unknown_error", "error", "finish:error", "bad_response_status_code",
    }
)  # fmt: skip
"""Types that stand for no class of failure."""
CALLER = frozenset({"invalid_request_error", "invalid_request", "bad_request"})
ALL = (
    MODEL | AUTH | OVERLOADED | RATE_LIMIT | EXHAUSTED | TIMEOUT | SERVER_ERROR | REQUEST
    | ANYTHING | CALLER
)  # fmt: skip
