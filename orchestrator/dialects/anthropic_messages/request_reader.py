"""A request of this dialect, in the neutral form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.answer import read_thinking
from orchestrator.dialects.anthropic_messages.reasoning import KINDS, read_reasoning
from orchestrator.dialects.anthropic_messages.vocabulary import NAME
from orchestrator.dialects.files import PDF, of_text
from orchestrator.dialects.loss import Loss, said, vendor_tool
from orchestrator.dialects.neutral import (
    Conversation,
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
)
from orchestrator.dialects.request_fields import (
    RequestError,
    kind_of,
    list_field,
    number_field,
    typed_field,
)

_SYSTEM = "system"
"""Takes a turn of its own since Opus 4.8
(https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages,
2026-11-21)."""

_ROLES = (*(role.value for role in Role), _SYSTEM)


def required(block: Mapping[str, Any], name: str, where: str) -> str:
    """The string of that name.

    Raises:
        RequestError: There is none.
    """
    value = block.get(name)
    if isinstance(value, str):
        return value
    raise RequestError(f"{where} has no {name!r}; allowed: a string")


def is_cached(block: Mapping[str, Any]) -> bool:
    """True where a prefix to cache ends with ``block``."""
    return isinstance(block.get("cache_control"), dict)


def _title(block: Mapping[str, Any]) -> str:
    return wire.string(block.get("title"))


class TurnsReader:
    """The reading of one request's turns.

    Attributes:
        instructions: What turns of the role ``system`` say, in order.
        unread: What the neutral form has no part for.
    """

    def __init__(self) -> None:
        self.instructions: list[Text] = []
        self.unread: list[Loss] = []
        self._called: dict[str, str] = {}

    def system(self, given: Any) -> tuple[Text, ...]:
        """The system prompt.

        Raises:
            RequestError: It is neither words nor blocks of words.
        """
        if given is None:
            return ()
        return tuple(part for part in self._parts(given, _SYSTEM) if isinstance(part, Text))

    def messages(self, given: Any) -> tuple[Message, ...]:
        """The turns of user and assistant.

        Raises:
            RequestError: They are not of this dialect.
        """
        if not isinstance(given, list | tuple):
            raise RequestError(f"'messages' is {kind_of(given)}; allowed: a list of messages")
        return tuple(self._turns(given))

    def _turns(self, given: list[Any] | tuple[Any, ...]) -> Iterator[Message]:
        for number, turn in enumerate(given):
            where = f"messages[{number}]"
            if not isinstance(turn, Mapping):
                raise RequestError(f"{where} is {kind_of(turn)}; allowed: a mapping")
            role = required(turn, "role", where)
            if role not in _ROLES:
                raise RequestError(f"{where} has the role {role!r}; allowed: {', '.join(_ROLES)}")
            parts = tuple(self._parts(turn.get("content"), f"{where}.content"))
            if role == _SYSTEM:
                self.instructions += [part for part in parts if isinstance(part, Text)]
            else:
                yield Message(Role(role), parts)

    def _parts(self, content: Any, where: str) -> Iterator[Part]:
        if isinstance(content, str):
            yield Text(content)
            return
        if not isinstance(content, list | tuple):
            found = kind_of(content)
            raise RequestError(f"{where} is {found}; allowed: a string or a list of blocks")
        for number, block in enumerate(content):
            if not isinstance(block, Mapping):
                found = kind_of(block)
                raise RequestError(f"{where}[{number}] is {found}; allowed: a block")
            yield from self._block(block, f"{where}[{number}]")

    def _block(self, block: Mapping[str, Any], where: str) -> Iterator[Part]:
        kind = required(block, "type", where)
        match kind:
            case "text":
                yield Text(required(block, "text", where), is_cached(block))
            case "image":
                yield from self._image(block, where)
            case "document":
                yield from self._document(block, where)
            case "thinking" | "redacted_thinking":
                yield read_thinking(block)
            case "tool_use":
                yield self._call(block, where)
            case "tool_result":
                yield self._result(block, where)
            case _:
                self.unread.append(said(kind, where))

    def _image(self, block: Mapping[str, Any], where: str) -> Iterator[Image]:
        source = wire.mapping(block.get("source"))
        cache, place = is_cached(block), f"{where} image"
        match source.get("type"):
            case "url":
                yield Image(url=wire.string(source.get("url")), cache=cache, place=place)
            case "base64":
                kind, data = wire.string(source.get("media_type")), wire.string(source.get("data"))
                yield Image(media_type=kind, data=data, cache=cache, place=place)
            case _:
                # A file that the vendor keeps, which nobody else can open.
                self.unread.append(said("image", where))

    def _document(self, block: Mapping[str, Any], where: str) -> Iterator[Part]:
        """What is said of a document, then the document itself.

        See https://platform.claude.com/docs/en/build-with-claude/pdf-support and
        https://platform.claude.com/docs/en/build-with-claude/citations (2026-11-29).
        """
        source, place = wire.mapping(block.get("source")), f"{where} document"
        if context := wire.string(block.get("context")):
            yield Text(context)
        if wire.mapping(block.get("citations")).get("enabled"):
            self.unread.append(Loss(("citations",), places=(f"{place} citations",)))
        if source.get("type") != "content":
            yield from self._file(source, block, place)
        elif isinstance(content := source.get("content"), str):
            yield of_text(content, name=_title(block), cache=is_cached(block), place=place)
        else:
            yield from self._parts(content, f"{where}.source.content")

    def _file(
        self, source: Mapping[str, Any], block: Mapping[str, Any], place: str
    ) -> Iterator[File]:
        name, cache = _title(block), is_cached(block)
        match source.get("type"):
            case "base64":
                kind, data = wire.string(source.get("media_type")), wire.string(source.get("data"))
                yield File(kind or PDF, data, name=name, cache=cache, place=place)
            case "text":
                text = wire.string(source.get("data"))
                yield of_text(text, name=name, cache=cache, place=place)
            case "url":
                url = wire.string(source.get("url"))
                yield File(PDF, url=url, name=name, cache=cache, place=place)
            case "file":
                kept = wire.string(source.get("file_id"))
                yield File(id=kept, keeper=NAME, name=name, cache=cache, place=place)
            case _:
                where, _, kind = place.rpartition(" ")
                self.unread.append(said(kind, where))

    def _call(self, block: Mapping[str, Any], where: str) -> ToolUse:
        id_, name = required(block, "id", where), required(block, "name", where)
        # A result names its call's id alone; Gemini asks for the name.
        self._called[id_] = name
        return ToolUse(
            id_, name, wire.json_text(wire.mapping(block.get("input"))), is_cached(block)
        )

    def _result(self, block: Mapping[str, Any], where: str) -> ToolResult:
        content = block.get("content")
        inner = () if not content else self._parts(content, f"{where}.content")
        id_ = required(block, "tool_use_id", where)
        return ToolResult(
            id_,
            tuple(part for part in inner if isinstance(part, Text | Image | File)),
            error=block.get("is_error") is True,
            cache=is_cached(block),
            name=self._called.get(id_, ""),  # which others ask for beside the id
        )


_READ = frozenset(
    {
        "max_tokens", "messages", "metadata", "model", "output_config", "output_format",
        "stop_sequences", "stream", "system", "temperature", "thinking", "tool_choice", "tools",
        "top_k", "top_p",
    }
)  # fmt: skip
"""The fields that the neutral form can say, or that are no part of it."""

_HINTS = frozenset(
    {
        "cache_control",
        "context_management",  # prunes old turns to save tokens; whole, they say the same
        "diagnostics",
        "service_tier",
        "speed",
        "user_profile_id",
        "workspace_id",
    }
)
"""Fields without which the answer is the same: price, speed, bookkeeping."""

_MODES = {
    "auto": ToolMode.AUTO,
    "any": ToolMode.REQUIRED,
    "tool": ToolMode.REQUIRED,
    "none": ToolMode.NONE,
}


def read_request(payload: Mapping[str, Any]) -> Conversation:
    """See :class:`orchestrator.dialects.record.Dialect`.

    Fields that nobody else knows are ``extras`` or ``hints``. Among the former are
    ``tools`` (those that the vendor runs) and ``output_config`` (what is neither effort nor
    format).
    """
    turns = TurnsReader()
    system = turns.system(payload.get("system"))
    messages = turns.messages(payload.get("messages"))
    choice, parallel = _tool_choice(payload.get("tool_choice"))
    asides = tuple(sorted(_HINTS & payload.keys()))
    return Conversation(
        messages,
        # Instructions between the turns have no place of their own in the neutral form.
        system=(*system, *turns.instructions),
        tools=tuple(_tool(tool, f"tools[{n}]") for n, tool in _tools(payload) if _is_own(tool)),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_tokens=typed_field(payload, "max_tokens", int),
        temperature=number_field(payload, "temperature"),
        top_p=number_field(payload, "top_p"),
        top_k=typed_field(payload, "top_k", int),
        stop=_stop(payload.get("stop_sequences")),
        format=_format(payload),
        reasoning=read_reasoning(payload),
        user=_user(payload),
        dialect=NAME,
        extras=_extras(payload),
        hints={name: payload[name] for name in asides},
        asides=asides,
        unread=(*turns.unread, *_vendors_tools(payload)),
    )


# Tools.


def _tools(payload: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    tools = list_field(payload, "tools")
    for number, tool in enumerate(tools):
        if not isinstance(tool, dict):
            raise RequestError(f"tools[{number}] is {kind_of(tool)}; allowed: a mapping")
    return list(enumerate(tools))


def _is_own(tool: Mapping[str, Any]) -> bool:
    """True for a tool that the caller runs; the vendor's have types of their own."""
    return tool.get("type") in (None, "custom")


def _tool(tool: Mapping[str, Any], where: str) -> Tool:
    strict = tool.get("strict")
    return Tool(
        required(tool, "name", where),
        wire.string(tool.get("description")),
        wire.mapping(tool.get("input_schema")),
        strict if isinstance(strict, bool) else None,
        is_cached(tool),
        where,
    )


def _vendors_tools(payload: Mapping[str, Any]) -> Iterator[Loss]:
    """The losses of the tools that the vendor runs, and of servers that it asks."""
    for number, tool in _tools(payload):
        if not _is_own(tool):
            yield vendor_tool(number, str(tool.get("type")))


def _tool_choice(choice: Any) -> tuple[ToolChoice | None, bool | None]:
    """Which tools, and whether several at once."""
    if choice is None:
        return None, None
    kind = wire.string(wire.mapping(choice).get("type"))
    if kind not in _MODES:
        raise RequestError(f"'tool_choice' has type {kind!r}; allowed: {', '.join(_MODES)}")
    name = required(choice, "name", "tool_choice") if kind == "tool" else None
    alone = choice.get("disable_parallel_tool_use")
    return ToolChoice(_MODES[kind], name), not alone if isinstance(alone, bool) else None


# The rest.


def _stop(sequences: Any) -> tuple[str, ...]:
    if sequences is None:
        return ()
    if isinstance(sequences, list | tuple) and all(isinstance(text, str) for text in sequences):
        return tuple(sequences)
    raise RequestError("'stop_sequences' is no list of strings; allowed: such as ['END']")


def _format(payload: Mapping[str, Any]) -> JsonFormat | None:
    """The schema of the answer; before 2026 it stood in ``output_format``."""
    config = wire.mapping(payload.get("output_config"))
    asked = wire.mapping(config.get("format") or payload.get("output_format"))
    schema = asked.get("schema")
    is_schema = asked.get("type") == "json_schema" and isinstance(schema, dict)
    return JsonFormat(schema) if is_schema else None


def _user(payload: Mapping[str, Any]) -> str | None:
    user = wire.mapping(payload.get("metadata")).get("user_id")
    return user if isinstance(user, str) else None


def _extras(payload: Mapping[str, Any]) -> dict[str, Any]:
    extras = {
        name: value
        for name, value in payload.items()
        if name not in _READ | _HINTS and value is not None
    }
    vendors = [tool for _, tool in _tools(payload) if not _is_own(tool)]
    config = wire.mapping(payload.get("output_config"))
    rest = {name: config[name] for name in config if name not in ("effort", "format")}
    thinking = wire.mapping(payload.get("thinking"))
    unsayable = thinking if thinking and thinking.get("type") not in KINDS else None
    known = {"tools": vendors, "output_config": rest, "thinking": unsayable}
    return extras | {name: value for name, value in known.items() if value}
