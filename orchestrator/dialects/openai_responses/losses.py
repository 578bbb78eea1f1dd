"""What a conversation asks for and this dialect cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.common_losses import Shown, foreign_losses, shown_losses
from orchestrator.dialects.files import is_public
from orchestrator.dialects.loss import Loss, effort, parameter
from orchestrator.dialects.neutral import Conversation, File, Image, Role
from orchestrator.dialects.openai_responses.names import DIALECT, HINTS, KEEPER, RELATED


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :meth:`orchestrator.dialects.Dialect.losses`.

    A penalty of 0 and one choice are what is done here anyway; stop sequences are cut by the
    driver (:class:`~orchestrator.dialects.loss.Reworded`).
    """
    asked = {
        "top_k": conversation.top_k is not None,
        "frequency_penalty": bool(conversation.frequency_penalty),
        "presence_penalty": bool(conversation.presence_penalty),
        "n": (conversation.choices or 1) > 1,
    }
    ours = (
        *shown_losses(conversation, is_taken),
        *(parameter(name) for name, lost in asked.items() if lost),
        *((effort("seed"),) if conversation.seed is not None else ()),
    )
    if conversation.dialect == DIALECT:
        return ours
    return (*ours, *foreign_losses(conversation, shared(conversation).keys()))


def shared(conversation: Conversation) -> Mapping[str, Any]:
    """Hints of the related dialect that are written here too."""
    if conversation.dialect != RELATED:
        return {}
    return {name: value for name, value in conversation.hints.items() if name in HINTS}


def is_taken(shown: Shown, role: Role) -> bool:
    """True for what a user shows: pictures, and files but sounds and films.

    The API's types have no sound among the contents of a message
    (openai 3.57.0, ``ResponseInputContentParam``, 2026-11-29).
    """
    if role is not Role.USER:
        return False
    return isinstance(shown, Image) or _is_file_taken(shown)


def _is_file_taken(file: File) -> bool:
    if file.id is not None:
        return file.keeper == KEEPER
    if file.is_of("audio", "video"):
        return False
    return bool(file.data) or (file.url is not None and is_public(file.url))
