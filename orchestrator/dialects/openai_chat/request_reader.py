"""A request of this dialect, in the neutral form.

Tool results are messages of their own here; in the neutral form they stand in the user's turn,
before what the user says in the same turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestrator.dialects.encoding import json_body
from orchestrator.dialects.files import given_file, given_image, sound
from orchestrator.dialects.loss import Loss, Weight, said, vendor_tool
from orchestrator.dialects.neutral import (
    Conversation,
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from orchestrator.dialects.openai_chat.messages import thoughts, tool_use
from orchestrator.dialects.openai_chat.vocabulary import (
    CACHE,
    HINTS,
    KEEPER,
    LIMIT,
    NAME,
    OPENAI_CACHE,
    SPELLING,
    STREAMED,
    THINKING_FIELDS,
)
from orchestrator.dialects.request_fields import (
    RequestError,
    kind_of,
    list_field,
    number_field,
    typed_field,
)
from orchestrator.dialects.wire import mapping, mappings, string

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")


@attrs.define
class ChatMessagesReader:
    """Reads messages in order.

    Attributes:
        system: What system and developer messages say, wherever they stand.
        turns: The turns so far.
        unread: What the neutral form has no place for.
        cache: How cache marks are spelled; empty where there are none.
    """

    system: list[Text] = attrs.field(factory=list)
    turns: list[tuple[Role, list[Part]]] = attrs.field(factory=list)
    unread: list[Loss] = attrs.field(factory=list)
    cache: str = ""
    _where: str = ""
    _names: dict[str, str] = attrs.field(factory=dict)
    _after_results: bool = False

    def read(self, messages: Any) -> tuple[Message, ...]:
        """All messages as turns.

        Raises:
            RequestError: They are not messages of this dialect.
        """
        if not isinstance(messages, list | tuple):
            raise RequestError(f"'messages' is {kind_of(messages)}; allowed: a list of messages")
        for index, message in enumerate(messages):
            role = message.get("role") if isinstance(message, Mapping) else None
            if role not in _ROLES:
                raise RequestError(
                    f"messages[{index}] has the role {role!r}; allowed: {', '.join(_ROLES)}"
                )
            self._where = f"messages[{index}]"
            self._message(role, message)
        return tuple(Message(role, tuple(parts)) for role, parts in self.turns)

    def _message(self, role: str, message: Mapping[str, Any]) -> None:
        if message.get("name") and role not in ("tool", "function"):
            # Who speaks, where several speak in one role; no other dialect has a word for it.
            names = ("messages.name", "name")
            self.unread.append(Loss(names, Weight.EFFORT, (f"{self._where} name",)))
        if role in ("system", "developer"):
            self.system.extend(self._texts(message.get("content")))
        elif role in ("tool", "function"):
            self._result(message)
        elif role == "assistant":
            self._after_results = False
            self.turns.append((Role.ASSISTANT, self._spoken(message)))
        else:
            self._user(self._parts(message.get("content")))

    def _user(self, parts: list[Part]) -> None:
        if self._after_results:
            self.turns[-1][1].extend(parts)
        else:
            self.turns.append((Role.USER, parts))
        self._after_results = False

    def _result(self, message: Mapping[str, Any]) -> None:
        # Before 2023-11 a result named its function alone.
        name = string(message.get("name"))
        call = string(message.get("tool_call_id")) or f"call_{name}"
        kept = [part for part in self._parts(message.get("content")) if not _is_empty(part)]
        parts = tuple(part for part in kept if isinstance(part, Text | Image | File))
        result = ToolResult(call, parts, name=name or self._names.get(call, ""))
        if not self._after_results:
            self.turns.append((Role.USER, []))
        self.turns[-1][1].append(result)
        self._after_results = True

    def _spoken(self, message: Mapping[str, Any]) -> list[Part]:
        """The assistant's turn: thoughts, then words, then tool calls."""
        words = [part for part in self._parts(message.get("content")) if not _is_empty(part)]
        refusal = string(message.get("refusal"))
        parts = [*thoughts(message), *words, *([Text(refusal)] if refusal else [])]
        if message.get("audio"):
            self.unread.append(said("audio", self._where))
        calls = mappings(message.get("tool_calls"))
        self.unread += [
            said("custom", f"{self._where}.tool_calls[{index}]")
            for index, call in enumerate(calls)
            if "custom" in call
        ]
        uses = [tool_use(_sayable(call)) for call in calls if "custom" not in call]
        legacy = mapping(message.get("function_call"))
        if legacy:
            uses.append(tool_use({"function": legacy, "id": f"call_{legacy.get('name')}"}))
        self._names.update((use.id, use.name) for use in uses)
        return [*parts, *uses]

    def _parts(self, content: Any) -> list[Part]:
        if isinstance(content, list | tuple):
            parts = [
                self._part(part, f"{self._where}.content[{index}]")
                for index, part in enumerate(content)
            ]
            return [part for part in parts if part is not None]
        return [Text(string(content))]

    def _texts(self, content: Any) -> list[Text]:
        parts = self._parts(content)
        shown = (part for part in parts if isinstance(part, Image | File))
        for part in shown:
            where, _, kind = part.place.rpartition(" ")
            self.unread.append(said(kind, where, "messages.system"))
        return [part for part in parts if isinstance(part, Text) and part.text]

    def _part(self, part: Any, where: str) -> Part | None:
        if not isinstance(part, Mapping):
            return Text(string(part))
        kind, cached = part.get("type", "text"), self.is_cached(part)
        place = f"{where} {kind}"
        match kind:
            case "text" | "input_text" | "output_text" | "refusal":
                return Text(string(part.get("text")) or string(part.get("refusal")), cached)
            case "image_url":
                return _image(part.get("image_url"), cache=cached, place=place)
            case "file":
                return _file(mapping(part.get("file")), cache=cached, place=place)
            case "input_audio":
                given = mapping(part.get("input_audio"))
                form = string(given.get("format"))
                return sound(string(given.get("data")), form, cache=cached, place=place)
            case "thinking":  # mistral's; see `thoughts`
                return None
            case _:
                self.unread.append(said(str(kind), where))
                return None

    def is_cached(self, marked: Mapping[str, Any]) -> bool:
        """True where a cached prefix ends at this part or tool."""
        for spelling in (CACHE, OPENAI_CACHE):
            if marked.get(spelling):
                self.cache = spelling
                return True
        return False


def _is_empty(part: Part) -> bool:
    return isinstance(part, Text) and not part.text


def _file(given: Mapping[str, Any], *, cache: bool, place: str) -> File | Image:
    """A file by value, or by the id that OpenAI keeps it under."""
    return given_file(
        string(given.get("file_data")),
        name=string(given.get("filename")),
        id=string(given.get("file_id")) or None,
        keeper=KEEPER,
        cache=cache,
        place=place,
    )


def _image(given: Any, *, cache: bool, place: str) -> Image:
    """A picture by address or in a ``data:`` address; some send the address alone."""
    url = given if isinstance(given, str) else string(mapping(given).get("url"))
    detail = mapping(given).get("detail")
    detail = detail if isinstance(detail, str) else None
    return given_image(url, detail=detail, cache=cache, place=place)


def _sayable(call: dict[str, Any]) -> dict[str, Any]:
    """``call``, whose arguments a caller may give as an object.

    Raises:
        RequestError: JSON cannot say them.
    """
    json_body({"arguments": mapping(call.get("function")).get("arguments")})
    return call


_READ = frozenset(
    {
        "frequency_penalty", "function_call", "functions", "max_completion_tokens", "max_tokens",
        "messages", "model", "n", "parallel_tool_calls", "presence_penalty", "reasoning",
        "reasoning_effort", "response_format", "seed", "stop", "stream", "temperature",
        "thinking", "tool_choice", "tools", "top_k", "top_p", "user", "verbosity",
    }
)  # fmt: skip
"""Fields that have a neutral form, or none because each call sets them."""

_USUAL: Mapping[str, Any] = {"modalities": ["text"], "top_logprobs": 0}
"""What says nothing, for it holds where nothing is said
(https://platform.openai.com/docs/api-reference/chat/create, 2026-11-29)."""


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    reader, extras, hints = ChatMessagesReader(), *_others(payload)
    messages = reader.read(payload.get("messages"))
    asides = tuple(sorted(name for name in hints if name in HINTS and name != STREAMED))
    tools = _tools(payload, reader, extras)
    spelling = {"max_tokens": _limit_field(payload), "cache": reader.cache}
    hints |= {SPELLING: said} if (said := {k: v for k, v in spelling.items() if v}) else {}
    return Conversation(
        messages,
        system=tuple(reader.system),
        tools=tools,
        tool_choice=_tool_choice(payload, extras),
        parallel_tool_calls=typed_field(payload, "parallel_tool_calls", bool),
        max_tokens=typed_field(payload, _limit_field(payload) or LIMIT, int),
        temperature=number_field(payload, "temperature"),
        top_p=number_field(payload, "top_p"),
        top_k=typed_field(payload, "top_k", int),
        stop=_stop(payload.get("stop")),
        seed=typed_field(payload, "seed", int),
        frequency_penalty=number_field(payload, "frequency_penalty"),
        presence_penalty=number_field(payload, "presence_penalty"),
        choices=typed_field(payload, "n", int),
        format=_format(payload, extras, hints),
        reasoning=_reasoning(payload, hints),
        user=typed_field(payload, "user", str),
        verbosity=typed_field(payload, "verbosity", str),
        dialect=NAME,
        extras=extras,
        hints=hints,
        asides=asides,
        unread=tuple(reader.unread),
    )


def _others(payload: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields without a neutral form: those that change the answer, and the others.

    What is off or empty changes nothing; ``None`` is what holds where nothing is said.
    """
    extras: dict[str, Any] = {}
    hints: dict[str, Any] = {}
    for name, value in payload.items():
        if name in _READ or value is None or value == _USUAL.get(name):
            continue
        harmless = name in HINTS or value is False or value in ({}, [])
        (hints if harmless else extras)[name] = value
    return extras, hints


# Tools.


def _tools(
    payload: Mapping[str, Any], reader: ChatMessagesReader, extras: dict[str, Any]
) -> tuple[Tool, ...]:
    """The functions; before 2023-11 they had a field of their own. Others stay behind."""
    given = [*list_field(payload, "tools")]
    given += [{"type": "function", "function": one} for one in list_field(payload, "functions")]
    for index, tool in enumerate(given):
        if not isinstance(tool, Mapping):
            found = type(tool).__name__
            raise RequestError(f"tools[{index}] is of type {found}; allowed: a mapping")
    if others := [tool for tool in given if "function" not in tool]:
        extras["tools"] = others
    reader.unread += [
        vendor_tool(index, string(tool.get("type")))
        for index, tool in enumerate(given)
        if "function" not in tool
    ]
    return tuple(
        _tool(tool, reader, f"tools[{index}]")
        for index, tool in enumerate(given)
        if "function" in tool
    )


def _tool(tool: Mapping[str, Any], reader: ChatMessagesReader, place: str) -> Tool:
    function = mapping(tool["function"])
    name = function.get("name")
    if not isinstance(name, str) or not name:
        raise RequestError(f"a function of 'tools' has the name {name!r}; allowed: text")
    return Tool(
        name,
        string(function.get("description")),
        mapping(function.get("parameters")),
        typed_field(function, "strict", bool),
        cache=reader.is_cached(tool) or reader.is_cached(function),
        place=place,
    )


def _tool_choice(payload: Mapping[str, Any], extras: dict[str, Any]) -> ToolChoice | None:
    choice = payload.get("tool_choice", payload.get("function_call"))
    if isinstance(choice, str) and choice in set(ToolMode):
        return ToolChoice(ToolMode(choice))
    if choice == "any":  # mistral
        return ToolChoice(ToolMode.REQUIRED)
    function = mapping(choice).get("function", choice)
    if name := string(mapping(function).get("name")):
        return ToolChoice(ToolMode.REQUIRED, name)
    if choice is not None:
        extras["tool_choice"] = choice
    return None


# The answer's form, and thought.


def _format(
    payload: Mapping[str, Any], extras: dict[str, Any], hints: dict[str, Any]
) -> JsonFormat | None:
    asked = mapping(payload.get("response_format"))
    if asked.get("type") == "json_object":
        return JsonFormat()
    shape = asked.get("json_schema")
    if asked.get("type") == "json_schema" and isinstance(shape, dict):
        if description := shape.get("description"):
            hints["response_format"] = description
        name = string(shape.get("name")) or "answer"
        return JsonFormat(mapping(shape.get("schema")), name, typed_field(shape, "strict", bool))
    if asked and asked.get("type") != "text":
        extras["response_format"] = payload["response_format"]
    return None


def _reasoning(payload: Mapping[str, Any], hints: dict[str, Any]) -> Reasoning | None:
    """How much to think, in any spelling; objects are kept to be written back as they were.

    OpenRouter takes ``enabled`` alone for medium effort
    (https://openrouter.ai/docs/use-cases/reasoning-tokens, 2026-11-21).
    """
    effort = typed_field(payload, "reasoning_effort", str)
    asked = {name: payload[name] for name in THINKING_FIELDS if isinstance(payload.get(name), dict)}
    if not asked:
        return Reasoning(effort) if effort is not None else None
    hints.update(asked, **({"reasoning_effort": effort} if effort is not None else {}))
    merged: dict[str, Any] = {k: v for one in asked.values() for k, v in one.items()}
    tokens = merged.get("max_tokens", merged.get("budget_tokens"))
    is_tokens = isinstance(tokens, int) and not isinstance(tokens, bool)
    if merged.get("enabled") is False or merged.get("type") == "disabled":
        return Reasoning("none")
    effort = effort or string(merged.get("effort")) or (None if is_tokens else "medium")
    shown = None if merged.get("exclude") is None else not merged["exclude"]
    return Reasoning(effort, tokens if is_tokens else None, shown)


def _limit_field(payload: Mapping[str, Any]) -> str:
    for name in ("max_completion_tokens", LIMIT):
        if payload.get(name) is not None:
            return name
    return ""


def _stop(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    texts = [given] if isinstance(given, str) else given
    if isinstance(texts, list | tuple) and all(isinstance(text, str) for text in texts):
        return tuple(texts)
    raise RequestError(f"'stop' is {given!r}; allowed: text or a list of texts")
