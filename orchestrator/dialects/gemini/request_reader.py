"""A request of this dialect, in the neutral form.

What only this dialect knows stays in ``extras`` (or ``hints``) under its own field: what is
left of ``generationConfig``, ``toolConfig`` and ``tools``, and every other field as it is.
``contents`` in ``extras`` holds, by their place, the contents with a part that nobody else knows
(sound, film, code that was run); they are handed back as they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.dialects.gemini.generation import (
    read_generation,
    riding_along,
)
from orchestrator.dialects.gemini.parts import (
    CallIds,
    expressible,
    read_part,
)
from orchestrator.dialects.gemini.tools import (
    read_choice,
    read_tools,
    validated,
)
from orchestrator.dialects.gemini.vocabulary import NAME, field, filled, snake, take
from orchestrator.dialects.loss import Loss, Weight, said, vendor_tool
from orchestrator.dialects.neutral import Conversation, Message, Role, Text
from orchestrator.dialects.request_fields import RequestError, kind_of
from orchestrator.dialects.wire import mapping, mappings

_RIDING = ("labels", "safetySettings", "serviceTier", "store")
"""Fields that change no other vendor's answer: the filters that are set are Google's own."""

_SAID = ("cachedContent", "cached_content", "systemInstruction")
"""Fields that hold what was said: kept at Google, or more than words."""


_USUAL = frozenset({"text", "thought", "thoughtSignature", "thought_signature"})


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :class:`orchestrator.dialects.record.Dialect`."""
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
    # What is left changes the answer, or nobody knows: one loss that names each field.
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
        extras=left | filled(ours),
        hints=filled(riding),
        asides=asides,
        unread=(*unread, *_vendors_tools(payload)),
        **found,
    )


def _vendors_tools(payload: Mapping[str, Any]) -> Iterator[Loss]:
    """The losses of tools that Google runs; an entry may hold several, beside functions."""
    for index, entry in enumerate(mappings(field(payload, "tools"))):
        names = [name for name in entry if snake(name) != "function_declarations"]
        yield from (vendor_tool(index, name) for name in names)


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
