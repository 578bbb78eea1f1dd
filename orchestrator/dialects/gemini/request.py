"""Requests, read into and written from the neutral form.

What only this dialect knows stays in ``extras`` (or ``hints``) under its own field: what is
left of ``generationConfig``, ``toolConfig`` and ``tools``, and every other field as it is.
``contents`` in ``extras`` holds, by their place, the contents with a part that nobody else knows
(sound, film, code that was run); they are handed back as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.gemini.generation import (
    STOPS,
    read_generation,
    riding_along,
    write_generation,
)
from orchestrator.dialects.gemini.parts import CallIds, expressible, read_part, write_parts
from orchestrator.dialects.gemini.tools import (
    read_choice,
    read_tools,
    validated,
    write_choice,
    write_tools,
)
from orchestrator.dialects.gemini.words import NAME, take
from orchestrator.dialects.neutral import Conversation, Message, Role, Text, ToolUse
from orchestrator.dialects.wire import mapping, mappings
from orchestrator.request import RequestError

_RIDING = ("labels", "safetySettings", "serviceTier", "store")
"""Fields that change no other vendor's answer: the filters that are set are Google's own."""


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :meth:`orchestrator.dialects.Dialect.read_request`."""
    left = {key: value for key, value in payload.items() if key not in ("model", "stream")}
    messages, kept = _read_contents(left.pop("contents", None))
    system = _read_system(left)
    config = dict(mapping(take(left, "generationConfig")))
    found = read_generation(config)
    tools, others, odd = read_tools(take(left, "tools"))
    choices = dict(mapping(take(left, "toolConfig")))
    choice, strict = read_choice(choices)
    riding = {name: take(left, name) for name in _RIDING}
    riding |= {"generationConfig": riding_along(config), "tools": odd}
    ours = {"contents": kept, "generationConfig": config, "tools": others, "toolConfig": choices}
    return Conversation(
        messages,
        system,
        validated(tools) if strict else tools,
        choice,
        dialect=NAME,
        extras=left | _filled(ours),
        hints=_filled(riding),
        **found,
    )


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``fields`` without what says nothing; ``false`` says something."""
    return {name: value for name, value in fields.items() if value not in (None, {}, [], ())}


def _read_contents(contents: Any) -> tuple[tuple[Message, ...], dict[int, dict[str, Any]]]:
    """The messages, and by their place the contents that hold more than a message can."""
    if not isinstance(contents, list):
        raise RequestError(f"'contents' is {_kind(contents)}; allowed: a list of contents")
    messages: list[Message] = []
    kept: dict[int, dict[str, Any]] = {}
    ids = CallIds()
    for place, content in enumerate(contents):
        parts = _parts(content, place)
        read = [item for part in parts for item in read_part(part, ids)]
        role = Role.ASSISTANT if content.get("role") == "model" else Role.USER
        messages.append(Message(role, tuple(read)))
        if not all(expressible(part) for part in parts):
            kept[place] = content
    return tuple(messages), kept


def _parts(content: Any, place: int) -> list[dict[str, Any]]:
    """The parts of the content at ``place``, each an object."""
    if not isinstance(content, dict):
        raise RequestError(
            f"contents[{place}] is {_kind(content)}; allowed: an object with 'role' and 'parts'"
        )
    parts = content.get("parts") or []
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise RequestError(f"contents[{place}].parts is {_kind(parts)}; allowed: a list of objects")
    return parts


def _kind(value: object) -> str:
    if value is None:
        return "missing"
    return (
        "a list of other things" if isinstance(value, list) else f"of type {type(value).__name__}"
    )


def _read_system(left: dict[str, Any]) -> tuple[Text, ...]:
    """The system prompt; one that holds more than words stays where it is, too."""
    given = take(left, "systemInstruction")
    parts = mappings(mapping(given).get("parts"))
    texts = [Text(part["text"]) for part in parts if isinstance(part.get("text"), str)]
    if given is not None and (len(texts) != len(parts) or not isinstance(given, dict)):
        left["systemInstruction"] = given
    return tuple(texts)


def losses(conversation: Conversation) -> tuple[str, ...]:
    """See :meth:`orchestrator.dialects.Dialect.losses`.

    Hints that change no answer are no losses: what to cache, a picture's detail, the end
    user's name. Thoughts of other vendors are not either.
    """
    lost = []
    if conversation.parallel_tool_calls is False and conversation.tools:
        lost.append("parallel_tool_calls")
    if len(conversation.stop) > STOPS:
        lost.append("stop")
    if conversation.dialect != NAME:
        lost += [name for name, value in conversation.extras.items() if value is not None]
    return tuple(lost)


def write_request(conversation: Conversation) -> dict[str, Any]:
    """See :meth:`orchestrator.dialects.Dialect.write_request`."""
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
        "toolConfig": _filled({"functionCallingConfig": choice}),
        "generationConfig": write_generation(conversation),
    }
    return {"contents": contents, **merged(_filled(made), left)}


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
