"""Why a model stopped: every vendor's words for it, and which of them report a failure.

One table for all dialects, since relays answer in one with the words of another. Looked up
on 2026-11-29:

- https://platform.openai.com/docs/api-reference/chat/object
- https://api-docs.deepseek.com/api/create-chat-completion
- https://docs.bigmodel.cn/api-reference (``sensitive``, ``network_error``)
- https://docs.mistral.ai/api (``model_length``, ``error``)
- https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
- https://ai.google.dev/api/generate-content#FinishReason
- https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
- https://docs.cohere.com/reference/chat, https://docs.together.ai/reference/chat-completions
- https://huggingface.co/docs/text-generation-inference (``eos_token``)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

STOP = "stop"
LENGTH = "length"
TOOL_CALLS = "tool_calls"
CONTENT_FILTER = "content_filter"

STANDARD = frozenset({STOP, LENGTH, TOOL_CALLS, CONTENT_FILTER})
"""The words of the chat-completions standard, which everything here is told in."""

_BY_MEANING: Mapping[str, tuple[str, ...]] = {
    STOP: (
        "complete", "completed", "done", "end", "end_turn", "eos", "eos_token", "finished",
        "normal", "pause_turn", "stop", "stop_sequence", "stop_token",
    ),
    LENGTH: (
        "context_length_exceeded", "error_limit", "length", "max_length", "max_output_tokens",
        "max_tokens", "model_context_window_exceeded", "model_length", "token_limit",
    ),
    TOOL_CALLS: ("function_call", "tool_call", "tool_calls", "tool_use"),
    CONTENT_FILTER: (
        "blocked", "blocklist", "censored", "content_filter", "content_filtered", "error_toxic",
        "guardrail_intervened", "image_prohibited_content", "image_recitation",
        "image_safety", "language", "model_armor", "moderation", "prohibited_content",
        "recitation", "refusal", "safety", "safety_refusal", "sensitive", "spii",
    ),
}  # fmt: skip
"""``pause_turn``: a vendor's own tool ran long, and the text so far is whole."""

_WORDS = MappingProxyType({word: to for to, words in _BY_MEANING.items() for word in words})

_UNSAID = frozenset({"", "null", "none", "unspecified"})

_FAILURES = frozenset({"other", "image_other", "no_image", "too_many_tool_calls"})
"""Failures that do not say so: after Gemini's, no answer is whole."""

_FAILING = re.compile(
    r"(?:^|_)(?:abort|cancel|crash|err(?:or)?(?:_|$)|exception|exhaust|fail|insufficient|"
    r"interrupt|invalid|malformed|missing|overload|quota|reject|time_?out|timed_out|"
    r"unavailable|unexpected)"
)
"""How a word says that the answer failed, at the beginning of one of its parts."""

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_APART = re.compile(r"[^a-z0-9]+")


def finish_reason(said: object, *, calls: bool = False) -> str | None:
    """Why the model stopped; a word that is not known stays, in small letters.

    Args:
        said: The vendor's word.
        calls: Whether the answer calls tools. Some vendors have one word for every end that
            is sound, and the parts decide.
    """
    word = _known(said) if isinstance(said, str) else None
    return TOOL_CALLS if calls and word == STOP else word


@lru_cache(maxsize=256)
def _known(said: str) -> str | None:
    word = _APART.sub("_", _HUMP.sub("_", said[:80]).lower()).strip("_")
    word = word.removeprefix("finish_reason_")
    return None if word in _UNSAID else _WORDS.get(word, word)


def is_failed(word: str | None) -> bool:
    """True for a finish reason that reports a failure: what came before it is no whole answer."""
    if word is None or word in STANDARD:
        return False
    return word in _FAILURES or _FAILING.search(word) is not None


def standard(word: str | None, *, calls: bool = False) -> str:
    """``word`` for a client that knows the standard's words alone: any other end is ``stop``."""
    if word in STANDARD and word is not None:
        return TOOL_CALLS if calls and word == STOP else word
    return TOOL_CALLS if calls else STOP
