"""JSON asked for in words: where a vendor has no mode for it, and where it demands both.

OpenAI's two dialects refuse ``json_object`` where no message says the word "JSON"
(https://platform.openai.com/docs/guides/structured-outputs, JSON mode, 2026-11-29); other
vendors take the mode alone, so a request that crosses may lack the word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from orchestrator.dialects.neutral import Conversation, Text, ToolResult

NOTE = 'response_format json_object: "Answer in JSON." was added, for the word is demanded'

WORD = "Answer in JSON."

_INSTRUCTION = (
    "When you answer in words, the answer is one valid JSON object and nothing else: no text "
    "around it and no code fence."
)


def instruction(schema: Mapping[str, Any] | None = None) -> str:
    """What to say to a model that cannot be held to JSON, or to ``schema``."""
    if schema is None:
        return _INSTRUCTION
    return f"{_INSTRUCTION} It follows this JSON schema: {msgspec.json.encode(schema).decode()}"


def lacks_word(conversation: Conversation, *, in_system: bool = True) -> bool:
    """True where JSON of any form is asked for and nobody says so in words.

    Args:
        conversation: The request.
        in_system: Whether what the system says counts.
    """
    form = conversation.format
    system = conversation.system if in_system else ()
    return form is not None and form.schema is None and not _says(conversation, system)


def with_word(conversation: Conversation) -> Conversation:
    """``conversation``, with the word said where it is missing."""
    if not lacks_word(conversation):
        return conversation
    return attrs.evolve(conversation, system=(*conversation.system, Text(WORD)))


def _says(conversation: Conversation, system: tuple[Text, ...]) -> bool:
    parts = [part for message in conversation.messages for part in message.parts]
    inner = [one for part in parts if isinstance(part, ToolResult) for one in part.parts]
    texts = (part.text for part in (*system, *parts, *inner) if isinstance(part, Text))
    return any("json" in text.lower() for text in texts)
