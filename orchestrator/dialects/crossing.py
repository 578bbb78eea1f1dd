"""Crossing to another dialect: what all of them lose alike, and the notes that tell of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from orchestrator.dialects.loss import Loss, Weight, effort, gathered, parameter
from orchestrator.dialects.neutral import (
    Conversation,
    File,
    Image,
    Reasoning,
    Role,
    Thinking,
    Tool,
    ToolResult,
)
from orchestrator.dialects.record import Dialect

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


def is_tool_name(name: str, longest: int) -> bool:
    """True for a name of at most ``longest`` characters, all of which are taken."""
    return re.fullmatch(rf"[a-zA-Z0-9_-]{{1,{longest}}}", name) is not None


def tool_losses(conversation: Conversation, longest: int) -> tuple[Loss, ...]:
    """Tools whose names a dialect does not take; see :func:`is_tool_name`."""
    return gathered(
        Loss(("tools",), places=(_place(tool),))
        for tool in conversation.tools
        if not is_tool_name(tool.name, longest)
    )


def unwritten_losses(conversation: Conversation) -> tuple[Loss, ...]:
    """For the caller's own dialect: parts that were not read cannot be written either."""
    return tuple(loss for loss in conversation.unread if loss.weight is Weight.SAID)


def parameter_losses(lost: Mapping[str, bool]) -> Iterator[Loss]:
    """Of fields that change the answer, those that are asked for and cannot be said."""
    return (parameter(name) for name, is_lost in lost.items() if is_lost)


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
    # A field that is named with its place is not named once more at the top.
    covered = {name for loss in conversation.unread for name in loss.names}
    fields = sorted(conversation.extras.keys() - covered - set(known))
    asides = (effort(name) for name in conversation.asides if name not in known)
    return (*gathered(conversation.unread), *(Loss((name,)) for name in fields), *asides)


def says_unusual_verbosity(conversation: Conversation) -> bool:
    """True where the caller wants an answer longer or shorter than usual."""
    return conversation.verbosity not in (None, USUAL_VERBOSITY)


def related_hints(
    conversation: Conversation, related: str, known: Collection[str]
) -> Mapping[str, Any]:
    """Hints of another dialect of the same vendor that are ``known`` here, and mean the same."""
    if conversation.dialect != related:
        return {}
    return {name: value for name, value in conversation.hints.items() if name in known}


_EFFORTS = ((0, "none"), (1_024, "low"), (8_192, "medium"))
"""The most tokens of thought that each effort stands for; above them it is ``high``.

The only vendor that says how they compare is Google, for its own models:
https://ai.google.dev/gemini-api/docs/openai (looked up 2026-11-21).
"""


def effort_of(reasoning: Reasoning) -> str | None:
    """How hard to think; a budget in tokens becomes the effort that it stands for."""
    tokens = reasoning.tokens
    if reasoning.effort is not None or tokens is None or tokens < 0:
        # A budget below 0 leaves it to the model (Gemini), as does saying nothing.
        return reasoning.effort
    return next((effort for most, effort in _EFFORTS if tokens <= most), "high")


# Notes.


def notes(conversation: Conversation, there: Dialect) -> tuple[str, ...]:
    """The notes on ``conversation``, written by the dialect ``there``.

    Whoever writes it has made sure that what is lost may be left out.
    """
    reworded = there.reworded(conversation)
    said = (
        _thoughts(conversation, there.name),
        *loss_notes(there.losses(conversation)),
        *reworded.notes,
        "stop is cut here, for it cannot be sent" if reworded.stops else "",
    )
    return tuple(note for note in said if note)


def loss_notes(lost: Iterable[Loss]) -> tuple[str, ...]:
    """The notes on what is left out of a request, which whoever writes it has allowed."""
    losses = tuple(lost)
    efforts = [loss for loss in losses if loss.weight is Weight.EFFORT]
    others = [loss for loss in losses if loss.weight is not Weight.EFFORT]
    said = (
        _listed("left out, for it asks for best effort only", efforts),
        _listed("left out, as the policy allows", others),
    )
    return tuple(note for note in said if note)


def _listed(what: str, losses: Iterable[Loss]) -> str:
    places = ", ".join(map(str, losses))
    return f"{what}: {places}" if places else ""


def _thoughts(conversation: Conversation, name: str) -> str:
    foreign = sum(
        isinstance(part, Thinking) and part.dialect != name
        for message in conversation.messages
        for part in message.parts
    )
    thoughts = f"{foreign} thought{'s' if foreign > 1 else ''}"
    return f"{thoughts} of another vendor left out" if foreign else ""
