"""A request of this dialect, read into the neutral form.

Its input is a flat list of items, gathered into turns. A position counts the items that become
part of a turn or stay behind, from 0; system messages do not count, because they are written
elsewhere. What only this dialect knows is parted: ``extras`` change the answer, ``hints`` do not.
Fields of a function tool that only serve built-in tools (``defer_loading``,
``allowed_callers``) are not kept, since those tools are extras themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from orchestrator.dialects.files import given_file, given_image, is_public, media_type_of
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
    Thinking,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from orchestrator.dialects.openai_responses import items
from orchestrator.dialects.openai_responses.vocabulary import (
    FORMAT,
    FORMAT_DESCRIPTION,
    HINTS,
    INPUT_CONTENT,
    INPUT_ITEMS,
    KEEPER,
    NAME,
    REASONING_HINTS,
    STORED,
    STREAMED,
)
from orchestrator.dialects.request_fields import (
    RequestError,
    kind_of,
    list_field,
    mapping_field,
    number_field,
    typed_field,
)
from orchestrator.dialects.wire import string

_TEXTS = frozenset({"input_text", "output_text", "text", "refusal"})


@attrs.define
class InputReader:
    """Gathers items into turns.

    Attributes:
        system: What system and developer messages say, wherever they stand.
        turns: The turns so far.
        left: ``[position, item]`` of each item that only this dialect knows.
        references: The same for thoughts that the provider keeps; they are no loss.
        left_content: ``[position, index, part]`` of each part that only this dialect knows.
        unread: What only this dialect knows, by where it stands.
    """

    system: list[Text] = attrs.field(factory=list)
    turns: list[tuple[Role, list[Part]]] = attrs.field(factory=list)
    left: list[list[Any]] = attrs.field(factory=list)
    references: list[list[Any]] = attrs.field(factory=list)
    left_content: list[list[Any]] = attrs.field(factory=list)
    unread: list[Loss] = attrs.field(factory=list)
    _where: str = ""
    _names: dict[str, str] = attrs.field(factory=dict)
    _position: int = 0

    def read(self, given: object) -> None:
        """Take in the whole ``input``.

        Raises:
            RequestError: It is neither text nor a list of items.
        """
        if isinstance(given, str):
            self.turns.append((Role.USER, [Text(given)]))
            return
        if not isinstance(given, Sequence) or isinstance(given, bytes):
            raise RequestError(f"'input' is {kind_of(given)}; allowed: text or a list of items")
        for index, item in enumerate(given):
            if not isinstance(item, Mapping):
                raise RequestError(
                    f"input[{index}] is {kind_of(item)}; allowed: an item (a mapping)"
                )
            self._where = f"input[{index}]"
            self._item(item)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The turns so far, in the neutral form."""
        return tuple(Message(role, tuple(parts)) for role, parts in self.turns)

    def _item(self, item: Mapping[str, Any]) -> None:
        match item.get("type", "message"):
            case "message":
                self._message(item)
            case "function_call":
                call = items.tool_use(item)
                self._names[call.id] = call.name
                self._add(Role.ASSISTANT, [call])
            case "function_call_output":
                self._add(Role.USER, [self._result(item)])
            case "reasoning":
                self._reasoning(item)
            case _:
                self._lose(item)

    def _lose(self, item: Mapping[str, Any]) -> None:
        """Keep an item whole that only this dialect knows."""
        kind = str(item.get("type", "message"))
        self.unread.append(said(kind, self._where, INPUT_ITEMS))
        self._leave(self.left, item)

    def _result(self, item: Mapping[str, Any]) -> ToolResult:
        """A result, with the name of its tool, which other dialects go by."""
        call_id = string(item.get("call_id"))
        name = string(item.get("name")) or self._names.get(call_id, "")
        return ToolResult(call_id, tuple(self._content(item.get("output"), "output")), name=name)

    def _message(self, item: Mapping[str, Any]) -> None:
        role = item.get("role")
        if role in ("system", "developer"):
            self._system(item)
            return
        if role not in ("user", "assistant"):
            raise RequestError(
                f"an input message has the role {role!r}; "
                "allowed: user, assistant, system, developer"
            )
        # What is found strange below may turn out to take the whole item with it.
        before = len(self.unread)
        parts = self._content(item.get("content"), "content")
        strange = [left for left in self.left_content if left[0] == self._position]
        if strange and (not parts or role == Role.ASSISTANT):
            self.left_content = self.left_content[: -len(strange)]
            # The whole item stays; where its parts stand is known already.
            self.unread[before:] = [_with_item(loss) for loss in self.unread[before:]]
            self._leave(self.left, item)
        elif parts:
            self._add(Role(role), parts)

    def _system(self, item: Mapping[str, Any]) -> None:
        parts = [_part(part, "") for part in _parts_in(item.get("content"))]
        texts = [part for part in parts if isinstance(part, Text)]
        if len(texts) == len(parts):
            self.system.extend(texts)
        else:
            self._lose(item)

    def _reasoning(self, item: Mapping[str, Any]) -> None:
        thought = items.thinking(item)
        if isinstance(thought, Thinking) and thought.signature is not None:
            self._add(Role.ASSISTANT, [thought])
        else:
            self._leave(self.references, item)

    def _content(self, content: object, name: str) -> list[Text | Image | File]:
        """The parts that everybody knows; the others stay behind."""
        parts: list[Text | Image | File] = []
        for index, given in enumerate(_parts_in(content)):
            where = f"{self._where}.{name}[{index}]"
            part = _part(given, where)
            if part is None:
                kind = str(given.get("type")) if isinstance(given, Mapping) else ""
                self.unread.append(said(kind, where, INPUT_CONTENT))
                self.left_content.append([self._position, index, given])
            else:
                parts.append(part)
        return parts

    def _leave(self, where: list[list[Any]], item: Mapping[str, Any]) -> None:
        where.append([self._position, item])
        self._position += 1

    def _add(self, role: Role, parts: Sequence[Part]) -> None:
        """Put ``parts`` at the end of the last turn, or of a new one."""
        # Each text of the model is written as an item of its own.
        self._position += len(parts) if role is Role.ASSISTANT else 1
        if self.turns and self.turns[-1][0] is role and _takes_more(self.turns[-1]):
            self.turns[-1][1].extend(parts)
        else:
            self.turns.append((role, list(parts)))


def _takes_more(turn: tuple[Role, list[Part]]) -> bool:
    """Whether what the same speaker says next belongs to ``turn``.

    All that the model says before somebody answers is one turn. Results in a row, and
    what the user adds to them, are one, too; two messages of the user stay two.
    """
    role, parts = turn
    return role is Role.ASSISTANT or isinstance(parts[-1], ToolResult)


def _parts_in(content: object) -> list[Any]:
    """Content as a list of parts; bare text is one of them."""
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    return list(content) if isinstance(content, Sequence) and not isinstance(content, bytes) else []


def _with_item(loss: Loss) -> Loss:
    return attrs.evolve(loss, names=(*loss.names, INPUT_ITEMS))


def _part(part: object, where: str) -> Text | Image | File | None:
    if not isinstance(part, Mapping):
        return None
    cache = isinstance(part.get("prompt_cache_breakpoint"), Mapping)
    kind = part.get("type")
    if isinstance(kind, str) and kind in _TEXTS:
        text = part.get("text", part.get("refusal"))
        return Text(text, cache) if isinstance(text, str) else None
    url = part.get("image_url")
    if kind == "input_image" and isinstance(url, str):
        detail = part.get("detail")
        # ``auto`` is what holds where nothing is said of its detail.
        known = detail if isinstance(detail, str) and detail != "auto" else None
        return given_image(url, detail=known, cache=cache, place=f"{where} {kind}")
    if kind == "input_file" and not isinstance(part.get("detail"), str):
        return _file(part, cache=cache, place=f"{where} {kind}")
    return None


def _file(part: Mapping[str, Any], *, cache: bool, place: str) -> File | Image | None:
    """A file by value, by address, or by the id that the vendor keeps it under."""
    name, url = string(part.get("filename")), string(part.get("file_url"))
    if url and is_public(url):
        kind = media_type_of(name) or media_type_of(url)
        return File(kind, url=url, name=name, cache=cache, place=place)
    data, kept = string(part.get("file_data")), string(part.get("file_id")) or None
    if not data and kept is None:
        return None
    return given_file(data, name=name, id=kept, keeper=KEEPER, cache=cache, place=place)


_READ = frozenset(
    {
        "model", "stream", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls",
        "max_output_tokens", "temperature", "top_p", "text", "reasoning", "user",
    }
)  # fmt: skip
"""Top-level fields that have a neutral form, or none because each call sets them."""


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :class:`orchestrator.dialects.record.Dialect`."""
    reader, extras, hints = _input(payload), _others(payload), {}
    for name in HINTS & extras.keys():
        hints[name] = extras.pop(name)
    asides = tuple(sorted(hints.keys() - {STREAMED}))
    # Of what `include` asks for, only this changes what a caller reads of the answer.
    if "message.output_text.logprobs" in list_field(hints, "include"):
        extras["include"] = hints.pop("include")
    _keep(extras, INPUT_ITEMS, reader.left)
    _keep(extras, INPUT_CONTENT, reader.left_content)
    _keep(hints, INPUT_ITEMS, reader.references)
    text = mapping_field(payload, "text")
    return Conversation(
        messages=reader.messages,
        system=tuple(reader.system),
        tools=_tools(payload, extras),
        tool_choice=_tool_choice(payload, extras),
        parallel_tool_calls=typed_field(payload, "parallel_tool_calls", bool),
        max_tokens=typed_field(payload, "max_output_tokens", int),
        temperature=number_field(payload, "temperature"),
        top_p=number_field(payload, "top_p"),
        format=_format(payload, extras, hints),
        reasoning=_reasoning(payload, extras, hints),
        user=typed_field(payload, "user", str),
        verbosity=typed_field(text, "verbosity", str),
        dialect=NAME,
        extras=extras,
        hints=hints,
        asides=asides,
        unread=(*reader.unread, *_stored(payload), *_vendors_tools(payload)),
    )


def _stored(payload: Mapping[str, Any]) -> Iterator[Loss]:
    """The losses of messages that stand elsewhere: they were said, too."""
    for name in STORED:
        if payload.get(name) is not None:
            yield Loss((name,), Weight.SAID)


def _vendors_tools(payload: Mapping[str, Any]) -> Iterator[Loss]:
    """The losses of tools that are no functions."""
    for index, tool in enumerate(list_field(payload, "tools")):
        if tool.get("type") != "function":
            yield vendor_tool(index, str(tool.get("type")))


def _input(payload: Mapping[str, Any]) -> InputReader:
    reader = InputReader()
    instructions = typed_field(payload, "instructions", str)
    if instructions is not None:
        reader.system.append(Text(instructions))
    given = payload.get("input")
    if given is not None or not any(payload.get(name) for name in STORED):
        reader.read(given)
    return reader


def _others(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without a neutral form; ``None`` is what holds where nothing is said."""
    return {
        name: value
        for name, value in payload.items()
        if name not in _READ and value is not None and (name, value) != ("background", False)
    }


def _keep(fields: dict[str, Any], name: str, value: object) -> None:
    if value:
        fields[name] = value


# Tools.


def _tools(payload: Mapping[str, Any], extras: dict[str, Any]) -> tuple[Tool, ...]:
    """The functions; tools that the provider carries out itself stay behind."""
    given = list_field(payload, "tools")
    functions: list[Tool] = []
    for index, tool in enumerate(given):
        if not isinstance(tool, Mapping):
            raise RequestError(f"tools[{index}] is {kind_of(tool)}; allowed: a tool (a mapping)")
        if tool.get("type") == "function":
            functions.append(_tool(tool, index))
    _keep(extras, "tools", [tool for tool in given if tool.get("type") != "function"])
    return tuple(functions)


def _tool(tool: Mapping[str, Any], index: int) -> Tool:
    name = tool.get("name")
    if not isinstance(name, str):
        raise RequestError(
            f"tools[{index}] has the name {name!r}; allowed: text, beside 'type', as in "
            "{'type': 'function', 'name': 'weather', 'parameters': {...}}"
        )
    return Tool(
        name=name,
        description=typed_field(tool, "description", str) or "",
        parameters=mapping_field(tool, "parameters"),
        strict=typed_field(tool, "strict", bool),
        place=f"tools[{index}]",
    )


def _tool_choice(payload: Mapping[str, Any], extras: dict[str, Any]) -> ToolChoice | None:
    choice = payload.get("tool_choice")
    if isinstance(choice, str) and choice in set(ToolMode):
        return ToolChoice(ToolMode(choice))
    if isinstance(choice, Mapping) and choice.get("type") == "function":
        return ToolChoice(ToolMode.REQUIRED, string(choice.get("name")))
    if choice is not None:
        extras["tool_choice"] = choice
    return None


# Text and reasoning.


def _format(
    payload: Mapping[str, Any], extras: dict[str, Any], hints: dict[str, Any]
) -> JsonFormat | None:
    text = mapping_field(payload, "text")
    shape = mapping_field(text, "format")
    extras.update(
        (name, value)
        for name, value in text.items()
        if name not in ("format", "verbosity") and value is not None
    )
    match shape.get("type"):
        case "json_object":
            return JsonFormat()
        case "json_schema":
            _keep(hints, FORMAT_DESCRIPTION, shape.get("description"))
            strict = typed_field(shape, "strict", bool)
            return JsonFormat(mapping_field(shape, "schema"), string(shape.get("name")), strict)
        case None | "text":
            return None
        case _:
            extras[FORMAT] = shape
            return None


def _reasoning(
    payload: Mapping[str, Any], extras: dict[str, Any], hints: dict[str, Any]
) -> Reasoning | None:
    reasoning = {
        name: value
        for name, value in mapping_field(payload, "reasoning").items()
        if value is not None
    }
    effort = typed_field(reasoning, "effort", str)
    shown = True if reasoning.keys() & {"summary", "generate_summary"} else None
    if reasoning.get("summary") == "auto":
        del reasoning["summary"]
    others = {name: value for name, value in reasoning.items() if name != "effort"}
    riding = {name: value for name, value in others.items() if name in REASONING_HINTS}
    _keep(hints, "reasoning", riding)
    _keep(extras, "reasoning", {name: others[name] for name in others.keys() - riding.keys()})
    return Reasoning(effort, shown=shown) if effort or shown else None
