"""The names that both directions of this dialect share."""

from __future__ import annotations

from typing import Final

NAME: Final = "openai-chat"
"""The dialect's own name, as configs and thoughts spell it."""

RELATED: Final = "openai-responses"
"""The other dialect of the vendor: its hints of the same names mean the same here."""

KEEPER: Final = "openai"
"""Who keeps a file that is given by its id, in both dialects of the vendor."""

SPELLING: Final = "spelling"
"""Hint: how the caller spelled what has several spellings here."""

LIMIT: Final = "max_tokens"
CACHE: Final = "cache_control"
"""The spelling of OpenRouter and of gateways in front of Anthropic models; see
https://openrouter.ai/docs/features/prompt-caching (2026-11-21)."""

OPENAI_CACHE: Final = "prompt_cache_breakpoint"
"""OpenAI's own, for gpt-5.6 and later (openai 3.52.0, 2026-11-21)."""

THOUGHT_FIELDS: Final = ("reasoning_content", "reasoning")
"""DeepSeek's name and that of OpenRouter for what a model thought, in messages and deltas.

https://api-docs.deepseek.com/guides/thinking_mode,
https://openrouter.ai/docs/use-cases/reasoning-tokens (2026-11-21).
"""

THINKING_FIELDS: Final = ("reasoning", "thinking")
"""Objects that ask for thought: OpenRouter's, and that of DeepSeek, GLM and others."""

STREAMED: Final = "stream_options"
"""Says how a stream is sent; what it asks for is told in every dialect."""

HINTS: Final = frozenset(
    {
        "metadata", "models", "prediction", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "provider", "route", "safety_identifier", "service_tier",
        "session_id", "store", "stream_options", "trace", "usage",
    }
)  # fmt: skip
"""Fields without which the answer means the same: what is stored, cached, billed, routed.

Of openai 3.52.0, and of https://openrouter.ai/docs/api/reference/parameters (2026-11-21).
"""
