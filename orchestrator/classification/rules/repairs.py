"""Refusals that a changed request cures. ``repair`` names the change, for the dialects to make."""

from __future__ import annotations

import attrs

from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import whole_phrases as say
from orchestrator.states.reasons import Reason, Scope

HINT_REPAIRED = (
    "The request is changed for this and sent again by itself: if that fails as well, correct what "
    "the message names."
)
"""The hint where the failure names a repair: first it is the caller's machine that acts."""

_SEEN = "seen at several vendors and relays (2026-11-21)"

_SETTLED = frozenset({401, 402, 403, 408, 413, 429, 503, 529})
"""Statuses that no change of the request cures, whatever parameter their message mentions."""

_ANYWHERE: tuple[Rule, ...] = (
    Rule("general.use-max-completion-tokens", Reason.BAD_REQUEST,
         "https://platform.openai.com/docs/api-reference/chat (2026-11-21)",
         contains=("use 'max_completion_tokens' instead", "use max_completion_tokens instead",
         "max_completion_tokens instead"), repair="max_tokens_to_max_completion_tokens",
         scope=Scope.REQUEST),
    Rule("general.use-max-tokens", Reason.BAD_REQUEST,
         "servers older than the parameter, and vendors without it (2026-11-21)",
         contains=("unknown … max_completion_tokens", "unrecognized … max_completion_tokens",
         "unsupported … max_completion_tokens", "unexpected … max_completion_tokens",
         "extra … max_completion_tokens", "max_completion_tokens … not supported",
         "max_completion_tokens … not permitted", "max_completion_tokens … unsupported",
         "max_completion_tokens … unexpected", "use max_tokens instead",
         "use 'max_tokens' instead"), unless=("max_completion_tokens instead",
         "max_completion_tokens' instead", "too large", "exceed*", "at most"),
         repair="max_completion_tokens_to_max_tokens", scope=Scope.REQUEST),
    Rule("general.temperature", Reason.BAD_REQUEST,
         "https://platform.openai.com/docs/guides/reasoning (2026-11-21)",
         contains=("'temperature' does not support", "temperature' is not supported",
         "temperature is not supported", "temperature does not support",
         "`temperature` is deprecated", "temperature` is not supported",
         "`temperature` and `top_p` cannot both", "`temperature` may only be set",
         "only temperature=1 is allowed", "invalid temperature: only 1 is allowed",
         "does not support temperature", "temperature is deprecated",
         "unsupported parameter: 'temperature'", "'temperature' is not supported"),
         repair="drop_temperature", scope=Scope.REQUEST),
    Rule("general.stream-options", Reason.BAD_REQUEST, _SEEN, contains=("stream_options",),
         also=("not supported", "unsupported", "unknown", "extra", "unrecognized", "not permitted",
         "only", "unexpected", "not allowed", "invalid"), unless=("too many requests",),
         repair="drop_stream_options", scope=Scope.REQUEST),
    Rule("general.no-streaming", Reason.BAD_REQUEST, "incident C2: endpoints without SSE (2026)",
         contains=("does not support streaming", "streaming is not supported",
         "stream is not supported", "streaming not supported", "doesn't support streaming",
         "does not support stream", "unsupported parameter: 'stream'",
         "stream=true is not supported", "stream mode is not supported", "stream not supported",
         "verified to stream this model", "only support* … non stream*",
         "only support* … stream=false", "must be set to false for stream*", "不支持流式",
         "streaming is disabled"), repair="no_stream", scope=Scope.REQUEST,
         hint=("This endpoint cannot stream this model: set stream = false for the provider.")),
    Rule("general.only-streaming", Reason.BAD_REQUEST, _SEEN, contains=("only support* … stream*",
         "only work* with … stream*", "only available … stream*", "only be used with stream*",
         "must be streamed", "must use stream*", "只支持流式", "仅支持流式", "stream=true only",
         "only streaming is supported", "stream must be set to true", "stream must be true",
         "streaming is required", "streaming is strongly recommended", "requires streaming"),
         unless=("non stream*", "stream=false"), repair="force_stream", scope=Scope.REQUEST),
    Rule("general.thinking-signature", Reason.BAD_REQUEST,
         ("https://docs.claude.com/en/docs/build-with-claude/extended-thinking (2026-11-21)"),
         contains=("invalid signature", "invalid `signature`", "`thinking` or `redacted_thinking`",
         "thinking block…signature", "thinking blocks…cannot be modified", "signature in thinking",
         "expected `thinking`", "expected thinking", "thinking.signature",
         "signature: field required", "thinking block must", "thinking blocks must"),
         repair="drop_thinking_signature", scope=Scope.REQUEST),
    Rule("general.encrypted-content", Reason.BAD_REQUEST,
         "https://platform.openai.com/docs/guides/reasoning (2026-11-21)",
         contains=("encrypted_content", "encrypted content"), repair="drop_encrypted_content",
         scope=Scope.REQUEST),
    Rule("general.split-thoughts", Reason.BAD_REQUEST,
         "https://github.com/openai/codex/issues/6375 (2026-11-29)",
         contains=("was provided without its required",), repair="drop_encrypted_content",
         scope=Scope.REQUEST),
    Rule("general.output-cap", Reason.BAD_REQUEST, _SEEN, contains=say.OUTPUT_CAP,
         repair="clamp_max_tokens", scope=Scope.REQUEST, unless=("context length", "prompt",
         "input tokens", "negative")),
    Rule("general.reasoning-effort", Reason.BAD_REQUEST, _SEEN, contains=("reasoning_effort",
         "reasoning.effort", "invalid reasoning effort"), unless=("rate limit", "timed out"),
         repair="drop_reasoning_effort", scope=Scope.REQUEST),
)  # fmt: skip

_REFUSED = (
    "not supported", "unsupported", "not permitted", "not allowed", "not accepted", "not expected",
    "extra inputs", "extra input", "extra field", "extra fields", "extra propert*",
    "additional propert*", "unknown", "unrecognized", "unexpected", "forbidden", "invalid field",
    "invalid property", "cannot find field", "no such field", "does not support", "do not support",
    "doesn't support", "must not", "does not accept", "expected tags", "不支持", "不允许",
)  # fmt: skip

_DEMANDED = (
    "must be passed back", "must be provided", "must be included", "must be present",
    "must contain", "must have", "must not be null", "must be set", "missing", "required",
    "got null", "got none", "received null", "<nil>", "none is not an allowed", "cannot be null",
    "can not be null", "should be a valid string", "must be a string", "expected a string",
    "must include", "must carry", "must return", "should include", "should contain",
    "not provided", "not passed", "need*", "lack*", "absent", "without", "必须", "缺少",
)  # fmt: skip

_CURES: tuple[Rule, ...] = (
    Rule("general.word-json", Reason.BAD_REQUEST,
         "https://platform.openai.com/docs/guides/structured-outputs (2026-11-29)",
         contains=("must contain the word 'json'", 'must contain the word "json"',
         "contain the word json"), repair="say_json", scope=Scope.REQUEST),
    Rule("general.response-format", Reason.BAD_REQUEST,
         "https://github.com/BerriAI/litellm/pull/31466 (2026-11-29)",
         contains=("response format type … unavailable", "response format.type … unavailable",
         "json schema … unavailable", "response format … not supported",
         "response format … unsupported",
         "json schema … not supported", "json object … not supported",
         "structured output* … not supported", "unsupported … json schema",
         "unsupported … response format", "not support … json schema",
         "not support … response format", "not support … structured output*",
         "invalid value: 'json schema'", "output format … not supported",
         "unknown variant … json schema", "not one of … json object"),
         unless=("schema: ", "invalid schema for", "could not understand", "properties", "property",
         "in context", "field*", "keyword*"),
         repair="soften_response_format", scope=Scope.REQUEST),
    Rule("general.open-schema", Reason.BAD_REQUEST,
         "https://platform.claude.com/docs/en/build-with-claude/structured-outputs (2026-11-29)",
         contains=("to false", "to be false", "must be false", "should be false"),
         also=("additionalproperties", "additional properties"),
         repair="close_schema", scope=Scope.REQUEST),
    Rule("general.schema-keywords", Reason.BAD_REQUEST,
         "https://github.com/agentjido/req_llm/issues/302, and "
         "https://github.com/musistudio/claude-code-router/issues/708 (2026-11-29)",
         contains=("schema", "schemas", "function declarations", "parameters", "response format",
         "output config", "tools", "responseschema", "responsejsonschema", "grammar"),
         also=(*_REFUSED, "is not valid", "invalid", "not yet supported", "are supported for"),
         repair="reduce_schema", scope=Scope.REQUEST),
    Rule("general.stop", Reason.BAD_REQUEST,
         "https://github.com/huggingface/smolagents/pull/1662 (2026-11-29)",
         contains=("'stop' is not supported", "unsupported parameter: 'stop'",
         "stop is not supported", "not supported on this model: stop",
         "does not support stop", "does not support 'stop'",
         "stop sequence* … not supported", "stopsequences … not supported", "stop parameter … not",
         "`stop` is not supported", "parameter stop … not supported", "unsupported … 'stop'",
         "unknown … 'stop'", "body.stop", "'stop': array too long", "unexpected … 'stop'"),
         repair="cut_stop", scope=Scope.REQUEST),
    Rule("general.developer-role", Reason.BAD_REQUEST,
         "https://github.com/earendil-works/pi/issues/1048, and "
         "https://github.com/QuantumNous/new-api/issues/5330 (2026-11-29)",
         contains=("developer", "input should be 'system'", "unexpected message role",
         "unexpected role", "invalid role", "unsupported role", "unknown role", "incorrect role",
         "roles are supported", "invalid message role", "role must be", "not a valid role", "角色"),
         also=(*_REFUSED, "invalid", "incorrect", "not one of", "must be", "should be", "expected",
         "not a valid", "roles are supported", "不正确", "无效", "非法"),
         repair="developer_to_system", scope=Scope.REQUEST),
    Rule("general.missing-field", Reason.BAD_REQUEST,
         "https://api-docs.deepseek.com/guides/thinking_mode, and "
         "https://github.com/MoonshotAI/kimi-agent-sdk/issues/169 (2026-11-29)",
         contains=_DEMANDED, unless=_REFUSED, repair="pad_history_fields", scope=Scope.REQUEST),
    Rule("general.refused-field", Reason.BAD_REQUEST,
         "https://github.com/Kilo-Org/kilocode/issues/10375, and "
         "https://github.com/charmbracelet/crush/issues/1590 (2026-11-29)",
         contains=_REFUSED, repair="drop_refused_fields", scope=Scope.REQUEST),
)  # fmt: skip
"""Refusals whose cure the request itself must confirm: what they name has to be in it.

Their words are so common that they decide no reason: they are asked where another rule has
found a bad request that names no cure.
"""


def _unsettled(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(attrs.evolve(rule, other_statuses=_SETTLED) for rule in rules)


RULES: tuple[Rule, ...] = _unsettled(_ANYWHERE)
CURES: tuple[Rule, ...] = (*RULES, *_unsettled(_CURES))

CONDITIONAL: frozenset[str] = frozenset(rule.repair for rule in _CURES if rule.repair is not None)
"""Repairs that only the request can confirm."""

NAMES: frozenset[str] = frozenset(rule.repair for rule in CURES if rule.repair is not None)
"""Every repair that an error may name."""
