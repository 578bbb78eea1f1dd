"""What dialects lose alike: parts that they do not take, names of tools, foreign fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from orchestrator.dialects.loss import Loss, Weight, effort, gathered
from orchestrator.dialects.neutral import Conversation, File, Image, Role, Tool, ToolResult

Shown = Image | File

USUAL_VERBOSITY = "medium"
"""What holds where nothing is said
(https://platform.openai.com/docs/api-reference/responses/create, 2026-11-29)."""


def shown_losses(
    conversation: Conversation, is_taken: Callable[[Shown, Role], bool]
) -> tuple[Loss, ...]:
    """Pictures and files that a dialect does not take; asked of each, with who shows it."""
    return gathered(_loss(part) for part, role in _shown(conversation) if not is_taken(part, role))


def _shown(conversation: Conversation) -> Iterator[tuple[Shown, Role]]:
    for message in conversation.messages:
        for part in message.parts:
            for one in part.parts if isinstance(part, ToolResult) else (part,):
                if isinstance(one, Shown):
                    yield one, message.role


def _loss(part: Shown) -> Loss:
    kind = part.place.partition(" ")[2].partition(" ")[0]
    other = "audio" if isinstance(part, File) and part.is_of("audio") else "files"
    name = "images" if isinstance(part, Image) else other
    others = (f"messages.{kind}", kind) if kind else ()
    return Loss((name, *others), Weight.SAID, (part.place,) if part.place else ())


def tool_losses(conversation: Conversation, is_name: Callable[[str], bool]) -> tuple[Loss, ...]:
    """Tools whose names a dialect does not take."""
    return gathered(
        Loss(("tools",), places=(_place(tool),))
        for tool in conversation.tools
        if not is_name(tool.name)
    )


def _place(tool: Tool) -> str:
    return f"{tool.place or 'tools'} {tool.name.encode('utf-8', 'replace').decode()}"


def foreign_losses(
    conversation: Conversation, known: Collection[str] = frozenset()
) -> tuple[Loss, ...]:
    """What only the caller's own dialect can say.

    Args:
        conversation: The request.
        known: Fields of it that mean the same here.
    """
    covered = {name for loss in conversation.unread for name in loss.names}
    fields = sorted(conversation.extras.keys() - covered - set(known))
    asides = (effort(name) for name in conversation.asides if name not in known)
    return (*gathered(conversation.unread), *(Loss((name,)) for name in fields), *asides)


def says_unusual_verbosity(conversation: Conversation) -> bool:
    """True where the caller wants an answer longer or shorter than usual."""
    return conversation.verbosity not in (None, USUAL_VERBOSITY)
