"""What a conversation asks for and this dialect cannot say.

Left out in silence, because the answer means the same without it: thoughts of another
vendor, cache marks of another dialect, and that a tool's result is an error, which its
text says too. A budget of thought becomes the nearest effort.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from orchestrator.dialects import files
from orchestrator.dialects.common_losses import Shown, foreign_losses, shown_losses, tool_losses
from orchestrator.dialects.loss import Loss, Weight, parameter
from orchestrator.dialects.neutral import Conversation, File, Image, Role
from orchestrator.dialects.openai_chat.names import HINTS, KEEPER, NAME, RELATED

MOST_STOPS = 4
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop (2026-11-21)."""

SOUNDS = frozenset({"wav", "mp3"})
"""Forms of sound that are taken
(https://platform.openai.com/docs/api-reference/chat/create, openai 3.57.0, 2026-11-29)."""

_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools (2026-11-21)."""


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :meth:`orchestrator.dialects.Dialect.losses`."""
    if conversation.dialect == NAME:
        # Parts that were not read cannot be written either.
        return tuple(loss for loss in conversation.unread if loss.weight is Weight.SAID)
    return (
        *shown_losses(conversation, is_taken),
        *tool_losses(conversation, is_tool_name),
        # Many servers know it, the API itself does not.
        *((parameter("top_k"),) if conversation.top_k is not None else ()),
        *((parameter("n"),) if (conversation.choices or 1) > 1 else ()),
        *foreign_losses(conversation, shared(conversation).keys()),
    )


def shared(conversation: Conversation) -> Mapping[str, object]:
    """Hints of the related dialect that are written here too."""
    if conversation.dialect != RELATED:
        return {}
    return {name: value for name, value in conversation.hints.items() if name in HINTS}


def is_taken(shown: Shown, role: Role) -> bool:
    """True for what a user shows: a picture, a file by value or by OpenAI's id, some sounds.

    A file by its address is not: the API has no word for it
    (https://platform.openai.com/docs/api-reference/chat/create, 2026-11-29).
    """
    if role is not Role.USER:
        return False
    if isinstance(shown, Image):
        return bool(shown.url or shown.data)
    return _is_file_taken(shown)


def _is_file_taken(file: File) -> bool:
    if file.id is not None:
        return file.keeper == KEEPER
    if file.is_of("audio"):
        return bool(file.data) and files.sound_form(file) in SOUNDS
    return bool(file.data) and not file.is_of("video")


def is_tool_name(name: str) -> bool:
    """True for a name that the API takes."""
    return _TOOL_NAME.fullmatch(name) is not None
