"""What a conversation asks for and this dialect cannot say, in its own words.

Left out in silence, because the answer means the same without it: thoughts of another
vendor, cache marks of another dialect, and that a tool's result is an error, which its
text says too. A budget of thought becomes the nearest effort.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from orchestrator.dialects.neutral import Conversation, Image, Role, ToolResult
from orchestrator.dialects.openai_chat.names import NAME, UNWRITTEN

MOST_STOPS = 4
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop (2026-11-21)."""

SHARED = frozenset({"verbosity"})
"""Extras that OpenAI's other dialect knows under the same name."""

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools (2026-11-21)."""


def losses(conversation: Conversation) -> tuple[str, ...]:
    """See :meth:`orchestrator.dialects.Dialect.losses`."""
    if conversation.dialect == NAME:
        return tuple(sorted(name for name in conversation.extras if name.startswith(UNWRITTEN)))
    lost = [name for name, is_lost in _LOST.items() if is_lost(conversation)]
    return (*lost, *sorted(conversation.extras.keys() - shared(conversation).keys()))


def shared(conversation: Conversation) -> Mapping[str, object]:
    """Extras of a related dialect that are written here too."""
    if conversation.dialect != "openai-responses":
        return {}
    return {name: value for name, value in conversation.extras.items() if name in SHARED}


def is_image_taken(image: Image, role: Role) -> bool:
    """True for a user's picture that is anything at all."""
    return role is Role.USER and bool(image.url or image.data)


def is_tool_name(name: str) -> bool:
    """True for a name that the API takes."""
    return _TOOL_NAME.fullmatch(name) is not None


def _images(conversation: Conversation) -> bool:
    return any(
        isinstance(picture, Image) and not is_image_taken(picture, message.role)
        for message in conversation.messages
        for part in message.parts
        for picture in (part.parts if isinstance(part, ToolResult) else (part,))
    )


_LOST: Mapping[str, Callable[[Conversation], bool]] = MappingProxyType(
    {
        "images": _images,
        "stop": lambda asked: len(asked.stop) > MOST_STOPS,
        "tools": lambda asked: not all(is_tool_name(tool.name) for tool in asked.tools),
        # Many servers know it, the API itself does not.
        "top_k": lambda asked: asked.top_k is not None,
    }
)
