"""Why settings of LiteLLM are not carried over, and what to do instead, by their keys."""

from __future__ import annotations

from typing import Final

from orchestrator.importing.carrying import ImportLevel, Unwanted

_BALANCE: Final = Unwanted(
    "a route is asked in its order, not by load, weight, latency or cost",
    "put whom you prefer first",
)
_STRATEGY: Final = Unwanted(
    "a route is asked in its order, not by load, weight, latency or cost; only the keys of one "
    "provider are chosen so, by its strategy",
    "put whom you prefer first",
)
_LIMITS: Final = Unwanted(
    "nothing here counts what a deployment may take; a 429 of its vendor is waited for or left",
    "limit callers: orchestrator key new NAME --rpm N --tokens-per-day N",
)
_COOLING: Final = Unwanted(
    "how long a failure keeps a target out depends on its reason, not on a setting",
    level=ImportLevel.APART,
)
_RETRIES: Final = Unwanted(
    "how often a reason is tried again is not counted by reason",
    "say which moves it allows in [policy.on], and attempts_per_target in [policy]",
)
_LOGGING: Final = Unwanted(
    "calls are told by the ledger, the log, /metrics and OpenTelemetry, not by callbacks",
    'write ledger = "calls.jsonl" at the top, or set OTEL_EXPORTER_OTLP_ENDPOINT for traces; '
    "in Python: observe=",
)
_CACHE: Final = Unwanted(
    "answers are not cached here",
)
_REDIS: Final = Unwanted(
    "what was learned of providers is shared by a file, without Redis",
    level=ImportLevel.APART,
)
_DATABASE: Final = Unwanted(
    "the gateway has no database",
    level=ImportLevel.APART,
)
_MONEY: Final = Unwanted(
    "nothing here counts money before a call",
    "limit tokens: orchestrator key new NAME --tokens-per-day N",
)
_PRICES: Final = Unwanted(
    "prices come from a list of their own: orchestrator stats",
    level=ImportLevel.APART,
)
_KNOWN: Final = Unwanted(
    "what a model can do is not declared; what it refuses goes on to the next",
    level=ImportLevel.APART,
)
_GUARD: Final = Unwanted(
    "contents are not judged here",
    "judge them before the call, or behind it",
)
_ACCESS: Final = Unwanted(
    "who may ask is said by keys",
    "orchestrator key new NAME --routes …",
)
_SERVER: Final = Unwanted(
    "it concerns LiteLLM's own server",
    "[gateway] says what there is here",
    level=ImportLevel.APART,
)
_PASSTHROUGH: Final = Unwanted(
    "what is passed through is asked for by path",
    "POST /passthrough/PROVIDER/… asks a provider of the config",
)
_LABELS: Final = Unwanted(
    "it only describes the deployment",
    level=ImportLevel.APART,
)
_LOGS: Final = Unwanted(
    "the log is set by `orchestrator serve --log …`; it never holds contents or keys",
    level=ImportLevel.APART,
)
_TAGS: Final = Unwanted(
    "a route is chosen by its name alone",
    "make one route for each tag",
)
_MCP: Final = Unwanted(
    "tools are the agent's own affair here",
)
_PARAMS: Final = Unwanted(
    "what a target cannot take is left out for all targets alike",
    'write drop = ["name", …] in [policy]',
)
_CLOUD: Final = Unwanted(
    "it is for a cloud's own API, which nothing here speaks",
)

UNKNOWN_SETTING: Final = Unwanted(
    "nothing here corresponds to it",
)

LITELLM_REASONS: Final = {
    **dict.fromkeys(("weight", "routing_strategy_args", "enable_pre_call_checks"), _BALANCE),
    "routing_strategy": _STRATEGY,
    "optional_pre_call_checks": _BALANCE,
    "lowest_latency_buffer": _BALANCE,
    **dict.fromkeys(
        (
            "rpm",
            "tpm",
            "itpm",
            "otpm",
            "rpd",
            "tpd",
            "max_parallel_requests",
            "rpm_limit",
            "tpm_limit",
        ),
        _LIMITS,
    ),
    "default_max_parallel_requests": _LIMITS,
    "default_api_key_rpm_limit": _LIMITS,
    "default_api_key_tpm_limit": _LIMITS,
    **dict.fromkeys(
        (
            *("allowed_fails", "cooldown_time", "retry_after", "disable_cooldowns"),
            *("allowed_fails_policy", "cooldowns", "enable_health_check_routing"),
        ),
        _COOLING,
    ),
    **dict.fromkeys(
        ("retry_policy", "model_group_retry_policy", "max_retries", "num_retries_per_request"),
        _RETRIES,
    ),
    "max_fallbacks": Unwanted("a route ends with its last target", level=ImportLevel.APART),
    **dict.fromkeys(
        (
            *("callbacks", "success_callback", "failure_callback", "service_callback"),
            *("service_callbacks", "input_callback", "audit_log_callbacks", "callback_settings"),
            *("langfuse_default_tags", "otel", "prometheus_metrics_config", "alerting"),
            *("alerting_threshold", "alerting_args", "alert_types", "alert_to_webhook_url"),
            *("logging", "langfuse_public_key", "langfuse_secret", "langfuse_host"),
        ),
        _LOGGING,
    ),
    **dict.fromkeys(
        (
            *("cache", "cache_params", "cache_responses", "caching_groups", "cache_kwargs"),
            *("cache_control_injection_points", "supported_call_types"),
        ),
        _CACHE,
    ),
    **dict.fromkeys(
        ("redis_host", "redis_port", "redis_password", "redis_url", "coordination_redis"), _REDIS
    ),
    **dict.fromkeys(
        (
            *("database_url", "database_type", "database_args", "store_model_in_db"),
            *("database_connection_pool_limit", "database_connection_timeout", "salt_key"),
            *("store_prompts_in_spend_logs", "disable_spend_logs", "proxy_batch_write_at"),
            *("disable_prisma_schema_update", "allow_requests_on_db_unavailable"),
            *("maximum_spend_logs_retention_period", "disable_error_logs", "supported_db_objects"),
            *("use_redis_transaction_buffer", "disable_reset_budget", "spend_logs_metadata"),
        ),
        _DATABASE,
    ),
    **dict.fromkeys(
        (
            *(
                "max_budget",
                "budget_duration",
                "provider_budget_config",
                "max_internal_user_budget",
            ),
            *("internal_user_budget_duration", "max_user_budget", "max_end_user_budget"),
        ),
        _MONEY,
    ),
    **dict.fromkeys(
        (
            *("input_cost_per_token", "output_cost_per_token", "input_cost_per_second"),
            *("output_cost_per_second", "cache_read_input_token_cost", "custom_pricing"),
            *("cache_creation_input_token_cost", "input_cost_per_character", "cost_margin_config"),
            *(
                "input_cost_per_image",
                "output_cost_per_image",
                "cost_discount_config",
                "base_model",
            ),
        ),
        _PRICES,
    ),
    **dict.fromkeys(
        (
            *("supports_function_calling", "supports_vision", "supports_reasoning"),
            *("supports_tool_choice", "supports_parallel_function_calling", "supports_audio_input"),
            *("supports_response_schema", "supports_system_messages", "supports_prompt_caching"),
            *("supports_pdf_input", "supports_web_search", "supports_native_streaming"),
            *("supports_assistant_prefill", "supports_audio_output", "supported_openai_params"),
            *("supported_environments", "max_tokens", "max_output_tokens", "output_vector_size"),
        ),
        _KNOWN,
    ),
    **dict.fromkeys(
        ("guardrails", "default_guardrails", "policies", "policy_attachments", "prompts"), _GUARD
    ),
    **dict.fromkeys(
        (
            *(
                "access_groups",
                "team_id",
                "team_alias",
                "default_team_settings",
                "public_model_groups",
            ),
            *("default_internal_user_params", "upperbound_key_generate_params", "custom_auth"),
            *("default_key_generate_params", "key_generation_settings", "enable_jwt_auth"),
            *("litellm_jwtauth", "allowed_routes", "admin_only_routes", "public_routes"),
            *("custom_key_generate", "enforce_user_param", "key_management_system"),
            *("key_management_settings", "allow_user_auth", "allowed_ips", "ui_access_mode"),
            *(
                "default_end_user_params",
                "default_team_params",
                "internal_user_budget_defaults",
                "ui_username",
                "ui_password",
            ),
            *("use_google_kms", "use_azure_key_vault", "control_plane_url"),
        ),
        _ACCESS,
    ),
    **dict.fromkeys(
        (
            *("background_health_checks", "health_check_interval", "health_check_details"),
            *("proxy_budget_rescheduler_min_time", "proxy_budget_rescheduler_max_time"),
            *("infer_model_from_keys", "proxy_config", "num_workers", "port", "host"),
            *(
                "forward_client_headers_to_llm_api",
                "disable_admin_ui",
                "use_client_credentials_pass",
            ),
            *("enable_oauth2_auth", "proxy_base_url", "return_response_headers", "telemetry"),
            *("user_header_name", "user_header_mappings", "health_check_timeout"),
            *("health_check_model", "health_check_max_tokens", "disable_background_health_check"),
            *("forward_openai_org_id", "max_response_size_mb", "include", "worker_registry"),
        ),
        _SERVER,
    ),
    **dict.fromkeys(
        (
            *(
                "pass_through_endpoints",
                "use_in_pass_through",
                "files_settings",
                "finetune_settings",
            ),
            *("assistant_settings", "batch_settings", "vector_store_registry", "search_tools"),
        ),
        _PASSTHROUGH,
    ),
    **dict.fromkeys(
        (
            *("id", "description", "metadata", "provider", "display_name", "litellm_provider"),
            *("created_by", "db_model", "version", "notes", "credential_info", "hidden"),
        ),
        _LABELS,
    ),
    **dict.fromkeys(
        (
            *("set_verbose", "json_logs", "turn_off_message_logging", "redact_user_api_key_info"),
            *("debug_level", "suppress_debug_info", "log_raw_request_response", "debug"),
            *(
                "redact_messages_in_exceptions",
                "verbose",
                "log_level",
                "timezone",
                "store_audit_logs",
                "detailed_debug",
            ),
        ),
        _LOGS,
    ),
    **dict.fromkeys(("tags", "enable_tag_filtering", "tag_regex", "default_tags"), _TAGS),
    **dict.fromkeys(("mcp_servers", "mcp_aliases", "mcp_tools", "agent_list", "agents"), _MCP),
    **dict.fromkeys(
        (
            "additional_drop_params",
            "allowed_openai_params",
            "modify_params",
            "add_function_to_prompt",
        ),
        _PARAMS,
    ),
    **dict.fromkeys(
        (
            *("aws_region_name", "aws_access_key_id", "aws_secret_access_key", "aws_profile_name"),
            *("aws_session_token", "aws_role_name", "aws_bedrock_runtime_endpoint", "region_name"),
            *("vertex_project", "vertex_location", "vertex_credentials", "watsonx_region_name"),
            *("azure_ad_token", "tenant_id", "client_id", "client_secret", "azure_username"),
        ),
        _CLOUD,
    ),
    "environment_variables": Unwanted(
        "it is set for LiteLLM's own process",
        "set what the config reads where the gateway is started",
        ImportLevel.APART,
    ),
    "api_type": Unwanted("the address says it", level=ImportLevel.APART),
    "stream": Unwanted("a caller says whether an answer is streamed", level=ImportLevel.APART),
    "mock_response": Unwanted("nothing here makes an answer up", "use orchestrator.sim for tests"),
}
"""By the last key of a setting's path that stands here: what it is for, and what to do instead."""
