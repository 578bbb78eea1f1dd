"""The neutral form: what any dialect says, said once, so that a chain may cross vendors.

A request in one dialect is read into a :class:`Conversation` and written in another; an
answer is read into a :class:`NeutralAnswer`, a stream into :data:`Delta` values, and written
back in the dialect of the caller. Same dialect in and out is never converted.

A field that only one dialect knows stays in ``extras`` under that dialect's own name and
is written back only there; what a target cannot express is named by the dialect's
``losses`` before anything is sent, never lost in silence. A ``place`` says where in the
caller's request a part stands (``messages[2].content[1] image_url``), for people to read; it
makes no difference between two parts.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.loss import Loss


class Role(enum.StrEnum):
    """Who speaks. System prompts are a field of the conversation, not a role."""

    USER = "user"
    ASSISTANT = "assistant"


@attrs.frozen
class Text:
    """Words.

    Attributes:
        text: The words.
        cache: True where the caller marks the end of a prefix to cache.
    """

    text: str
    cache: bool = False


@attrs.frozen
class Image:
    """A picture, by address or by value.

    Attributes:
        url: The address, where the picture is given by one.
        media_type: ``image/png`` and the like, where it is given by value.
        data: The picture in base64, where it is given by value.
        detail: ``low``, ``high`` or ``auto``, where the caller says so.
        cache: True where the caller marks the end of a prefix to cache.
        place: Where it stands in the caller's request.
    """

    url: str | None = None
    media_type: str | None = None
    data: str | None = None
    detail: str | None = None
    cache: bool = False
    place: str = attrs.field(default="", eq=False)


@attrs.frozen
class File:
    """A document, a sound or a film: by value, by address, or by the id it is kept under.

    Attributes:
        media_type: ``application/pdf``, ``audio/wav`` and the like; ``None`` where nobody says.
        data: The content in base64, where it is given by value.
        url: The address, where it is given by one that anybody may open.
        id: The id under which a vendor keeps it.
        keeper: Who keeps it: nobody else can open the id.
        name: The name of the file; empty where it has none.
        cache: True where the caller marks the end of a prefix to cache.
        place: Where it stands in the caller's request.
    """

    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    id: str | None = None
    keeper: str = ""
    name: str = ""
    cache: bool = False
    place: str = attrs.field(default="", eq=False)

    def is_of(self, *kinds: str) -> bool:
        """True for a file of these kinds, such as ``audio``."""
        return (self.media_type or "").partition("/")[0] in kinds


@attrs.frozen
class Thinking:
    """What a model thought, to be handed back to the vendor that wrote it.

    Attributes:
        text: The thoughts, or their summary; empty where they are hidden.
        signature: The vendor's proof that it wrote them, or its encrypted form.
        dialect: The dialect whose vendor wrote it; nobody else accepts the signature.
        redacted: True where ``signature`` is all there is.
    """

    text: str
    signature: str | None = None
    dialect: str = ""
    redacted: bool = False


@attrs.frozen
class ToolUse:
    """A model's call of a tool; ``arguments`` is JSON text, as the model wrote it."""

    id: str
    name: str
    arguments: str
    cache: bool = False
    signature: str | None = None


@attrs.frozen
class ToolResult:
    """What a tool gave, for the call of that id."""

    id: str
    parts: tuple[Text | Image | File, ...]
    error: bool = False
    cache: bool = False
    name: str = ""


Part = Text | Image | File | Thinking | ToolUse | ToolResult


@attrs.frozen
class Message:
    """One turn: the user's (words, pictures, files, tool results) or the assistant's."""

    role: Role
    parts: tuple[Part, ...]


@attrs.frozen
class Tool:
    """A tool that the model may call; ``parameters`` is its JSON schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = attrs.field(factory=dict)
    strict: bool | None = None
    cache: bool = False
    place: str = attrs.field(default="", eq=False)


class ToolMode(enum.StrEnum):
    """Whether tools are called."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


@attrs.frozen
class ToolChoice:
    """Whether tools are called; ``name`` demands one tool (with ``REQUIRED``)."""

    mode: ToolMode = ToolMode.AUTO
    name: str | None = None


@attrs.frozen
class JsonFormat:
    """The answer must be JSON; with ``schema``, JSON of that schema."""

    schema: Mapping[str, Any] | None = None
    name: str = "answer"
    strict: bool | None = None


@attrs.frozen
class Reasoning:
    """How much the model should think.

    Attributes:
        effort: ``none``, ``minimal``, ``low``, ``medium``, ``high``, ``xhigh``.
        tokens: A budget in tokens.
        shown: True where the caller wants to read the thoughts or their summary.
    """

    effort: str | None = None
    tokens: int | None = None
    shown: bool | None = None


@attrs.frozen
class Conversation:
    """A request. ``None`` everywhere means that the caller did not say.

    Attributes:
        verbosity: How much to say: ``low``, ``medium``, ``high``.
        dialect: The dialect in which it was asked.
        extras: Fields that only that dialect knows and that change the answer: for every
            other dialect each is a loss.
        hints: Fields that only that dialect knows and whose loss leaves the answer as it
            is: what to store, cache, bill or report.
        asides: Those hints that the caller gave as fields of the request: a dialect that has
            no word for one says that it left it out.
        unread: What the neutral form has no place for, with where it stands.
    """

    messages: tuple[Message, ...]
    system: tuple[Text, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    choices: int | None = None
    format: JsonFormat | None = None
    reasoning: Reasoning | None = None
    user: str | None = None
    verbosity: str | None = None
    dialect: str = ""
    extras: Mapping[str, Any] = attrs.field(factory=dict)
    hints: Mapping[str, Any] = attrs.field(factory=dict)
    asides: tuple[str, ...] = attrs.field(default=(), eq=False)
    unread: tuple[Loss, ...] = attrs.field(default=(), eq=False)


@attrs.frozen
class NeutralAnswer:
    """A whole answer: its parts in order, and why the model stopped.

    ``finish_reason`` is in chat-completions words: ``stop``, ``length``,
    ``tool_calls``, ``content_filter``.
    """

    parts: tuple[Text | Thinking | ToolUse, ...]
    finish_reason: str | None
    usage: Usage = attrs.field(factory=Usage)
    id: str = ""
    model: str = ""


class Heading(msgspec.Struct, frozen=True):  # attrs takes five times as long to make one
    """What an answer is told with where its provider left it out.

    Attributes:
        id: Its id, without the prefix that a dialect gives its own.
        model: The model's name.
        created: When it was made, in whole seconds since the epoch; 0 where nobody knows.
        asked: The request in the dialect in which the answer is told, which some repeat.
        after: The bytes of the event of another writer after which a stream goes on; empty at
            its beginning.
    """

    id: str = "0"
    model: str = ""
    created: int = 0
    asked: Mapping[str, Any] = {}
    after: bytes = b""


UNTITLED = Heading()
"""The heading where nobody knows better."""

# A stream.


@attrs.frozen
class StreamStart:
    """The provider began to answer; no content."""

    id: str = ""
    model: str = ""


class TextDelta(msgspec.Struct, frozen=True):  # attrs takes five times as long to make one
    """More words."""

    text: str


@attrs.frozen
class ThinkingDelta:
    """More thoughts, or the signature at their end.

    ``dialect`` is that of the vendor who signed: nobody else accepts the signature. ``apart``
    is true for a signature that stands beside the thoughts, text and all, not at their end.
    """

    text: str = ""
    signature: str | None = None
    redacted: bool = False
    dialect: str = ""
    apart: bool = attrs.field(default=False, eq=False)


@attrs.frozen
class ToolCallDelta:
    """The beginning of a tool call (``id`` and ``name``) or more of its arguments.

    ``index`` counts the tool calls of the answer from 0, in the order of their beginning.
    ``signature`` comes with the beginning, where the vendor signs calls (see
    :class:`ToolUse`).
    """

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    signature: str | None = None


@attrs.frozen
class FinishReason:
    """The finish reason, in chat-completions words."""

    finish_reason: str


class UsageDelta(msgspec.Struct, frozen=True):
    """Usage so far; the last one is the whole."""

    usage: Usage


@attrs.frozen
class EndMark:
    """The dialect's end mark."""


@attrs.frozen
class StreamError:
    """The provider reports an error inside the stream.

    ``body`` is what classification looks at: decoded JSON, or text.
    """

    body: Any


@attrs.frozen
class Unreadable:
    """An event that makes no sense; skipped where the stream is sound without it."""

    data: str


Delta = (
    StreamStart
    | TextDelta
    | ThinkingDelta
    | ToolCallDelta
    | FinishReason
    | UsageDelta
    | EndMark
    | StreamError
    | Unreadable
)


def is_content(delta: Delta) -> bool:
    """True where a caller who got ``delta`` has got something of the answer.

    Beginnings, pings, comments and empty deltas are not: after them everything can still
    be recovered without the caller seeing it.
    """
    match delta:
        case TextDelta():
            return bool(delta.text)
        case ThinkingDelta():
            return bool(delta.text or delta.signature)
        case ToolCallDelta():
            return bool(delta.name)  # nobody can be given a call that has none
        case _:
            return False


class StreamEvent(msgspec.Struct, frozen=True):
    """One event of a stream: the bytes as they came, and what they mean.

    Passing ``raw`` of every event on gives the caller of the same dialect the very stream
    that the provider sent.
    """

    raw: bytes
    deltas: tuple[Delta, ...] = ()
