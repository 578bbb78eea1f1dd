"""What a conversation asks for and this dialect cannot say.

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
from orchestrator.dialects.common_losses import (
    Shown,
    foreign_losses,
    says_unusual_verbosity,
    shown_losses,
    tool_losses,
)
from orchestrator.dialects.files import PDF, is_public, text_of
from orchestrator.dialects.loss import Loss, Weight, effort, parameter
from orchestrator.dialects.neutral import Conversation, Image, Role, ToolMode

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :meth:`orchestrator.dialects.Dialect.losses`."""
    ours = (
        *shown_losses(conversation, is_taken),
        *tool_losses(conversation, is_tool_name),
        *(parameter(name) for name, is_lost in _LOST.items() if is_lost(conversation)),
        *((effort("seed"),) if conversation.seed is not None else ()),
    )
    if conversation.dialect == NAME:
        # Parts that were not read cannot be written either.
        return (*ours, *(loss for loss in conversation.unread if loss.weight is Weight.SAID))
    return (*ours, *foreign_losses(conversation))


def is_taken(shown: Shown, role: Role) -> bool:
    """True for what a user shows: pictures, PDFs and words, by address, by value, by own id.

    See https://platform.claude.com/docs/en/build-with-claude/vision (2026-11-21) and
    https://platform.claude.com/docs/en/build-with-claude/pdf-support (2026-11-29).
    """
    if role is not Role.USER:
        return False
    if isinstance(shown, Image):
        return bool(shown.url) or (bool(shown.data) and shown.media_type in _IMAGES)
    if shown.id is not None:
        return shown.keeper == NAME
    if shown.url is not None:
        return shown.media_type in (None, PDF) and is_public(shown.url)
    return bool(shown.data) and (shown.media_type == PDF or text_of(shown) is not None)


def is_stop_taken(sequence: str) -> bool:
    """False for white space alone, which the API refuses."""
    return bool(sequence.strip())


def is_tool_name(name: str) -> bool:
    """True for a name that the API takes."""
    return _TOOL_NAME.fullmatch(name) is not None


def _loses_temperature(conversation: Conversation) -> bool:
    """Chat's scale ends at 2, this one at 1, which is its default too.

    While thinking, no other than the default is taken
    (https://platform.claude.com/docs/en/build-with-claude/extended-thinking, 2026-11-21).
    """
    value = conversation.temperature
    return value is not None and (
        not 0 <= value <= 1 or (value != 1 and is_thinking(conversation.reasoning))
    )


def _loses_top_p(conversation: Conversation) -> bool:
    """While thinking, 0.95 is the least that is taken (same page)."""
    value = conversation.top_p
    return value is not None and is_thinking(conversation.reasoning) and value < 0.95


def _loses_tool_choice(conversation: Conversation) -> bool:
    """While thinking, no tool can be demanded (same page)."""
    choice = conversation.tool_choice
    demands = choice is not None and choice.mode is ToolMode.REQUIRED
    return demands and bool(conversation.tools) and is_thinking(conversation.reasoning)


def _loses_reasoning(conversation: Conversation) -> bool:
    reasoning = conversation.reasoning
    return reasoning is not None and not is_sayable(reasoning, conversation.max_tokens)


_LOST: Mapping[str, Callable[[Conversation], bool]] = MappingProxyType(
    {
        "tool_choice": _loses_tool_choice,
        "temperature": _loses_temperature,
        "top_p": _loses_top_p,
        "top_k": lambda asked: asked.top_k is not None and is_thinking(asked.reasoning),
        "frequency_penalty": lambda asked: bool(asked.frequency_penalty),
        "presence_penalty": lambda asked: bool(asked.presence_penalty),
        "n": lambda asked: asked.choices not in (None, 1),
        "verbosity": says_unusual_verbosity,
        "reasoning_effort": _loses_reasoning,
    }
)
