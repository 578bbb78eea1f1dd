"""Refusals that a changed request cures. ``repair`` names the change, for the dialects to make."""

from __future__ import annotations

import attrs

from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import phrase_lists as say
from states.reasons import Reason, Scope

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
    Rule("general.output-cap", Reason.BAD_REQUEST, _SEEN, contains=say.OUTPUT_CAP,
         repair="clamp_max_tokens", scope=Scope.REQUEST, unless=("context length", "prompt",
         "input tokens", "negative")),
    Rule("general.reasoning-effort", Reason.BAD_REQUEST, _SEEN, contains=("reasoning_effort",
         "reasoning.effort", "invalid reasoning effort"), unless=("rate limit", "timed out"),
         repair="drop_reasoning_effort", scope=Scope.REQUEST),
)  # fmt: skip

RULES: tuple[Rule, ...] = tuple(attrs.evolve(rule, other_statuses=_SETTLED) for rule in _ANYWHERE)

NAMES: frozenset[str] = frozenset(rule.repair for rule in RULES if rule.repair is not None)
"""Every repair that an error may name."""
