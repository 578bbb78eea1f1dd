"""Messages of this dialect, gathered into turns.

Tool results are messages of their own here; in the neutral form they stand in the
user's turn, before what the user says in the same turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from orchestrator.dialects.encoding import json_body
from orchestrator.dialects.files import given_file, sound
from orchestrator.dialects.loss import Loss, Weight, said
from orchestrator.dialects.neutral import (
    File,
    Image,
    Message,
    Part,
    Role,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from orchestrator.dialects.openai_chat.names import (
    CACHE,
    KEEPER,
    NAME,
    OPENAI_CACHE,
    THOUGHT_FIELDS,
)
from orchestrator.dialects.request_fields import RequestError, kind_of
from orchestrator.dialects.wire import arguments, mapping, mappings, string

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_DATA, _BASE64 = "data:", ";base64"


@attrs.define
class MessagesReader:
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
    kind, mark, data = url.removeprefix(_DATA).partition(_BASE64 + ",")
    if url.startswith(_DATA) and mark:
        return Image(media_type=kind or None, data=data, detail=detail, cache=cache, place=place)
    return Image(url=url, detail=detail, cache=cache, place=place)


def thoughts(message: Mapping[str, Any]) -> list[Thinking]:
    """What the model thought, signed by its vendor where OpenRouter passes that on."""
    details = mappings(message.get("reasoning_details"))
    if details:
        return [_signed(detail) for detail in details]
    text = thought_of(message)
    return [Thinking(text, dialect=NAME)] if text else []


def thought_of(message: Mapping[str, Any]) -> str:
    """The words of the thoughts in a message or delta.

    Mistral puts them into parts of the content:
    https://docs.mistral.ai/capabilities/reasoning (2026-11-21).
    """
    for field in THOUGHT_FIELDS:
        if text := string(message.get(field)):
            return text
    parts = (part.get("thinking") for part in mappings(message.get("content")))
    return "".join(string(one.get("text")) for part in parts for one in mappings(part))


def _signed(detail: Mapping[str, Any]) -> Thinking:
    """A detail whole: only its own words are accepted when it is handed back."""
    text = string(detail.get("text")) or string(detail.get("summary"))
    return Thinking(text, msgspec.json.encode(detail).decode(), NAME, redacted=not text)


def tool_use(call: Mapping[str, Any]) -> ToolUse:
    """A tool call. Google hands its signature along in a field of its own.

    https://ai.google.dev/gemini-api/docs/thought-signatures (2026-11-21).
    """
    function = function_of(call)
    return ToolUse(
        string(call.get("id")),
        string(function.get("name")),
        arguments_of(function),
        signature=signature_of(call),
    )


def _sayable(call: dict[str, Any]) -> dict[str, Any]:
    """``call``, whose arguments a caller may give as an object.

    Raises:
        RequestError: JSON cannot say them.
    """
    json_body({"arguments": mapping(call.get("function")).get("arguments")})
    return call


def function_of(call: Mapping[str, Any]) -> dict[str, Any]:
    """What is called: a function, or a tool of the caller's own that takes free text."""
    return mapping(call.get("function")) or mapping(call.get("custom"))


def arguments_of(function: Mapping[str, Any]) -> str:
    """The arguments as text; empty where there are none."""
    return arguments(function.get("arguments", function.get("input")))


def signature_of(call: Mapping[str, Any]) -> str | None:
    """Google's proof that its model made the call."""
    google = mapping(mapping(call.get("extra_content")).get("google"))
    return string(google.get("thought_signature")) or None
