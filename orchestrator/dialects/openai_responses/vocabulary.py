"""The names that both directions of this dialect share."""

from __future__ import annotations

from typing import Final

NAME: Final = "openai-responses"
"""The dialect's own name, as configs and thinking parts spell it."""

RELATED: Final = "openai-chat"
"""The other dialect of the vendor: its hints of the same names mean the same here."""

KEEPER: Final = "openai"
"""Who keeps a file that is given by its id, in both dialects of the vendor."""

STORED: Final = ("previous_response_id", "conversation", "prompt")
"""Fields that bring messages from elsewhere, so that ``input`` may be missing."""

STREAMED: Final = "stream_options"
"""Says how a stream is sent; what it asks for is told in every dialect."""

HINTS: Final = frozenset(
    {
        "client_metadata", "context_management", "image", "include", "max_tool_calls", "metadata",
        "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier",
        "service_tier", "store", "stream_options", "truncation",
    }
)  # fmt: skip
"""Top-level fields whose loss leaves the answer as it is.

They say what is stored, cached, billed, reported or sent along. ``truncation`` and
``context_management`` belong here because without them a request that is too long fails
in the open; ``max_tool_calls`` because it bounds built-in tools alone, which are a loss
of their own.
"""

REASONING_HINTS: Final = frozenset({"summary", "generate_summary", "context"})
"""Fields of ``reasoning`` that say what is shown of the thoughts, not how much is thought."""

INPUT_ITEMS: Final = "input_items"
"""Extras and hints: ``[position, item]`` of each input item that nobody else knows."""

INPUT_CONTENT: Final = "input_content"
"""Extras: ``[position of the item, position in it, part]`` of each part nobody else knows."""

FORMAT: Final = "response_format"
"""Extras: a ``text.format`` of a type that nobody else knows."""

FORMAT_DESCRIPTION: Final = "format_description"
"""Hints: the description of a JSON schema."""
