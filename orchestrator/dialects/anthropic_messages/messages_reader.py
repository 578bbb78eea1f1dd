"""Turns and their blocks, read into the neutral form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.answer import read_thinking
from orchestrator.dialects.anthropic_messages.vocabulary import NAME
from orchestrator.dialects.files import PDF, of_text
from orchestrator.dialects.loss import Loss, said
from orchestrator.dialects.neutral import (
    File,
    Image,
    Message,
    Part,
    Role,
    Text,
    ToolResult,
    ToolUse,
)
from orchestrator.dialects.request_fields import RequestError, kind_of

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


class MessagesReading:
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
