"""A conversation, written as a request of this dialect; and what cannot be said here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.crossing import (
    foreign_losses,
    parameter_losses,
    says_unusual_verbosity,
    shown_losses,
)
from orchestrator.dialects.gemini.generation import (
    STOPS,
    write_generation,
)
from orchestrator.dialects.gemini.parts import (
    is_taken,
    write_parts,
)
from orchestrator.dialects.gemini.tools import (
    write_choice,
    write_tools,
)
from orchestrator.dialects.gemini.vocabulary import NAME, filled
from orchestrator.dialects.loss import Loss, Reworded, effort
from orchestrator.dialects.neutral import Conversation, Message, Role, Text, ToolUse
from orchestrator.dialects.wire import mapping


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :class:`orchestrator.dialects.record.Dialect`.

    Hints that change no answer are no losses: what to cache, a picture's detail. Thoughts of
    other vendors are not either. Several choices are asked for here as well, but only one of
    them would reach a caller of another dialect.
    """
    ours = conversation.dialect == NAME
    alone = conversation.parallel_tool_calls is False and bool(conversation.tools)
    asked = {
        "parallel_tool_calls": alone,
        "n": not ours and (conversation.choices or 1) > 1,
        "verbosity": says_unusual_verbosity(conversation),
    }
    lost = (
        *shown_losses(conversation, is_taken),
        *parameter_losses(asked),
    )
    if ours:
        return lost
    user = (effort("user"),) if conversation.user is not None else ()
    return (*lost, *user, *foreign_losses(conversation))


def reworded(conversation: Conversation) -> Reworded:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    return Reworded(stops=conversation.stop[STOPS:])


def write_request(conversation: Conversation) -> dict[str, Any]:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    ours = conversation.dialect == NAME
    extras = dict(conversation.extras) if ours else {}
    hints = dict(conversation.hints) if ours else {}
    others = [*hints.pop("tools", []), *extras.pop("tools", [])]
    left = merged(hints, extras)
    contents = _write_contents(conversation, mapping(left.pop("contents", None)))
    choice = write_choice(conversation.tool_choice, conversation.tools)
    made = {
        "systemInstruction": _write_system(conversation.system),
        "tools": write_tools(conversation.tools, others),
        "toolConfig": filled({"functionCallingConfig": choice}),
        "generationConfig": write_generation(conversation),
    }
    return {"contents": contents, **merged(filled(made), left)}


def _write_system(system: tuple[Text, ...]) -> dict[str, Any]:
    parts = [{"text": part.text} for part in system if part.text]
    return {"parts": parts} if parts else {}


def _write_contents(
    conversation: Conversation, kept: Mapping[Any, dict[str, Any]]
) -> list[dict[str, Any]]:
    """The contents, without empty ones, which the API refuses.

    Results that lie in several messages are put in one content: the API wants as many
    results in the content after parallel calls as there were calls.
    """
    names = _names(conversation)
    written: list[dict[str, Any]] = []
    for place, message in enumerate(conversation.messages):
        content = kept.get(place) or _content(message, names)
        if _only_results(content) and written and _only_results(written[-1]):
            written[-1] = {**content, "parts": [*written[-1]["parts"], *content["parts"]]}
        elif content.get("parts"):
            written.append(content)
    return written


def _content(message: Message, names: Mapping[str, str]) -> dict[str, Any]:
    role = "model" if message.role is Role.ASSISTANT else "user"
    return {"role": role, "parts": write_parts(message.parts, names)}


def _only_results(content: Mapping[str, Any]) -> bool:
    parts = content.get("parts") or []
    return bool(parts) and all("functionResponse" in part for part in parts)


def _names(conversation: Conversation) -> dict[str, str]:
    """The name of every tool call by its id."""
    parts = (part for message in conversation.messages for part in message.parts)
    return {part.id: part.name for part in parts if isinstance(part, ToolUse)}


def merged(ours: dict[str, Any], theirs: Any) -> dict[str, Any]:
    """``theirs`` put into ``ours``, objects into objects."""
    made = dict(ours)
    for name, value in mapping(theirs).items():
        inner = made.get(name)
        both = isinstance(inner, dict) and isinstance(value, dict)
        made[name] = merged(mapping(inner), value) if both else value
    return made
