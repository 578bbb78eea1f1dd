"""Requests, read into and written from the neutral form.

What only this dialect knows stays in ``extras`` (or ``hints``) under its own field: what is
left of ``generationConfig``, ``toolConfig`` and ``tools``, and every other field as it is.
``contents`` in ``extras`` holds, by their place, the contents with a part that nobody else knows
(sound, film, code that was run); they are handed back as they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.dialects.common_losses import (
    foreign_losses,
    says_unusual_verbosity,
    shown_losses,
)
from orchestrator.dialects.gemini.generation import (
    STOPS,
    read_generation,
    riding_along,
    write_generation,
)
from orchestrator.dialects.gemini.parts import CallIds, expressible, read_part, write_parts
from orchestrator.dialects.gemini.results import is_taken
from orchestrator.dialects.gemini.tools import (
    read_choice,
    read_tools,
    validated,
    write_choice,
    write_tools,
)
from orchestrator.dialects.gemini.words import NAME, field, snake, take
from orchestrator.dialects.loss import Loss, Reworded, Weight, effort, parameter, said, vendor_tool
from orchestrator.dialects.neutral import Conversation, Message, Role, Text, ToolUse
from orchestrator.dialects.request_fields import RequestError, kind_of
from orchestrator.dialects.wire import mapping, mappings

_RIDING = ("labels", "safetySettings", "serviceTier", "store")
"""Fields that change no other vendor's answer: the filters that are set are Google's own."""

_SAID = ("cachedContent", "cached_content", "systemInstruction")
"""Fields that hold what was said: kept at Google, or more than words."""


_USUAL = frozenset({"text", "thought", "thoughtSignature", "thought_signature"})


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :meth:`orchestrator.dialects.Dialect.read_request`."""
    left = {key: value for key, value in payload.items() if key not in ("model", "stream")}
    messages, kept, unread = _read_contents(left.pop("contents", None))
    system = _read_system(left)
    unread += [Loss((name,), Weight.SAID) for name in _SAID if left.get(name) is not None]
    config = dict(mapping(take(left, "generationConfig")))
    found = read_generation(config)
    tools, others, odd = read_tools(take(left, "tools"))
    choices = dict(mapping(take(left, "toolConfig")))
    choice, strict = read_choice(choices)
    riding = {name: take(left, name) for name in _RIDING}
    asides = tuple(name for name, value in riding.items() if value is not None)
    riding |= {"generationConfig": riding_along(config), "tools": odd}
    if config:
        places = tuple(f"generationConfig.{name}" for name in config)
        unread.append(Loss(("generationConfig", *config), places=places))
    ours = {"contents": kept, "generationConfig": config, "tools": others, "toolConfig": choices}
    return Conversation(
        messages,
        system,
        validated(tools) if strict else tools,
        choice,
        dialect=NAME,
        extras=left | _filled(ours),
        hints=_filled(riding),
        asides=asides,
        unread=(*unread, *_vendors_tools(payload)),
        **found,
    )


def _vendors_tools(payload: Mapping[str, Any]) -> Iterator[Loss]:
    """The losses of tools that Google runs; an entry may hold several, beside functions."""
    for index, entry in enumerate(mappings(field(payload, "tools"))):
        names = [name for name in entry if snake(name) != "function_declarations"]
        yield from (vendor_tool(index, name) for name in names)


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """``fields`` without what says nothing; ``false`` says something."""
    return {name: value for name, value in fields.items() if value not in (None, {}, [], ())}


def _read_contents(
    contents: Any,
) -> tuple[tuple[Message, ...], dict[int, dict[str, Any]], list[Loss]]:
    """The messages; by their place the contents that hold more than a message can; and what."""
    if not isinstance(contents, list):
        raise RequestError(f"'contents' is {kind_of(contents)}; allowed: a list of contents")
    messages: list[Message] = []
    kept: dict[int, dict[str, Any]] = {}
    unread: list[Loss] = []
    ids = CallIds()
    for place, content in enumerate(contents):
        parts = _parts(content, place)
        where = [f"contents[{place}].parts[{index}]" for index in range(len(parts))]
        read = [
            item for part, at in zip(parts, where, strict=True) for item in read_part(part, ids, at)
        ]
        role = Role.ASSISTANT if content.get("role") == "model" else Role.USER
        messages.append(Message(role, tuple(read)))
        odd = [
            said(_odd(part), at, "contents")
            for part, at in zip(parts, where, strict=True)
            if not expressible(part)
        ]
        if odd:
            kept[place] = content
            unread += odd
    return tuple(messages), kept, unread


def _odd(part: Mapping[str, Any]) -> str:
    """What a part that nobody else knows is called by."""
    return next((name for name in part if name not in _USUAL), "") or next(iter(part), "part")


def _parts(content: Any, place: int) -> list[dict[str, Any]]:
    """The parts of the content at ``place``, each an object."""
    if not isinstance(content, dict):
        raise RequestError(
            f"contents[{place}] is {kind_of(content)}; allowed: an object with 'role' and 'parts'"
        )
    parts = content.get("parts") or []
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        found = "a list of other things" if isinstance(parts, list) else kind_of(parts)
        raise RequestError(f"contents[{place}].parts is {found}; allowed: a list of objects")
    return parts


def _read_system(left: dict[str, Any]) -> tuple[Text, ...]:
    """The system prompt; one that holds more than words stays where it is, too."""
    given = take(left, "systemInstruction")
    parts = mappings(mapping(given).get("parts"))
    texts = [Text(part["text"]) for part in parts if isinstance(part.get("text"), str)]
    if given is not None and (len(texts) != len(parts) or not isinstance(given, dict)):
        left["systemInstruction"] = given
    return tuple(texts)


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    """See :meth:`orchestrator.dialects.Dialect.losses`.

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
        *(parameter(name) for name, is_lost in asked.items() if is_lost),
    )
    if ours:
        return lost
    user = (effort("user"),) if conversation.user is not None else ()
    return (*lost, *user, *foreign_losses(conversation))


def reworded(conversation: Conversation) -> Reworded:
    """See :meth:`orchestrator.dialects.Dialect.reworded`."""
    return Reworded(stops=conversation.stop[STOPS:])


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
