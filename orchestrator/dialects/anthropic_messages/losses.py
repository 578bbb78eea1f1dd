"""What a conversation asks for and this dialect cannot say, in chat-completions words.

Left out in silence, because the answer means the same without it: how closely a picture
is looked at (``detail``), the name of a schema, and thoughts of another vendor, which
nobody else may read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from orchestrator.dialects.anthropic_messages.reasoning import is_sayable, is_thinking
from orchestrator.dialects.anthropic_messages.vocabulary import NAME
from orchestrator.dialects.neutral import (
    Conversation,
    Image,
    Part,
    Role,
    ToolMode,
    ToolResult,
)

UNWRITTEN = "messages."
"""How the names of extras begin that tell of parts of messages and cannot be written back."""

_MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def losses(conversation: Conversation) -> tuple[str, ...]:
    """See :meth:`orchestrator.dialects.Dialect.losses`."""
    ours = tuple(name for name, is_lost in _LOST.items() if is_lost(conversation))
    return ours + tuple(sorted(name for name in conversation.extras if _bars(name, conversation)))


def _bars(name: str, conversation: Conversation) -> bool:
    return conversation.dialect != NAME or name.startswith(UNWRITTEN)


def is_image_taken(image: Image, role: Role) -> bool:
    """True for a picture by address, or by value in a format that the API reads.

    See https://platform.claude.com/docs/en/build-with-claude/vision (2026-11-21).
    """
    if role is not Role.USER:
        return False
    return bool(image.url) or (bool(image.data) and image.media_type in _MEDIA_TYPES)


def is_stop_taken(sequence: str) -> bool:
    """False for white space alone, which the API refuses."""
    return bool(sequence.strip())


def is_tool_name(name: str) -> bool:
    """True for a name that the API takes."""
    return _TOOL_NAME.fullmatch(name) is not None


def _images(conversation: Conversation) -> bool:
    return any(
        isinstance(picture, Image) and not is_image_taken(picture, message.role)
        for message in conversation.messages
        for part in message.parts
        for picture in _inside(part)
    )


def _inside(part: Part) -> tuple[Part, ...]:
    return part.parts if isinstance(part, ToolResult) else (part,)


def _temperature(conversation: Conversation) -> bool:
    """Chat's scale ends at 2, this one at 1, which is its default too.

    While thinking, no other than the default is taken
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking, 2026-11-21).
    """
    value = conversation.temperature
    return value is not None and (
        not 0 <= value <= 1 or (value != 1 and is_thinking(conversation.reasoning))
    )


def _top_p(conversation: Conversation) -> bool:
    """While thinking, 0.95 is the least that is taken (same page)."""
    value = conversation.top_p
    return value is not None and is_thinking(conversation.reasoning) and value < 0.95


def _tool_choice(conversation: Conversation) -> bool:
    """While thinking, no tool can be demanded (same page)."""
    choice = conversation.tool_choice
    demands = choice is not None and choice.mode is ToolMode.REQUIRED
    return demands and bool(conversation.tools) and is_thinking(conversation.reasoning)


def _reasoning(conversation: Conversation) -> bool:
    reasoning = conversation.reasoning
    return reasoning is not None and not is_sayable(reasoning, conversation.max_tokens)


_LOST: Mapping[str, Callable[[Conversation], bool]] = MappingProxyType(
    {
        "images": _images,
        "tools": lambda asked: not all(is_tool_name(tool.name) for tool in asked.tools),
        "tool_choice": _tool_choice,
        "temperature": _temperature,
        "top_p": _top_p,
        "top_k": lambda asked: asked.top_k is not None and is_thinking(asked.reasoning),
        "stop": lambda asked: not all(map(is_stop_taken, asked.stop)),
        "seed": lambda asked: asked.seed is not None,
        "frequency_penalty": lambda asked: bool(asked.frequency_penalty),
        "presence_penalty": lambda asked: bool(asked.presence_penalty),
        "n": lambda asked: asked.choices not in (None, 1),
        "response_format": lambda asked: asked.format is not None and asked.format.schema is None,
        "reasoning_effort": _reasoning,
    }
)
